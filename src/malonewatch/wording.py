"""How people are told of counts, lengths of time, moments, quotas, ages and what happened."""

from datetime import datetime

from malonewatch.interfaces import BugWatchActivity, Quota, Staleness

#: What stands before the message of an entry that is of such a kind.
_KINDS = {"duplicate": "duplicate of ", "moved": "moved to "}


def count_of(number: int, one: str, many: str | None = None) -> str:
    """``1 watch``, ``2 watches``; `many` is `one` with an s if not given."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def span(seconds: float) -> str:
    """A length of time in one unit: ``5m``, ``3h``, ``12d``."""
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f}h"
    return f"{seconds // 86400:.0f}d"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, or how far ahead it is."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 10:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def exact(moment: datetime) -> str:
    """A moment (aware, in UTC), to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def at(moment: datetime | None, now: datetime) -> str:
    """`moment`, and how long ago it was; empty if there is none."""
    if moment is None:
        return ""
    return f"{exact(moment)} ({ago(moment, now)})"


def quota_left(quota: Quota, now: datetime) -> str:
    """How much more a server may be asked; empty if it does not say."""
    if quota.remaining is None and quota.limit is None:
        return ""
    left = "some" if quota.remaining is None else str(quota.remaining)
    text = f"{left} left" if quota.limit is None else f"{left} of {quota.limit} left"
    reset = at(quota.reset, now)
    return f"{text}, all of it again {reset}" if reset else text


def clock(skew: float | None) -> str:
    """How the clock of a server goes that is `skew` seconds ahead; None if that is not known."""
    if skew is None:
        return "not known yet"
    # It tells whole seconds.
    if abs(skew) <= 2:
        return "as this machine's"
    return f"{span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} this machine's"


def what_happened(entry: BugWatchActivity) -> str:
    """What an entry of a history says."""
    if entry.error_type is not None:
        return f"{entry.error_type.title}: {entry.message}"
    return f"{_KINDS.get(entry.kind, '')}{entry.message}"


def age_of(staleness: Staleness) -> str:
    """How old it is what watches show."""
    half, most = (span(staleness.quantiles[part]) for part in (0.5, 0.95))
    return f"{half} at most for half of the watches, {most} at most for 95 of 100"
