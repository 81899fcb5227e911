"""The bug trackers: how each is doing, and what people say of them."""

from typing import Any

from malonewatch.application import trackers, words
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import BadInput, BugTaskImportance, BugTaskStatus, IBugTracker
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.forms import choice, number, text
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import Trackers
from malonewatch.web.security import MANAGE_TRACKERS
from malonewatch.web.strips import strip_of
from malonewatch.wording import count_of

#: How far back the counters of a bug tracker are shown.
_DAYS = 365


@page(Trackers, "trackers")
def listed(context: Trackers, request: Any) -> dict[str, Any]:
    """All bug trackers, those with the most watches first."""
    found = trackers.list_trackers(RequestDatabase())
    found.sort(key=lambda tracker: -tracker.watches)
    return shown(request, "Bug trackers", trackers=found)


@page(IBugTracker, "tracker")
def one(context: Any, request: Any) -> dict[str, Any]:
    """All that is known of a bug tracker."""
    details = trackers.show(RequestDatabase(), context.thing.name, _DAYS)
    _, mappings = words.list_mappings(RequestDatabase(), context.thing.name)
    made = shown(
        request,
        details.facts.title,
        details=details,
        tracker=details.facts,
        mappings=mappings,
        statuses=list(BugTaskStatus),
    )
    made["strip"] = strip_of(details.counters, made["page"].now.date(), _DAYS)
    return made


@action(Trackers, "add", MANAGE_TRACKERS)
def add(context: Trackers, request: Any) -> Any:
    """Register a bug tracker at its URL, or that of a bug there; its server may be asked."""
    with detached(request) as database:
        facts, _ = trackers.add(database, text(request.POST, "url"))
    told = f"{facts.name}, of type {facts.bugtrackertype}, is registered at {facts.baseurl}."
    return done(request, [told], "trackers", facts.name)


@action(IBugTracker, "edit", MANAGE_TRACKERS)
def edit(context: Any, request: Any) -> Any:
    """Change what is said of a bug tracker, and how it is asked."""
    fields = request.POST
    gap, concurrency = text(fields, "gap"), number(fields, "concurrency")
    changes = TrackerChanges(
        title=text(fields, "title"),
        summary=text(fields, "summary"),
        contactdetails=text(fields, "contactdetails"),
        active="active" in fields,
        follows="follows" in fields,
        concurrency=concurrency,
        gap=_seconds(gap) if gap else None,
        no_politeness=True,
    )
    _, after = trackers.edit(RequestDatabase(), context.thing.name, changes)
    return done(request, [f"{after.name} is changed."], "trackers", after.name)


def _seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadInput(f"{value[:40]!r} is no number of seconds.") from None


@action(IBugTracker, "accept", MANAGE_TRACKERS)
def accept(context: Any, request: Any) -> Any:
    """Apply the changes that are held as too many at once."""
    facts, held = trackers.accept_changes(RequestDatabase(), context.thing.name)
    told = f"Applied {count_of(len(held), 'change')} of {facts.name}."
    return done(request, [told], "trackers", facts.name)


@action(IBugTracker, "approve", MANAGE_TRACKERS)
def approve(context: Any, request: Any) -> Any:
    """Take a bug tracker that was guessed from a text for one that was registered on purpose."""
    facts, _ = trackers.add(RequestDatabase(), context.thing.baseurl)
    return done(request, [f"{facts.name} is not marked as guessed any more."], "needs")


@action(IBugTracker, "map", MANAGE_TRACKERS)
def map_word(context: Any, request: Any) -> Any:
    """Say what a remote status, or importance, means; or no more what it does."""
    fields = request.POST
    is_importance = "importance" in fields
    meaning: words.Meaning | None = None
    if text(fields, "meaning"):
        kind: Any = BugTaskImportance if is_importance else BugTaskStatus
        meaning = choice(fields, "meaning", kind)
    word = text(fields, "word")
    reread = words.map_word(RequestDatabase(), context.thing.name, word, meaning, is_importance)
    count = count_of(len(reread.changes), "watch means", "watches mean")
    told = f"{word!r} of {reread.tracker} is " + (
        "left to its type" if meaning is None else f"mapped to {meaning.title}"
    )
    return done(request, [f"{told}; {count} another thing now."], "trackers", reread.tracker)
