"""What time it is, by the clock that the rest of malonewatch goes by."""

from datetime import datetime, timezone

from zope.component import queryUtility

from malonewatch.interfaces import IClock


def now() -> float:
    """Seconds since the epoch."""
    clock = queryUtility(IClock)
    return (datetime.now(timezone.utc) if clock is None else clock.now()).timestamp()


def moment(seconds: float) -> datetime:
    """That time since the epoch, aware, in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def shown_time(seconds: float) -> str:
    """That time since the epoch, for people."""
    return f"{moment(seconds):%Y-%m-%d %H:%M} UTC"
