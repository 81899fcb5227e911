from datetime import datetime, timezone

import pytest

from malonewatch import wording
from malonewatch.interfaces import BugWatchActivity, BugWatchErrorType


@pytest.mark.parametrize(
    ("skew", "expected"),
    [
        (None, "not known yet"),
        (2.0, "as this machine's"),
        (300.0, "5m ahead of this machine's"),
        (-7200.0, "2h behind this machine's"),
    ],
)
def test_a_clock_that_differs(skew, expected):
    assert wording.clock(skew) == expected


@pytest.mark.parametrize(
    ("kind", "error_type", "expected"),
    [
        ("duplicate", None, "duplicate of 101"),
        ("moved", None, "moved to 101"),
        ("note", None, "101"),
        ("error", BugWatchErrorType.BUG_NOT_FOUND, "Bug not found: 101"),
    ],
)
def test_an_entry_of_a_history_says_what_happened(kind, error_type, expected):
    entry = BugWatchActivity(datetime.now(timezone.utc), error_type, "101", kind)
    assert wording.what_happened(entry) == expected
