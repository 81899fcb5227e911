"""The command check: ask now, and say what was asked and what came back."""

from collections.abc import Iterator, Sequence

import click

from malonewatch.application.asking import Answered, Check, find_targets
from malonewatch.application.asking import check as ask
from malonewatch.application.facts import WatchFacts
from malonewatch.cleaning import clean
from malonewatch.cli.options import Settings, database_options
from malonewatch.cli.output import say
from malonewatch.cli.progress import progress_bar
from malonewatch.exitcodes import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_LOCKED, EXIT_TROUBLE
from malonewatch.interfaces import BugTrackerTrouble, Exchange

#: How much of a URL is shown.
LONGEST_URL = 200


@click.command()
@click.argument("what", metavar="WATCH-OR-TRACKER...", nargs=-1, required=True)
@click.option("-t", "--tracker", "are_trackers", is_flag=True, help="It is a bug tracker's name.")
@database_options
@click.pass_obj
def check(settings: Settings, what: Sequence[str], are_trackers: bool) -> int:
    """Ask now how remote bugs are, whether or not it is time to.

    Give the number of a watch or the URL of its remote bug to have this one
    asked for, or the name or base URL of a bug tracker for all its watches.
    """
    codes = []
    with settings.open() as database:
        for target in find_targets(database, what, are_trackers):
            if not target.watches:
                say(f"{target.title} has no watches; there is nothing to ask for.")
                continue
            count = len(target.remotebugs)
            bugs = f"bug {target.remotebugs[0]}" if count == 1 else f"{count} bugs"
            say(f"Asking {target.title} ({target.baseurl}) for {bugs}.")
            with progress_bar("Watches") as progress:
                result = ask(database, target, progress)
            codes.append(_say_result(result))
            if result.checked.interrupted:
                break
    # The larger, the worse.
    return max(codes, default=0)


def _say_result(check: Check) -> int:
    """Say what came of it; the exit code."""
    target, checked = check.target, check.checked
    for exchange in checked.exchanges:
        say(f"  {_asked(exchange)}")
    for answered in check.answered:
        _say_outcome(answered)
    if checked.claim is not None:
        until = checked.claim.until.strftime("%H:%M:%S UTC")
        say(
            f"Nothing was asked: {checked.claim.holder} is at work on {checked.claim.origin}, "
            f"until {until} if not longer; try again later.",
            color="red",
        )
        return EXIT_LOCKED
    if checked.trouble is not None:
        _say_trouble(checked.trouble)
    applied = checked.applied
    changed = sum(not change.held for change in applied.changes)
    say(
        f"{len(check.answered)} of {len(target.watches)} watches checked: {changed} changed, "
        f"{applied.failed} failed{f', {applied.held} held' if applied.held else ''}."
    )
    if checked.faults:
        return EXIT_FAULT
    if checked.interrupted:
        say("Interrupted; what was answered before is saved.")
        return EXIT_INTERRUPTED
    return 0 if checked.trouble is None else EXIT_TROUBLE


def _asked(exchange: Exchange) -> str:
    request = f"{exchange.method} {clean(exchange.url, LONGEST_URL)}"
    if exchange.status is None:
        return f"{request} -> {exchange.error} ({exchange.seconds:.2f} s)"
    return (
        f"{request} -> HTTP status {exchange.status}, {exchange.size} bytes, "
        f"{exchange.seconds:.2f} s"
    )


def _say_outcome(answered: Answered) -> None:
    after = answered.after
    line = f"Watch {after.id} ({after.remote} for bug {after.bug}): "
    if after.last_error_type is not None:
        say(f"{line}{after.last_error_type.title}. {after.last_error}", color="red")
        say(f"  What to do: {after.help}")
        return
    say(line + after.meaning)
    for name, old, new in _changes(answered.before, after):
        say(f"  {name}: {old} -> {new}", color="yellow")


def _changes(before: WatchFacts, after: WatchFacts) -> Iterator[tuple[str, str, str]]:
    """(what, old, new) for all that is another now."""
    for name, old, new in (
        ("Status", before.meaning, after.meaning),
        ("Importance", _importance(before), _importance(after)),
        ("Title", before.remote_title, after.remote_title),
        ("Fixed in", before.fixed_in, after.fixed_in),
        ("Duplicate of", before.duplicate_of, after.duplicate_of),
        ("Moved to", before.moved_to, after.moved_to),
    ):
        if old != new:
            yield name, old or "none", new or "none"


def _importance(watch: WatchFacts) -> str:
    if not watch.remote_importance:
        return ""
    return f"{watch.remote_importance} ({watch.importance.title})"


def _say_trouble(trouble: BugTrackerTrouble) -> None:
    say(f"{trouble.error_type.title}: {trouble}", color="red")
    say(f"  What to do: {trouble.error_type.help}")
