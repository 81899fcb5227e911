"""The bug trackers: how each is doing, and what people say of them."""

from typing import Any

from malonewatch.application import trackers, words
from malonewatch.application.explaining.upcoming import of_tracker
from malonewatch.application.facts import now
from malonewatch.application.hooks import state_of
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import BadInput, BugTaskImportance, BugTaskStatus, IBugTracker
from malonewatch.web import ROUTE
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.forms import choice, number, text, whole_number
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import Trackers
from malonewatch.web.security import MANAGE_TRACKERS
from malonewatch.web.strips import requests_a_day, strip_of
from malonewatch.wording import age_of, count_of, quota_left

#: How many are on a page, and how many of those with the most watches are named.
_PAGE, _TOP = 50, 10

#: How far back the counters of a bug tracker are shown as a strip, and one by one; and of how
#: many days the average is.
_DAYS, _SHOWN_DAYS, _MEAN_DAYS = 365, 14, 7

#: Of how many watches that are due, or of which something is held, it is told.
_MOST = 100


@page(Trackers, "trackers")
def listed(context: Trackers, request: Any) -> dict[str, Any]:
    """A page of the bug trackers, by title; before the first one those with the most watches."""
    database = RequestDatabase()
    first = max(whole_number(request.GET.get("from") or "1"), 1)
    found = trackers.list_lines(database, first, _PAGE + 1)
    return shown(
        request,
        "Bug trackers",
        trackers=found[:_PAGE],
        following=first + _PAGE if len(found) > _PAGE else None,
        first=first,
        top=trackers.most_active(database, _TOP) if first == 1 else (),
    )


@page(IBugTracker, "tracker")
def one(context: Any, request: Any) -> dict[str, Any]:
    """All that is known of a bug tracker."""
    details = trackers.show(RequestDatabase(), context.thing.name, _DAYS, _MOST)
    _, mappings = words.list_mappings(RequestDatabase(), context.thing.name)
    moment, origin = now(), details.origin
    return shown(
        request,
        details.facts.title,
        details=details,
        tracker=details.facts,
        mappings=mappings,
        hook=request.route_url(ROUTE, traverse=("hooks", details.facts.name)),
        hook_state=state_of(details.facts, moment),
        statuses=list(BugTaskStatus),
        strip=strip_of(details.counters, moment.date(), _DAYS),
        days=details.counters[:_SHOWN_DAYS],
        requests=requests_a_day(details.counters, moment.date(), _MEAN_DAYS),
        age="" if details.staleness is None else age_of(details.staleness),
        quota="" if origin is None else quota_left(origin.quota, moment),
        upcoming=list(of_tracker(details, moment)),
        is_more_due=details.facts.due >= _MOST,
    )


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
    secrets = text(fields, "hook_secrets").splitlines()
    changes = TrackerChanges(
        title=text(fields, "title"),
        summary=text(fields, "summary"),
        contactdetails=text(fields, "contactdetails"),
        active="active" in fields,
        follows="follows" in fields,
        concurrency=concurrency,
        gap=_seconds(gap) if gap else None,
        no_politeness=True,
        hook_secrets=[line.strip() for line in secrets if line.strip()],
        no_hook_secrets="hook_secrets" in fields,
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
