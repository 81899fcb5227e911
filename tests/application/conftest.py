import re

import pytest
from tests.application.remote import apply
from zope.component import getGlobalSiteManager, getUtility
from zope.interface import alsoProvides, implementer

from malonewatch.application.database import open_database
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTaskStatus,
    Certainty,
    IBugSet,
    IBugTrackerFacts,
    IBugTrackerSet,
    IBugWatchSet,
    IExternalBugTracker,
    IExternalBugTrackerType,
    Politeness,
    RecognisedURL,
    RemoteBug,
)


@pytest.fixture
def uri(tmp_path, new_uri):
    return new_uri(f"sqlite://?data_dir={tmp_path / 'database'}")


@pytest.fixture
def database(uri):
    """A new and empty database."""
    configure()
    with open_database(uri, create=True) as database:
        yield database


@pytest.fixture
def tell(database):
    """Lets a bug tracker say something of a bug."""

    def tell(tracker, remotebug, remotestatus, status=BugTaskStatus.NEW, **more):
        remote = RemoteBug(remotebug, remotestatus, status, **more)
        database.write(lambda trackers: apply(trackers[tracker], remote))

    return tell


class Snapshot:
    """What is in the database, as far as tests want to know."""

    def __init__(self, database):
        self.trackers, self.bugs, self.watches = database.read(_read)


def _read(trackers):
    return (
        {tracker.name: tracker.baseurl for tracker in trackers},
        {bug.id: bug.title for bug in getUtility(IBugSet)},
        {
            watch.id: (watch.bug.id, watch.bugtracker.name, watch.remotebug)
            for watch in getUtility(IBugWatchSet)
        },
    )


@pytest.fixture
def stored(database):
    """What is in the database."""
    return lambda: Snapshot(database)


@implementer(IExternalBugTracker)
class Software:
    """Some software whose URLs end with /thing/NUMBER, which others' may do too.

    `said` has what servers say that they are, and `accounts` whose the
    credentials are, by base URL; `asked` who was asked.
    """

    certainty = Certainty.GUESS
    timeout = 5.0
    batch_size = None
    request_size = 10
    politeness = Politeness()
    dialects = ()
    multi_product = False

    said: dict = {}
    accounts: dict = {}
    asked: list = []

    def __init__(self, facts):
        self.baseurl = self.service = facts.baseurl.rstrip("/")

    @classmethod
    def parseBugURL(cls, url, baseurl=None):
        found = re.fullmatch(r"(.*)/thing/([0-9]+)", url.path)
        if found is None:
            return None
        return RecognisedURL(f"{url.scheme}://{url.netloc}{found[1]}", found[2], cls.certainty)

    @staticmethod
    def getKnownBaseURL(netloc):
        return None

    @staticmethod
    def canonicalRemoteBug(remotebug):
        return remotebug.strip()

    def authorization(self, credentials):
        return {}

    def getBugURL(self, remotebug):
        return f"{self.baseurl}/thing/{remotebug}"

    async def identify(self, session):
        return self._answer(self.said)

    async def check_credentials(self, session):
        return self._answer(self.accounts)

    def _answer(self, answers):
        self.asked.append((type(self).name, self.baseurl))
        answer = answers.get((type(self).name, self.baseurl))
        if isinstance(answer, Exception):
            raise answer
        return answer


class First(Software):
    name = "FIRST"
    title = "First Software"


class Second(Software):
    name = "SECOND"
    title = "Second Software"


alsoProvides(First, IExternalBugTrackerType)
alsoProvides(Second, IExternalBugTrackerType)


@pytest.fixture
def software(database):
    """Two types of bug tracker with the same URLs; what their servers say can be set."""
    registry = getGlobalSiteManager()
    for factory in (First, Second):
        registry.registerAdapter(factory, (IBugTrackerFacts,), IExternalBugTracker, factory.name)
    yield Software
    for factory in (First, Second):
        registry.unregisterAdapter(factory, (IBugTrackerFacts,), IExternalBugTracker, factory.name)
    for kept in (Software.said, Software.accounts, Software.asked):
        kept.clear()


@pytest.fixture
def trackers(database):
    """Reads something of the set of bug trackers."""
    return lambda function: database.read(lambda _: function(getUtility(IBugTrackerSet)))
