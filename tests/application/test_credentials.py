import pytest
from zope.component import getGlobalSiteManager, getUtility
from zope.interface import implementer

from malonewatch.application import trackers, watches
from malonewatch.application.credentials import CredentialsCheck, check_credentials
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    Credentials,
    ICredentials,
)

BASE = "https://things.example.com"


@implementer(ICredentials)
class Kept:
    """Credentials by base URL; what is an exception instead is raised."""

    def __init__(self):
        self.by_section = {}

    def get(self, baseurl):
        found = self.by_section.get(self.getSection(baseurl))
        if isinstance(found, Exception):
            raise found
        return found

    def getSection(self, baseurl):
        return baseurl if baseurl in self.by_section else None

    def sections(self):
        return self.by_section


@pytest.fixture
def kept(database):
    """What has the credentials."""
    registry = getGlobalSiteManager()
    before = getUtility(ICredentials)
    kept = Kept()
    registry.registerUtility(kept, ICredentials)
    yield kept
    registry.registerUtility(before, ICredentials)


@pytest.fixture
def thing(database, software, kept):
    """A bug tracker that has credentials."""
    trackers.add(database, BASE, TrackerChanges(name="thing", type_name="FIRST"))
    kept.by_section[BASE] = Credentials(token="secret")


def test_credentials_that_are_taken_are_said_to_be_somebodys(database, thing, software):
    software.accounts["FIRST", BASE] = "jane"
    assert check_credentials(database) == [CredentialsCheck("thing", BASE, True, "jane")]


def test_credentials_may_be_taken_without_a_word_whose_they_are(database, thing, software):
    software.accounts["FIRST", BASE] = ""
    (check,) = check_credentials(database)
    assert check == CredentialsCheck("thing", BASE, True)
    assert check.result == "accepted"


def test_a_bug_tracker_that_does_not_tell_is_no_proof(database, thing):
    assert check_credentials(database) == [CredentialsCheck("thing", BASE)]


def test_credentials_that_are_refused_come_with_the_reason(database, thing, software):
    software.accounts["FIRST", BASE] = BugTrackerCredentialsRefused("It refuses them.")
    (check,) = check_credentials(database)
    assert (check.accepted, check.problem) == (False, "It refuses them.")


def test_a_bug_tracker_that_cannot_be_asked_refuses_nothing(database, thing, software):
    software.accounts["FIRST", BASE] = BugTrackerConnectError("It cannot be reached.")
    (check,) = check_credentials(database)
    assert (check.accepted, check.problem) == (None, "It cannot be reached.")


def test_credentials_that_cannot_be_read_are_not_shown_to_anybody(database, thing, kept, software):
    kept.by_section[BASE] = BadInput("The section has no token.")
    (check,) = check_credentials(database)
    assert check.accepted is None
    assert "The section has no token." in check.problem
    assert software.asked == []


def test_a_guessed_bug_tracker_is_not_sent_them_in_the_clear(database, software, kept):
    base = "http://trac.example.org"
    watches.watch_text(database, f"{base}/ticket/1")
    kept.by_section[base] = Credentials(token="secret")
    (check,) = check_credentials(database)
    assert (check.tracker, check.accepted, check.problem) == (
        "auto-trac.example.org",
        None,
        "They are not sent to it.",
    )


def test_sections_and_bug_trackers_that_have_nothing_of_each_other_are_named(
    database, thing, software, kept
):
    kept.by_section["https://typo.example.com"] = Credentials(token="x")
    trackers.add(database, "https://trac.example.org", TrackerChanges(name="no", type_name="TRAC"))
    trackers.add(database, "https://off.example.org", TrackerChanges(name="of", type_name="TRAC"))
    trackers.edit(database, "of", TrackerChanges(active=False))
    software.accounts["FIRST", BASE] = "jane"
    assert [(check.tracker, check.section) for check in check_credentials(database)] == [
        ("thing", BASE),
        (None, "https://typo.example.com"),
        ("no", None),
    ]


def test_without_bug_trackers_and_sections_there_is_nothing_to_say(database, kept):
    assert check_credentials(database) == []


def test_a_bug_tracker_of_a_type_that_is_gone_cannot_be_asked(database, thing):
    from malonewatch.interfaces import IBugTrackerFacts, IExternalBugTracker

    getGlobalSiteManager().unregisterAdapter(
        name="FIRST", required=(IBugTrackerFacts,), provided=IExternalBugTracker
    )
    (check,) = check_credentials(database)
    assert "nothing here can talk to" in check.problem
