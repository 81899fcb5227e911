import dataclasses
from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.application import trackers, watches
from malonewatch.application.explaining.upcoming import of_tracker, of_watch
from malonewatch.application.facts import INACTIVE
from malonewatch.interfaces import BugTaskStatus, BugWatchErrorType, Claim, OriginState, Polling

NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
AT_NOON = "2024-05-06 12:00:00 UTC"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def details(database):
    trackers.add(database, "https://bugs.example.com", trackers.TrackerChanges(type_name="trac"))
    return trackers.show(database, "auto-bugs.example.com")


def sentences(details, changes=None, **facts):
    facts = dataclasses.replace(details.facts, **facts)
    return list(of_tracker(dataclasses.replace(details, facts=facts, **changes or {}), NOW))


def test_without_a_watch_nothing_is_asked(details):
    assert sentences(details) == ["Nothing there is to be asked for."]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"next_due": LATER}, "The next watch is due on 2024-05-06 13:00:00 UTC."),
        (
            {"next_due": NOW},
            f"Watches are due since {AT_NOON}, and asked for by the next run of checkwatches.",
        ),
        ({"state": INACTIVE}, "It is not asked as long as it is inactive."),
        ({"polling": Polling.NEVER, "not_polled": "It is gone."}, "It is never asked: It is gone."),
    ],
)
def test_when_a_bug_tracker_is_asked(details, facts, sentence):
    assert sentences(details, **facts) == [sentence]


@pytest.mark.parametrize(("failures", "why"), [(0, ""), (1, ", as it failed 1 time in a row")])
def test_it_may_be_left_alone(details, failures, why):
    found = sentences(details, next_due=LATER, next_attempt=LATER, failures=failures)
    assert found[1:] == [f"It is left alone until 2024-05-06 13:00:00 UTC{why}."]
    assert len(sentences(details, next_due=LATER, next_attempt=NOW)) == 1


def test_its_server_may_want_no_requests_and_a_run_be_at_work(details):
    claim = Claim("https://bugs.example.com", "a run", LATER)
    changes = {"origin": OriginState(retry_at=LATER), "claim": claim}
    assert sentences(details, changes)[1:] == [
        "Its server wants no requests until 2024-05-06 13:00:00 UTC.",
        "a run is at work on it, until 2024-05-06 13:00:00 UTC at most.",
    ]
    assert len(sentences(details, {"origin": OriginState(retry_at=NOW)})) == 1
    assert len(sentences(details, {"origin": OriginState()})) == 1


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"status": BugTaskStatus.NEW}, ("not closed", "3d")),
        ({"status": BugTaskStatus.FIXRELEASED}, ("closed", "14d")),
        ({"status": BugTaskStatus.NEW, "longest_interval": 7200.0}, ("not closed", "2h")),
        ({"last_error_type": BugWatchErrorType.PRIVATE_REMOTE_BUG}, None),
    ],
)
def test_why_a_watch_is_asked_for_then(database, details, facts, why):
    (watch,) = watches.watch(database, ["https://bugs.example.com/ticket/1"]).watches
    facts = {"lastchecked": NOW, "quiet_since": NOW - timedelta(days=40), **facts}
    watch = watch._replace(next_check=LATER, **facts)
    due, *reasons = of_watch(watch, details.facts, NOW)
    assert due.startswith("It is due on 2024-05-06 13:00:00 UTC, and asked for")
    assert reasons == [
        f"When it was last asked for, the bug was {state} and had been quiet for 40d; the longer "
        f"that is, the more seldom it is asked for, but never less often than once in {longest}."
        for state, longest in ([] if why is None else [why])
    ]
