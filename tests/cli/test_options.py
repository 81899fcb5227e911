from datetime import datetime, timedelta, timezone

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.cli.options import Moment

NOW = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=timezone.utc)),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("2024-01-02T03:04+02:00", datetime(2024, 1, 2, 1, 4, tzinfo=timezone.utc)),
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("2d", NOW - timedelta(days=2)),
        ("1w", NOW - timedelta(weeks=1)),
        ("99999d", datetime(1970, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_moments(text, expected):
    assert Moment().convert(text, None, None)(NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "d",
        "2",
        "-2d",
        "2.5d",
        "2y",
        "999999999w",
        "٣d",
        "2024-13-01",
        "0001-01-01T00+23:59",
    ],
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(click.BadParameter):
        Moment().convert(text, None, None)


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,12}[mhdw]", fullmatch=True))
def test_any_text_is_a_moment_or_refused(text):
    try:
        moment = Moment().convert(text, None, None)
    except click.BadParameter:
        return
    assert moment(NOW).tzinfo is not None
