"""When messages may go to a person: digests, and quiet hours.  Pure."""

from datetime import datetime, timedelta

import pytz

from malonewatch.interfaces import BadInput, DestinationSettings, Timing

_MINUTES_A_DAY = 24 * 60


def check_timing(settings: DestinationSettings) -> None:
    """See that the times in `settings` can be.

    :raises BadInput: they cannot.
    """
    try:
        pytz.timezone(settings.timezone)
    except (pytz.UnknownTimeZoneError, ValueError):
        raise BadInput(
            f"{settings.timezone[:50]!r} is no time zone; one is Europe/Berlin."
        ) from None
    if not 0 <= settings.hour < 24:
        raise BadInput(f"A day has hours from 0 to 23, not {settings.hour}.")
    for minute in settings.quiet or ():
        if not 0 <= minute < _MINUTES_A_DAY:
            raise BadInput(f"A day has minutes from 0 to {_MINUTES_A_DAY - 1}, not {minute}.")
    if settings.limit < 0:
        raise BadInput(f"{settings.limit} messages an hour are too few.")


def next_digest(settings: DestinationSettings, waiting_since: datetime) -> datetime:
    """When the digest goes out that has what waits since then."""
    zone = pytz.timezone(settings.timezone)
    local = waiting_since.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    if settings.timing is Timing.HOURLY:
        return waiting_since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    local = local.replace(hour=settings.hour)
    while True:
        moment = zone.localize(local, is_dst=False).astimezone(pytz.utc)
        is_day = settings.timing is Timing.DAILY or local.weekday() == 0
        if is_day and moment > waiting_since:
            return moment
        local += timedelta(days=1)


def end_of_quiet(settings: DestinationSettings, now: datetime) -> datetime | None:
    """When the person's quiet hours end; None if they are not now."""
    if settings.quiet is None:
        return None
    zone = pytz.timezone(settings.timezone)
    local = now.astimezone(zone)
    first, end = settings.quiet
    minute = local.hour * 60 + local.minute
    since_first, length = (minute - first) % _MINUTES_A_DAY, (end - first) % _MINUTES_A_DAY
    if since_first >= length:
        return None
    morning = local.replace(tzinfo=None, hour=end // 60, minute=end % 60, second=0, microsecond=0)
    if minute >= end:
        morning += timedelta(days=1)
    # Where a clock is set back, an hour is there twice.
    return max(zone.localize(morning, is_dst=False).astimezone(pytz.utc), now)
