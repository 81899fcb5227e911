"""From what happens to what people are told: called in the transaction of the change."""

from datetime import datetime
from typing import Any

from malonewatch.interfaces import (
    BugWatchErrorType,
    DeliverySettings,
    Happening,
    IBugWatchDuplicateFound,
    IBugWatchGone,
    IBugWatchMoved,
    IBugWatchStatusChanged,
    IOutbox,
    ISubscriptionSet,
    Notice,
)
from malonewatch.model.privacy import is_private
from malonewatch.model.site import query_utility
from malonewatch.model.times import now


def note(event: Any) -> None:
    """Let what happened to a watch wait for those who want to be told of it."""
    watch = event.object
    # It may be a bug tracker; and mostly there is nobody to tell, which is found out fast.
    subscriptions = _subscriptions(getattr(watch, "bugtracker", None))
    is_change = IBugWatchStatusChanged.providedBy(event)
    happening = _happening(event) if subscriptions or not is_change else None
    if happening is None:
        return
    old_status = getattr(event, "old_status", watch.status)
    destinations = (
        subscriptions.subscribersOf(watch, happening, old_status) if subscriptions else set()
    )
    if is_change and not destinations:
        return
    tracker, bug = watch.bugtracker, watch.bug
    outbox = query_utility(tracker, IOutbox)
    if outbox is None:
        return
    notice = Notice(
        0,
        now(),
        happening,
        bug=watch.bug_id,
        bug_title=bug.title or "",
        tracker=tracker.name,
        tracker_title=tracker.title,
        watch=watch.id,
        remotebug=watch.remotebug,
        title=watch.remote_title or "",
        url=watch.url,
        old_remotestatus=event.old_remotestatus if is_change else watch.remotestatus,
        new_remotestatus=event.new_remotestatus if is_change else watch.remotestatus,
        old_status=old_status,
        new_status=watch.status,
        since=_since(watch, is_change),
        text=_text(event, tracker),
        private=is_private(watch),
    )
    if not is_change:
        # Feeds find changes of status in the histories.
        outbox.note(notice)
    if destinations:
        outbox.add(notice, destinations)


def trouble_limit(tracker: Any) -> int:
    """After how many attempts in a row people are told that a bug tracker is in trouble."""
    outbox = query_utility(tracker, IOutbox)
    settings: DeliverySettings = DeliverySettings() if outbox is None else outbox.settings
    return settings.trouble_after


def note_trouble(
    tracker: Any, happening: Happening, text: str, since: datetime, tells: bool = True
) -> bool:
    """The same for what happened to a bug tracker; whether anybody is told, which is so if it
    `tells` people at all."""
    subscriptions, outbox = _subscriptions(tracker), query_utility(tracker, IOutbox)
    if outbox is None:
        return False
    destinations: set[int] = set()
    if subscriptions and tells:
        destinations = subscriptions.subscribersOfTracker(tracker, happening)
    notice = Notice(
        0,
        now(),
        happening,
        tracker=tracker.name,
        tracker_title=tracker.title,
        url=tracker.baseurl,
        since=since,
        text=text,
    )
    outbox.note(notice)
    if destinations:
        outbox.add(notice, destinations)
    return bool(destinations)


def _subscriptions(tracker: Any) -> Any:
    """Who is told of what; looked up once for all changes of a transaction."""
    trackers = getattr(tracker, "__parent__", None)
    if trackers is None:
        return None
    found = trackers.__dict__.get("_v_subscriptions")
    if found is None:
        found = trackers._v_subscriptions = query_utility(tracker, ISubscriptionSet)
    return found


def _happening(event: Any) -> Happening | None:
    """What people are told of it; None if nothing."""
    if IBugWatchStatusChanged.providedBy(event):
        if event.old_remotestatus in (None, event.new_remotestatus):
            # It is seen for the first time; or it is our own tables that changed.
            return None
        return Happening.of(event.old_status, event.new_status)
    if IBugWatchGone.providedBy(event):
        is_hidden = event.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
        return Happening.PRIVATE if is_hidden else Happening.GONE
    if IBugWatchDuplicateFound.providedBy(event):
        return Happening.DUPLICATE
    return Happening.MOVED if IBugWatchMoved.providedBy(event) else None


def _text(event: Any, tracker: Any) -> str:
    if IBugWatchDuplicateFound.providedBy(event):
        name = str(event.duplicate_of)
        return name if "://" in name else str(tracker.getBugURL(name))
    return str(getattr(event, "moved_to", getattr(event, "message", "")))


def _since(watch: Any, is_change: bool) -> Any:
    """Since when the watch was as it was before."""
    changes = [entry for entry in watch.activity if entry.kind in ("status", "mapping")]
    # The first is this change, if it is one.
    before = changes[1 if is_change else 0 :]
    return before[0].date if before else None
