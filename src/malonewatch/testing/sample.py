"""The founding document's data, in a database of its own."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import transaction
from zope.component import getUtility, hooks

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTrackerType,
    IBugSet,
    IBugTrackerSet,
    IPersonSet,
    NotFoundError,
)
from malonewatch.model import BugTracker, Database, Person, open_database, sqlite_uri

PEOPLE = [
    ("name12", "Sample Person", "test@canonical.com"),
    ("no-priv", "No Privileges Person", "no-priv@canonical.com"),
    ("name16", "Foo Bar", "foo.bar@canonical.com"),
    ("mark", "Mark Shuttleworth", "mark@example.com"),
]

TRACKERS = [
    ("mozilla.org", "The Mozilla.org Bug Tracker", "BUGZILLA", "https://bugzilla.mozilla.org/"),
    ("gnome-bugzilla", "GNOME Bugzilla", "BUGZILLA", "http://bugzilla.gnome.org/bugs"),
    ("debbugs", "Debian Bug Tracking System", "DEBBUGS", "http://bugs.debian.org"),
    ("ubuntu-bugzilla", "Ubuntu Bugzilla", "BUGZILLA", "http://bugzilla.ubuntu.com/bugs"),
    ("sf", "SourceForge", "SOURCEFORGE", "http://sourceforge.net/"),
]

# (bug tracker, remote bug, local bug), the oldest first.
WATCHES = [
    ("mozilla.org", "42", 2),
    ("mozilla.org", "42", 1),
    ("mozilla.org", "123543", 1),
    ("debbugs", "280883", 3),
    ("debbugs", "304014", 1),
    ("gnome-bugzilla", "304070", 2),
    ("debbugs", "308994", 7),
    ("ubuntu-bugzilla", "1234", 4),
    ("debbugs", "327452", 15),
    ("mozilla.org", "2000", 1),
]


class SampleSite:
    """A handle on the sample site: the ZODB `connection`, and the `uri` of its database."""

    def __init__(self, database: Database, connection: Any) -> None:
        self.database = database
        self.connection = connection
        self.uri = database.uri


@contextlib.contextmanager
def fresh_site(uri: str | None = None) -> Iterator[SampleSite]:
    """A new and empty database; its site is the current one in the with block.

    The transactions are those of `transaction.manager`.  Another process can
    open `.uri` at the same time.  Without a `uri` the database is a temporary
    one, gone in the end.
    """
    configure()
    directory = None
    if uri is None:
        directory = Path(tempfile.mkdtemp(prefix="malonewatch-"))
        uri = sqlite_uri(directory)
    database = open_database(uri, create=True)
    try:
        transaction.abort()
        connection = database.db.open()
        try:
            with hooks.site(connection.root()["malonewatch"]):
                yield SampleSite(database, connection)
        finally:
            transaction.abort()
            connection.close()
    finally:
        database.close()
        if directory is not None:
            shutil.rmtree(directory)


@contextlib.contextmanager
def sample_site(uri: str | None = None) -> Iterator[SampleSite]:
    """Like `fresh_site`, with the sample data."""
    with fresh_site(uri) as site:
        add_sample_data()
        transaction.commit()
        yield site


def add_sample_data() -> None:
    """Add the sample data to the current site."""
    people = getUtility(IPersonSet)
    for name, displayname, email in PEOPLE:
        people.add(Person(name, displayname, email))
    owner = people.getByName("name12")
    trackers = getUtility(IBugTrackerSet)
    for name, title, bugtrackertype, baseurl in TRACKERS:
        trackers.add(
            BugTracker(
                name=name,
                title=title,
                bugtrackertype=BugTrackerType(bugtrackertype),
                baseurl=baseurl,
                owner=owner,
            )
        )
    trackers["ubuntu-bugzilla"].active = False
    bugs = getUtility(IBugSet)
    for number in range(1, 16):
        bugs.createBug(f"Sample bug {number}", owner, number)
    for tracker, remotebug, bug in WATCHES:
        bugs.get(bug).addWatch(trackers[tracker], remotebug, owner)


def login(email: str) -> None:
    """Act as the person with that address from now on.

    malonewatch has no permissions of its own: this sees that there is such a
    person, and narratives read as they would in an application that has them.
    """
    if getUtility(IPersonSet).getByEmail(email) is None:
        raise NotFoundError(f"There is nobody with the address {email}.")
