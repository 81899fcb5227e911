from datetime import datetime, timezone

import pytest

from malonewatch.interfaces import BadInput, DestinationSettings, Timing
from malonewatch.model.timings import check_timing, end_of_quiet, next_digest


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def settings(**values):
    return DestinationSettings(kind="mail", address="a@example.com", **values)


@pytest.mark.parametrize(
    ("values", "since", "moment"),
    [
        # 2024-05-06 is a Monday.
        ({"timing": Timing.HOURLY}, "2024-05-06T12:00", "2024-05-06T13:00"),
        ({"timing": Timing.HOURLY}, "2024-05-06T12:59:59", "2024-05-06T13:00"),
        ({"timing": Timing.DAILY}, "2024-05-06T07:59", "2024-05-06T08:00"),
        ({"timing": Timing.DAILY}, "2024-05-06T08:00", "2024-05-07T08:00"),
        ({"timing": Timing.DAILY, "hour": 0}, "2024-05-06T08:00", "2024-05-07T00:00"),
        ({"timing": Timing.WEEKLY}, "2024-05-06T07:00", "2024-05-06T08:00"),
        ({"timing": Timing.WEEKLY}, "2024-05-06T09:00", "2024-05-13T08:00"),
        # In Berlin it is two hours later in summer, and one in winter.
        (
            {"timing": Timing.DAILY, "timezone": "Europe/Berlin"},
            "2024-05-06T05:00",
            "2024-05-06T06:00",
        ),
        (
            {"timing": Timing.DAILY, "timezone": "Europe/Berlin"},
            "2024-10-26T12:00",
            "2024-10-27T07:00",
        ),
        # The hour from 2 to 3 is left out on that day, and there twice on the other.
        (
            {"timing": Timing.DAILY, "timezone": "Europe/Berlin", "hour": 2},
            "2024-03-30T12:00",
            "2024-03-31T01:00",
        ),
        (
            {"timing": Timing.DAILY, "timezone": "Europe/Berlin", "hour": 2},
            "2024-10-26T12:00",
            "2024-10-27T01:00",
        ),
        # It is Monday in Auckland already.
        (
            {"timing": Timing.WEEKLY, "timezone": "Pacific/Auckland"},
            "2024-05-05T12:00",
            "2024-05-05T20:00",
        ),
    ],
)
def test_a_digest_goes_out_at_the_persons_hour(values, since, moment):
    assert next_digest(settings(**values), at(since)) == at(moment)


NIGHT = {"quiet": (22 * 60, 7 * 60)}
NOON = {"quiet": (12 * 60, 13 * 60 + 30)}


@pytest.mark.parametrize(
    ("values", "now", "end"),
    [
        ({}, "2024-05-06T23:00", None),
        (NIGHT, "2024-05-06T21:59", None),
        (NIGHT, "2024-05-06T22:00", "2024-05-07T07:00"),
        (NIGHT, "2024-05-07T06:59", "2024-05-07T07:00"),
        (NIGHT, "2024-05-07T07:00", None),
        (NOON, "2024-05-07T13:29", "2024-05-07T13:30"),
        (NOON, "2024-05-07T13:30", None),
        ({"quiet": (0, 0)}, "2024-05-07T00:00", None),
        ({**NIGHT, "timezone": "Europe/Berlin"}, "2024-05-06T20:00", "2024-05-07T05:00"),
        # The clock is set back from 3 to 2 at one o'clock UTC.
        (
            {"quiet": (60, 150), "timezone": "Europe/Berlin"},
            "2024-10-27T01:15",
            "2024-10-27T01:30",
        ),
        (
            {"quiet": (150, 170), "timezone": "Europe/Berlin"},
            "2024-10-27T00:40",
            "2024-10-27T01:50",
        ),
    ],
)
def test_quiet_hours_end(values, now, end):
    assert end_of_quiet(settings(**values), at(now)) == (None if end is None else at(end))


def test_what_can_be_is_accepted():
    check_timing(settings(timezone="Asia/Kolkata", hour=23, quiet=(0, 1439), limit=0))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"timezone": "../../etc/passwd"}, "is no time zone"),
        ({"hour": 24}, "A day has hours from 0 to 23, not 24"),
        ({"quiet": (0, 1440)}, "A day has minutes from 0 to 1439, not 1440"),
        ({"limit": -1}, "-1 messages an hour are too few"),
    ],
)
def test_what_cannot_be_is_refused(values, problem):
    with pytest.raises(BadInput) as raised:
        check_timing(settings(**values))
    assert problem in str(raised.value)
