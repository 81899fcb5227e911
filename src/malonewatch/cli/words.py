"""The commands about types of bug tracker, and what their words mean: tracker types, map, reread,
unknown, check."""

import shlex
from collections.abc import Sequence

import click

from malonewatch.application import types, words
from malonewatch.cli.options import Settings, database_options, json_option
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import Table
from malonewatch.cli.text import count_of
from malonewatch.cli.trackers import change_as_text
from malonewatch.exitcodes import EXIT_TROUBLE
from malonewatch.interfaces import UnknownWord

#: How many changes, and how many words in a sentence, are shown.
_MOST = 20

_NAME = click.argument("what", metavar="NAME")
_NAME_OR_ALL = click.argument("what", metavar="[NAME]", required=False)


@click.command("types")
@json_option
@database_options
@click.pass_obj
def list_types(settings: Settings, as_json: bool) -> None:
    """List the types of bug tracker, and what each can do."""
    with settings.open(read_only=True) as database:
        found = types.list_types(database)
    if as_json:
        show_json(found)
        return
    Table(
        ("Type", "Title", "Dialects", "Can", "Polled"), wrapped=("Title", "Dialects", "Can")
    ).show(
        [
            (
                *(each.name, each.title, ", ".join(each.dialects) or "-"),
                *(", ".join(each.capabilities) or "-", each.polling.value),
            )
            for each in found
        ]
    )


@click.command("map")
@_NAME
@click.argument("word", metavar="[STATUS]", required=False)
@click.argument("meaning", metavar="[MEANING]", required=False)
@click.option("--importance", "is_importance", is_flag=True, help="It is an importance or a label.")
@click.option("--remove", "removes", is_flag=True, help="Say no more what it means.")
@json_option
@database_options
@click.pass_obj
def map_word(
    settings: Settings,
    what: str,
    word: str | None,
    meaning: str | None,
    is_importance: bool,
    removes: bool,
    as_json: bool,
) -> None:
    """Say what a remote status of a bug tracker means; without one, list what was said.

    STATUS is as 'malonewatch list' shows it, such as 'RESOLVED SHELVED', in any
    case; MEANING is one of New, Incomplete, Confirmed, Triaged, In Progress, Fix
    Committed, Fix Released, Invalid, Won't Fix, Expired and Unknown, and of an
    importance one of Undecided, Wishlist, Low, Medium, High, Critical and
    Unknown.  All that is known is read anew, and nothing is asked.
    """
    if word is None:
        if removes or is_importance:
            raise click.UsageError("Say of which word; see --help.")
        _list_mappings(settings, what, as_json)
        return
    if removes is (meaning is not None):
        raise click.UsageError("Say either what it means, or --remove.")
    named = None if meaning is None else words.meaning_named(meaning, is_importance)
    with settings.open() as database:
        reread = words.map_word(database, what, word, named, is_importance)
    if named is None:
        say(f"What {word!r} of {reread.tracker} means is left to its type.")
    else:
        say(f"{word!r} of {reread.tracker} means {named.title}.")
    _say_changes(reread)


def _list_mappings(settings: Settings, what: str, as_json: bool) -> None:
    with settings.open(read_only=True) as database:
        name, (statuses, importances) = words.list_mappings(database, what)
    if as_json:
        show_json({"statuses": dict(statuses), "importances": dict(importances)})
    elif statuses or importances:
        rows = [(word, "status", meaning.title) for word, meaning in statuses]
        rows += [(word, "importance", meaning.title) for word, meaning in importances]
        Table(("Word", "Kind", "Means"), wrapped=("Word",)).show(rows)
    else:
        say(f"No words of {name} are mapped.")


@click.command("reread")
@_NAME_OR_ALL
@database_options
@click.pass_obj
def reread_words(settings: Settings, what: str | None) -> None:
    """Read anew what is known, of one bug tracker or of all.

    After malonewatch was upgraded, and knows better what words mean.  Nothing is
    asked.
    """
    with settings.open() as database:
        found = words.reread_words(database, what)
    for each in found:
        say(f"{each.tracker} was read anew.")
        _say_changes(each)
    if not found:
        say("There are no bug trackers.")


