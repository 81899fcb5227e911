"""When something is asked for next, and why then, as sentences for people.  Pure."""

from collections.abc import Iterator
from datetime import datetime

from malonewatch.application.facts import INACTIVE, TrackerDetails, TrackerFacts, WatchFacts
from malonewatch.interfaces import BugWatchErrorType, Polling
from malonewatch.wording import count_of, exact, span


def of_watch(watch: WatchFacts, tracker: TrackerFacts, now: datetime) -> Iterator[str]:
    """When a watch is checked next; of that bug tracker, at that time (aware)."""
    if watch.next_check is None:
        yield f"It is not asked for again: {watch.not_polled}"
    elif tracker.state == INACTIVE:
        yield f"It is not asked for as long as {tracker.name} is inactive."
    else:
        when = "now" if watch.next_check <= now else f"on {exact(watch.next_check)}"
        yield f"It is due {when}, and asked for by the next run of checkwatches after that."
        yield from _why_then(watch, tracker)
        if tracker.next_attempt is not None and tracker.next_attempt > now:
            yield f"But {tracker.name} is left alone until {exact(tracker.next_attempt)}."
    if watch.last_error_type is BugWatchErrorType.BUG_DELETED:
        yield "Bugs that were deleted are asked for once a month only, as they hardly come back."


def _why_then(watch: WatchFacts, tracker: TrackerFacts) -> Iterator[str]:
    """Why a watch in order is checked as often as it is."""
    if watch.last_error_type is not None or watch.lastchecked is None or watch.quiet_since is None:
        return
    quiet = span((watch.lastchecked - watch.quiet_since).total_seconds())
    state = "closed" if watch.status.is_closed else "not closed"
    longest = tracker.freshness.longest_interval
    if watch.longest_interval is not None:
        longest = watch.longest_interval
    elif watch.status.is_closed:
        longest = tracker.freshness.longest_interval_closed
    yield (
        f"When it was last asked for, the bug was {state} and had been quiet for {quiet}; the "
        "longer that is, the more seldom it is asked for, but never less often than once in "
        f"{span(longest)}."
    )


def of_tracker(details: TrackerDetails, now: datetime) -> Iterator[str]:
    """When a bug tracker is asked next, at that time (aware)."""
    tracker, origin = details.facts, details.origin
    if tracker.polling is Polling.NEVER:
        yield f"It is never asked: {tracker.not_polled}"
        return
    if tracker.state == INACTIVE:
        yield "It is not asked as long as it is inactive."
        return
    if tracker.next_due is None:
        yield "Nothing there is to be asked for."
    elif tracker.next_due > now:
        yield f"The next watch is due on {exact(tracker.next_due)}."
    else:
        yield (
            f"Watches are due since {exact(tracker.next_due)}, and asked for by the next run of "
            "checkwatches."
        )
    if tracker.next_attempt is not None and tracker.next_attempt > now:
        times = count_of(tracker.failures, "time")
        why = f", as it failed {times} in a row" if tracker.failures else ""
        yield f"It is left alone until {exact(tracker.next_attempt)}{why}."
    if origin is not None and origin.retry_at is not None and origin.retry_at > now:
        yield f"Its server wants no requests until {exact(origin.retry_at)}."
    if details.claim is not None:
        claim = details.claim
        yield f"{claim.holder} is at work on it, until {exact(claim.until)} at most."
