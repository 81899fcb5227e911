"""The command check: ask now, and say what was asked and what came back."""

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from zope.component import getUtility

from malonewatch.cli.facts import WatchFacts
from malonewatch.cli.options import Settings, database_option, now
from malonewatch.cli.output import say
from malonewatch.cli.references import (
    check_url,
    find_watches,
    is_number,
    is_url,
    oldest_first,
    watch_by_number,
    watches_on,
)
from malonewatch.exitcodes import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_TROUBLE
from malonewatch.interfaces import (
    BadInput,
    BugTrackerTrouble,
    Exchange,
    IBugWatchSet,
    NotFoundError,
    UnrecognizedBugTrackerURL,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What is to be asked for: remote bugs of one bug tracker, and the watches on them."""

    name: str
    title: str
    baseurl: str
    remotebugs: Sequence[str]
    watches: Sequence[WatchFacts]


@click.command()
@click.argument("what", metavar="WATCH-OR-TRACKER")
@click.option("-t", "--tracker", "is_tracker", is_flag=True, help="It is a bug tracker's name.")
@database_option
@click.pass_obj
def check(settings: Settings, what: str, is_tracker: bool) -> int:
    """Ask now how remote bugs are, whether or not it is time to.

    Give the number of a watch or the URL of its remote bug to have this one
    asked for, or the name or base URL of a bug tracker for all its watches.
    """
    with settings.open() as database:
        target = database.read(lambda trackers: _find(trackers, what, is_tracker))
        if not target.watches:
            say(f"{target.title} has no watches; there is nothing to ask for.")
            return 0
        count = len(target.remotebugs)
        bugs = f"bug {target.remotebugs[0]}" if count == 1 else f"{count} bugs"
        say(f"Asking {target.title} ({target.baseurl}) for {bugs}.")
        started = now().replace(microsecond=0)
        # Only now: it takes its time to import.
        from malonewatch.checkwatches import Run

        with _tracebacks():
            run = Run(database, keep_details=True)
            report = run.update_only(target.name, target.remotebugs)
        after = database.read(lambda trackers: _watches_again(trackers, target))
    for exchange in report.exchanges:
        say(f"  {_asked(exchange)}")
    trouble = report.troubled.get(target.name)
    answered = [watch for watch in after if _is_answered(watch, started, trouble)]
    before = {watch.id: watch for watch in target.watches}
    for watch in answered:
        _say_outcome(before.get(watch.id, watch), watch)
    if trouble is not None:
        _say_trouble(trouble)
    say(
        f"{len(answered)} of {len(target.watches)} watches checked: {report.changed} changed, "
        f"{report.applied.failed} failed."
    )
    if report.faults:
        return EXIT_FAULT
    if report.interrupted:
        say("Interrupted; what was answered before is saved.")
        return EXIT_INTERRUPTED
    return 0 if trouble is None else EXIT_TROUBLE


def _find(trackers: Any, what: str, is_tracker: bool) -> Target:
    """What a person means.  Runs in a transaction."""
    if is_tracker:
        return _target(trackers[what])
    if is_number(what):
        found = None
        try:
            found = watch_by_number(what)
        except NotFoundError:
            if what not in trackers:
                raise
            return _target(trackers[what])
        if what in trackers:
            raise BadInput(
                f"There is a watch {what} and a bug tracker named {what!r}; give the URL of the "
                "remote bug for the one, or --tracker for the other."
            )
        return _target(found.bugtracker, found.remotebug)
    if is_url(what):
        try:
            watch = find_watches(what)[0]
        except UnrecognizedBugTrackerURL:
            found = trackers.getByBaseURL(check_url(what))
            if found is None:
                raise
            return _target(found)
        return _target(watch.bugtracker, watch.remotebug)
    if what not in trackers:
        raise NotFoundError(f"There is neither a watch nor a bug tracker called {what!r}.")
    return _target(trackers[what])


def _target(tracker: Any, remotebug: str | None = None) -> Target:
    if not tracker.active:
        raise BadInput(
            f"{tracker.title} is inactive, so it is not asked; "
            f"'malonewatch tracker enable {tracker.name}' changes that."
        )
    watches = oldest_first(tracker.watches) if remotebug is None else watches_on(tracker, remotebug)
    facts = [WatchFacts.of(watch) for watch in watches]
    remotebugs = list(dict.fromkeys(watch.remotebug for watch in facts))
    return Target(tracker.name, tracker.title, tracker.baseurl, remotebugs, facts)


def _watches_again(trackers: Any, target: Target) -> list[WatchFacts]:
    """The same watches afterwards, but for those that were removed meanwhile."""
    watches = getUtility(IBugWatchSet)
    found = []
    for watch in target.watches:
        try:
            found.append(WatchFacts.of(watches.get(watch.id)))
        except NotFoundError:
            continue
    return found


def _is_answered(watch: WatchFacts, started: datetime, trouble: BugTrackerTrouble | None) -> bool:
    """Whether the bug tracker said something of the remote bug, be it only that there is none."""
    if trouble is not None and watch.last_error_type is trouble.error_type:
        return False
    return watch.lastchecked is not None and watch.lastchecked >= started


def _asked(exchange: Exchange) -> str:
    request = f"{exchange.method} {exchange.url}"
    if exchange.status is None:
        return f"{request} -> {exchange.error} ({exchange.seconds:.2f} s)"
    return (
        f"{request} -> HTTP status {exchange.status}, {exchange.size} bytes, "
        f"{exchange.seconds:.2f} s"
    )


def _say_outcome(before: WatchFacts, after: WatchFacts) -> None:
    line = f"Watch {after.id} ({after.remote} for bug {after.bug}): "
    if after.last_error_type is not None:
        say(f"{line}{after.last_error_type.title}. {after.last_error}", color="red")
        say(f"  What to do: {after.help}")
        return
    say(line + after.meaning)
    for name, old, new in _changes(before, after):
        say(f"  {name}: {old} -> {new}", color="yellow")


def _changes(before: WatchFacts, after: WatchFacts) -> Iterator[tuple[str, str, str]]:
    """(what, old, new) for all that is another now."""
    for name, old, new in (
        ("Status", before.meaning, after.meaning),
        ("Importance", _importance(before), _importance(after)),
        ("Title", before.remote_title, after.remote_title),
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


@contextmanager
def _tracebacks() -> Iterator[None]:
    """Log the tracebacks of malonewatch's own faults; what else happens is said anyway."""
    from malonewatch.checkwatches.logs import set_up

    handler = set_up("text", -1)
    handler.addFilter(logging.Filter("malonewatch"))
    handler.addFilter(lambda record: record.exc_info is not None)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
