"""The commands for bugs of ours: bug list, retitle, delete."""

from collections.abc import Sequence

import click

from malonewatch.application import bugs
from malonewatch.application.facts import BugFacts, now
from malonewatch.cli.options import (
    Number,
    Settings,
    confirmed,
    database_options,
    json_option,
    yes_option,
)
from malonewatch.cli.output import say, show_json, show_json_pages
from malonewatch.cli.tables import Table
from malonewatch.cli.text import ago, count_of
from malonewatch.exitcodes import EXIT_INTERRUPTED
from malonewatch.interfaces import BadInput


@click.group()
@database_options
def bug() -> None:
    """Bugs of ours, which the watched ones elsewhere belong to."""


@bug.command("list")
@click.option("--limit", type=Number(), metavar="N", help="The first N of them.")
@json_option
@database_options
@click.pass_obj
def list_command(settings: Settings, limit: int | None, as_json: bool) -> None:
    """List the bugs by number, with how many of their watches are open, closed, failing."""
    with settings.open(read_only=True) as database:
        pages = bugs.list_bugs(database, limit)
        if as_json:
            show_json_pages(pages)
            return
        moment = now()
        table = Table(
            ("Bug", "Title", "Watches", "Open", "Closed", "Failing", "Made"), wrapped=("Title",)
        )
        empty = True
        for page in pages:
            table.show(
                [
                    (
                        *(str(facts.id), _titled(facts), str(facts.watches)),
                        *(str(facts.open), str(facts.closed), str(facts.failing)),
                        ago(facts.datecreated, moment),
                    )
                    for facts in page
                ]
            )
            empty = False
    if empty:
        say("There are no bugs.")


@bug.command()
@click.argument("bug_id", metavar="ID", type=Number())
@click.argument("title", metavar="TITLE")
@database_options
@click.pass_obj
def retitle(settings: Settings, bug_id: int, title: str) -> None:
    """Give a bug another title."""
    with settings.open() as database:
        before, after = bugs.retitle(database, bug_id, title)
    if before.title == after.title:
        say(f"Bug {bug_id} has that title already.")
    elif before.title:
        say(f"Bug {bug_id} was '{before.title}' and is '{after.title}' now.")
    else:
        say(f"Bug {bug_id} is '{after.title}' now.")


@bug.command()
@click.argument("bug_id", metavar="ID", type=Number())
@click.option(
    "--private/--public",
    default=None,
    help="Whether its titles are for those only who may see private bugs, or for everybody.",
)
@json_option
@database_options
@click.pass_obj
def edit(settings: Settings, bug_id: int, private: bool | None, as_json: bool) -> None:
    """Make a bug private, or public again.

    At the desk, the title of a private bug, and those of the remote bugs that
    are watched for it, are shown to managers and administrators, and to whoever
    is told of the bug by e-mail.
    """
    if private is None:
        raise BadInput("Say with --private or --public which of it the bug is to be.")
    with settings.open() as database:
        before, after = bugs.set_private(database, bug_id, private)
    if as_json:
        show_json(after)
        return
    what = "private" if private else "public"
    already = before.private == after.private
    say(f"Bug {bug_id} is {what} already." if already else f"Bug {bug_id} is {what} now.")


@bug.command()
@click.argument("bug_ids", metavar="ID...", type=Number(), nargs=-1, required=True)
@yes_option
@database_options
@click.pass_obj
def delete(settings: Settings, bug_ids: Sequence[int], yes: bool) -> int:
    """Forget bugs, with their watches and the history of these."""
    with settings.open() as database:
        found = bugs.find(database, bug_ids)
        watches = count_of(sum(facts.watches for facts in found), "watch", "watches")
        names = f"bug {_named(found[0])}" if len(found) == 1 else f"{len(found)} bugs"
        if not confirmed(f"Forget {names}, and {watches}?", yes):
            say("Nothing was changed.")
            return EXIT_INTERRUPTED
        bugs.delete(database, [facts.id for facts in found])
    for facts in found:
        say(f"Forgot bug {_named(facts)} and {count_of(facts.watches, 'watch', 'watches')}.")
    return 0


def _titled(facts: BugFacts) -> str:
    return f"{facts.title or '-'}{' (private)' if facts.private else ''}"


def _named(facts: BugFacts) -> str:
    return f"{facts.id} '{facts.title}'" if facts.title else str(facts.id)
