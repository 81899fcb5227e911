"""Asking a real Roundup, and comparing with what its own roundup-admin says."""

import contextlib
import os
import tempfile
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zope.component import getGlobalSiteManager
from zope.interface import implementer

from malonewatch.externalbugtracker.driver import build_url
from malonewatch.externalbugtracker.roundup import Roundup
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugWatchErrorType,
    Credentials,
    ICredentials,
    RemoteBug,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker

from .roundup_server import (
    CLASSIC_PRIORITIES,
    CLASSIC_STATUSES,
    DEVEL_PRIORITIES,
    DEVEL_RESOLUTIONS,
    DEVEL_STATUSES,
    DUPLICATE,
    DUPLICATED,
    MISSING_BUG,
    PRIVATE_BUG,
    RETIRED_BUG,
    NotServing,
    serving,
)


@pytest.fixture(scope="module")
def server():
    with contextlib.ExitStack() as stack:
        # Not in pytest's own directory, which is closed to other users.
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="roundup-"))
        try:
            running = stack.enter_context(serving(Path(directory)))
        except NotServing as reason:
            if os.environ.get("CI"):
                pytest.fail(f"No real Roundup: {reason}")
            pytest.skip(f"No real Roundup: {reason}")
        yield running


@pytest.fixture(params=["rest", "csv", "devel"])
def tracker(server, request):
    return server.trackers[request.param]


@pytest.fixture(params=["rest", "csv"])
def classic(server, request):
    return server.trackers[request.param]


def test_every_bug_is_as_roundup_admin_says(tracker):
    expected = tracker.bugs()
    asker = Asker(Roundup, tracker.url)
    outcomes = asker.ask(expected)
    for remotebug, bug in expected.items():
        outcome = outcomes[remotebug]
        words = (bug["status"], bug.get("resolution"))
        assert outcome.remotestatus == " ".join(word for word in words if word)
        assert outcome.remote_importance == bug["priority"]
        assert outcome.title == bug["title"]
        assert outcome.resolution == bug.get("resolution", "")
        assert (outcome.duplicate_of or "") in bug["superseder"]
        assert (outcome.duplicate_of is None) == (bug["superseder"] in ("None", "[]"))
        if asker.dialect.startswith("rest"):
            moment = datetime.strptime(bug["activity"], "%Y-%m-%d.%H:%M:%S")
            assert outcome.modified == moment.replace(tzinfo=timezone.utc)
        else:
            assert outcome.modified is None


def test_every_status_and_importance_is_known(tracker):
    bugs = tracker.bugs()
    outcomes = Asker(Roundup, tracker.url).ask(bugs)
    classic = tracker.classname == "issue"
    assert {bug["status"] for bug in bugs.values()} == set(
        CLASSIC_STATUSES if classic else DEVEL_STATUSES
    )
    assert {bug["priority"] for bug in bugs.values()} - {""} == set(
        CLASSIC_PRIORITIES if classic else DEVEL_PRIORITIES
    )
    if not classic:
        assert {bug["resolution"] for bug in bugs.values()} - {""} == set(DEVEL_RESOLUTIONS)
    for outcome in outcomes.values():
        assert outcome.status is not BugTaskStatus.UNKNOWN, outcome
        if outcome.remote_importance:
            assert outcome.importance is not BugTaskImportance.UNKNOWN, outcome


@pytest.mark.parametrize(
    ("name", "dialect", "requests"),
    [
        ("rest", "rest+issue+priority+superseder", 2),
        ("csv", "csv+issue+priority+superseder", 4),
        ("devel", "rest+bug+priority+superseder+resolution", 2),
    ],
)
def test_the_dialect_is_learnt(server, name, dialect, requests):
    asker = Asker(Roundup, server.trackers[name].url)
    asker.ask(["1"])
    assert asker.dialect == dialect
    assert len(asker.exchanges) == requests
    asker.ask(["1"])
    assert len(asker.exchanges) == 1