def _say_changes(reread: words.Reread) -> None:
    changes = reread.changes
    for change in changes[:_MOST]:
        say(f"  {change_as_text(change)}")
    if len(changes) > _MOST:
        say(f"  and {len(changes) - _MOST} more")
    count = count_of(len(changes), "watch means", "watches mean")
    say(f"  {count} another thing now." if changes else "  All watches mean what they did.")


@click.command()
@_NAME_OR_ALL
@json_option
@database_options
@click.pass_obj
def unknown(settings: Settings, what: str | None, as_json: bool) -> None:
    """List the remote statuses and importances that no table knows.

    What they mean is not known, or was guessed from the bug tracker's own word
    on whether the bug is open or closed.
    """
    with settings.open(read_only=True) as database:
        found = words.unknown_words(database, what)
    if as_json:
        show_json(found)
    elif found:
        _show_unknown(found)
    else:
        say("It is known what all words mean.")


def _show_unknown(found: Sequence[words.UnknownWords]) -> None:
    Table(("Bug tracker", "Word", "Kind", "Means", "Watches", "Example"), wrapped=("Word",)).show(
        [row for each in found for row in _rows(each)]
    )
    first = found[0]
    is_status = bool(first.statuses)
    word = (first.statuses or first.importances)[0].word
    say()
    say(
        f"'malonewatch tracker map {first.tracker} {shlex.quote(word)} "
        f"MEANING{'' if is_status else ' --importance'}' says what the first one means."
    )


def _rows(found: words.UnknownWords) -> list[tuple[str, ...]]:
    kinds: Sequence[tuple[str, Sequence[UnknownWord]]] = (
        ("status", found.statuses),
        ("importance", found.importances),
    )
    return [
        (
            *(found.tracker, each.word, kind),
            f"{each.meaning.title}{', guessed' if each.guessed else ''}",
            *(str(each.watches), each.example),
        )
        for kind, some in kinds
        for each in some
    ]


@click.command("check")
@_NAME
@json_option
@database_options
@click.pass_obj
def check_vocabulary(settings: Settings, what: str, as_json: bool) -> int:
    """Ask a bug tracker which words it has, and name those that no table knows.

    And those that were mapped, and that it does not have.  Where it does not
    tell, what the watches have shown so far is listed.  (For the bugs
    themselves there is 'malonewatch check', for credentials 'malonewatch
    credentials check'.)
    """
    with settings.open(read_only=True) as database:
        found = words.check_vocabulary(database, what)
    if as_json:
        show_json(found)
    elif found.statuses is None:
        say(found.problem or f"{found.tracker} does not tell its words.", color="yellow")
        if found.known.statuses or found.known.importances:
            _show_unknown([found.known])
        else:
            say("It is known what all words mean that its watches have shown.")
    else:
        _say_check(found)
    return 0 if found.problem is None else EXIT_TROUBLE


def _say_check(found: words.VocabularyCheck) -> None:
    there = count_of(found.statuses or 0, "status", "statuses")
    if found.importances is not None:
        there += f" and {count_of(found.importances, 'importance')}"
    say(f"{found.tracker} has {there}.")
    for some, sentence in (
        (found.unmapped, "It is not known what these statuses mean"),
        (found.unmapped_importances, "It is not known what these importances mean"),
        (found.dead, "These are mapped, and it does not have them"),
    ):
        if some:
            more = f", and {len(some) - _MOST} more" if len(some) > _MOST else ""
            say(f"{sentence}: {', '.join(map(repr, some[:_MOST]))}{more}.", color="yellow")
    if found.unmapped or found.unmapped_importances:
        say(f"'malonewatch tracker map {found.tracker} WORD MEANING' says what one means.")
    else:
        say("It is known what all of them mean.")
