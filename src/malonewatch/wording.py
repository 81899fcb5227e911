"""How people are told of counts, lengths of time and moments."""

from datetime import datetime


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


def at(moment: datetime | None, now: datetime) -> str:
    """`moment`, and how long ago it was; empty if there is none."""
    if moment is None:
        return ""
    return f"{moment.strftime('%Y-%m-%d %H:%M:%S UTC')} ({ago(moment, now)})"