def test_why_a_bug_cannot_be_had(classic):
    outcomes = Asker(Roundup, classic.url).ask(
        ["1", PRIVATE_BUG, RETIRED_BUG, MISSING_BUG, "no number"]
    )
    assert isinstance(outcomes.pop("1"), RemoteBug)
    assert {remotebug: outcome.error_type for remotebug, outcome in outcomes.items()} == {
        PRIVATE_BUG: BugWatchErrorType.PRIVATE_REMOTE_BUG,
        RETIRED_BUG: BugWatchErrorType.BUG_NOT_FOUND,
        MISSING_BUG: BugWatchErrorType.BUG_NOT_FOUND,
        "no number": BugWatchErrorType.INVALID_BUG_ID,
    }


def test_a_duplicate(classic):
    assert Asker(Roundup, classic.url).ask([DUPLICATE])[DUPLICATE].duplicate_of == DUPLICATED


def test_what_is_known_is_asked_for_in_full_all_the_same(tracker):
    # It takes no more requests than to ask what changed, and tells what is gone.
    asker = Asker(Roundup, tracker.url)
    asker.ask(["1"])
    outcomes = asker.ask(["1", "2"], since=datetime.now(timezone.utc))
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    assert len(asker.exchanges) == 1


def test_it_says_what_changed_whatever_the_zone(tracker):
    # All but what is private; what was retired is in no table.
    rows = tracker.admin("table", tracker.classname, "id,activity").splitlines()[1:]
    activities = {
        remotebug: datetime.strptime(f"{activity}Z", "%Y-%m-%d.%H:%M:%S%z")
        for remotebug, activity in map(str.split, rows)
        if remotebug in tracker.bugs()
    }
    asker = Asker(Roundup, tracker.url)
    asker.ask(["1"])
    for since in {*activities.values(), max(activities.values()) + timedelta(seconds=1)}:
        expected = {each for each, activity in activities.items() if activity >= since}
        assert set(asker.sweep(since)) == expected
        assert len(asker.exchanges) == 1


def test_a_change_is_seen(classic):
    asker = Asker(Roundup, classic.url)
    assert asker.ask(["8"])["8"].remotestatus == "resolved"
    classic.admin("set", "issue8", "status=testing")
    try:
        outcome = asker.ask(["8"])["8"]
    finally:
        classic.admin("set", "issue8", "status=resolved")
    assert outcome.remotestatus == "testing"


def test_a_full_request_is_not_too_long(classic):
    ids = [str(number) for number in range(1_000_000, 1_000_000 + Roundup.request_size)]
    asker = Asker(Roundup, classic.url)
    asker.ask(["1"])
    (ask,) = Roundup(asker.facts).dialect_named(asker.dialect).ask_many(["1", *ids[1:]], None)
    with urllib.request.urlopen(build_url(classic.url + ask.path, ask.query), timeout=60) as found:
        assert found.status == 200
        assert "Issue in unread" in found.read().decode()


@pytest.mark.parametrize("name", ["rest", "csv"])
def test_it_says_what_it_is(server, name):
    assert Asker(Roundup, server.trackers[name].url).identify() == "Roundup"


def test_where_no_tracker_is_served_none_is_supported(server):
    with pytest.raises(UnsupportedBugTracker):
        Asker(Roundup, f"{server.rest.url}-that-is-not-there").ask(["1"])


@implementer(ICredentials)
class Administrator:
    def __init__(self, password):
        self.password = password

    def get(self, baseurl):
        return Credentials(username="admin", password=self.password)


@pytest.fixture
def credentials():
    """A function that registers credentials for the length of a test."""
    registry = getGlobalSiteManager()
    with contextlib.ExitStack() as stack:

        def register(utility):
            registry.registerUtility(utility, ICredentials)
            stack.callback(registry.unregisterUtility, utility, ICredentials)

        yield register


def test_wrong_credentials_are_refused(classic, credentials):
    credentials(Administrator("wrong"))
    asker = Asker(Roundup, classic.url)
    with pytest.raises(BugTrackerCredentialsRefused):
        asker.ask(["1"])
    with pytest.raises(BugTrackerCredentialsRefused):
        asker.check_credentials()


def test_right_credentials_show_private_bugs(classic, credentials):
    credentials(Administrator("secret"))
    assert Asker(Roundup, classic.url).check_credentials() == ""
    outcome = Asker(Roundup, classic.url).ask([PRIVATE_BUG])[PRIVATE_BUG]
    assert outcome.title == "Private matters"
