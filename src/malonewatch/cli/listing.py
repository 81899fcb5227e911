"""The command list."""

from collections.abc import Callable, Sequence
from datetime import datetime

import click

from malonewatch.application.facts import now
from malonewatch.application.listing import Order, Wanted, list_watches
from malonewatch.application.references import shortened
from malonewatch.cli.options import Moment, Number, Settings, database_options, json_option
from malonewatch.cli.output import say, show_json_pages
from malonewatch.cli.showing import WatchTable
from malonewatch.interfaces import BadInput, BugWatchErrorType, folded, meanings_of

#: What --error stands for without a value.
_ANY = "any"


@click.command("list")
@click.argument("search", metavar="[SEARCH]", default="")
@click.option("--bug", "bug_id", type=Number(), metavar="ID", help="Those of this bug of ours.")
@click.option(
    "-t", "--tracker", metavar="NAME", help="Those on this bug tracker, by its name or URL."
)
@click.option(
    "--status",
    "statuses",
    metavar="STATUS",
    multiple=True,
    help="Those that are 'open', 'closed' or 'fixed'; or mean this, such as 'Fix Released'; or "
    "whose remote status is this, or has this word in it.  May be given again for more.",
)
@click.option(
    "--error",
    metavar="[TYPE]",
    is_flag=False,
    flag_value=_ANY,
    help="Those whose last check failed; if need be, with an error such as 'Private bug'.",
)
@click.option(
    "--changed-since",
    type=Moment(),
    metavar="WHEN",
    help="Those whose status became another one since a date (2024-01-31, in UTC) or so long "
    "ago (30m, 12h, 2d, 1w).",
)
@click.option(
    "--title",
    metavar="WORDS",
    help="Those with all these words in the title of the remote bug, or of ours while that is "
    "not known.",
)
@click.option(
    "--sort",
    type=click.Choice([order.value for order in Order]),
    default=Order.NUMBER.value,
    show_default=True,
    help="In which order; 'changed' has the latest change first.",
)
@click.option("--before", is_flag=True, help="Show what the status was before it changed.")
@click.option("--limit", type=Number(), metavar="N", help="The first N of them.")
@json_option
@database_options
@click.pass_obj
def list_command(
    settings: Settings,
    search: str,
    bug_id: int | None,
    tracker: str | None,
    statuses: Sequence[str],
    error: str | None,
    changed_since: Callable[[datetime], datetime] | None,
    title: str | None,
    sort: str,
    before: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the watches; those that a search finds, such as 'open tracker:gtk changed<7d'.

    A search has open, closed, fixed or another meaning, tracker:NAME, bug:NUMBER,
    error:TYPE, changed<7d and words of the title, with quotes around what has blanks in it.
    Closed is what is over or fixed, fixed what is Fix Committed or Fix
    Released, and open all the rest, but for what is Unknown.
    """
    with settings.open(read_only=True) as database:
        wanted = Wanted(
            bug=bug_id,
            tracker=tracker,
            statuses=tuple(statuses),
            errors=None if error is None else _errors(error),
            changed_since=None if changed_since is None else changed_since(now()),
            words=tuple((title or "").split()),
            search=search,
            order=Order(sort),
            limit=limit,
        )
        pages = list_watches(database, wanted)
        if as_json:
            show_json_pages(pages)
            return
        table = WatchTable(before or changed_since is not None or sort == Order.CHANGED.value)
        empty = True
        for page in pages:
            table.show(page)
            empty = False
    if empty and wanted == Wanted(order=Order(sort), limit=limit):
        say("Nothing is watched yet; 'malonewatch watch URL' changes that.")
    elif empty:
        say(f"There are no such watches{_hint(statuses)}.")


def _errors(name: str) -> frozenset[BugWatchErrorType]:
    """The errors that a person means."""
    if name == _ANY:
        return frozenset(BugWatchErrorType)
    for error_type in BugWatchErrorType:
        if folded(name) in (folded(error_type.name), folded(error_type.title)):
            return frozenset({error_type})
    known = ", ".join(error_type.name for error_type in BugWatchErrorType)
    raise BadInput(f"There is no error {shortened(name, 40)!r}; those known are {known}.")


def _hint(statuses: Sequence[str]) -> str:
    """That a status was looked for in the remotes' words, as it may be misspelt."""
    words = [shortened(status, 40) for status in statuses if meanings_of(status) is None]
    if not words:
        return ""
    return f"; {', '.join(map(repr, words))} is no meaning, but may be a bug tracker's own word"
