"""An application with a site of its own, and malonewatch in it: a notice board.

    python examples/embedding.py

The board shows a notice whenever a bug that one of ours depends on has another
status in somebody else's bug tracker.  The chapter ``embedding.rst`` tells the
story; the bug tracker here is a simulated one.
"""

import contextlib
import pathlib
import tempfile

import transaction
import ZODB
from persistent import Persistent
from persistent.list import PersistentList
from zope.component import getGlobalSiteManager, getUtility, hooks
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.configuration import xmlconfig
from zope.interface import implementer

from malonewatch.checkwatches import BugWatchUpdater
from malonewatch.checkwatches.script import main as checkwatches
from malonewatch.interfaces import BugTrackerType, IBugSet, IBugTrackerSet, IPersonSet
from malonewatch.model import install
from malonewatch.testing.bugzilla import BugzillaSimulator


@implementer(ISite)
class Board(Persistent):
    """The root of the application: a site, and the notices on it."""

    def __init__(self):
        self.notices = PersistentList()
        self._site_manager = PersistentComponents("board", (getGlobalSiteManager(),))

    def getSiteManager(self):
        return self._site_manager

    def setSiteManager(self, site_manager):
        self._site_manager = site_manager


def post(event):
    """Subscriber: a watched bug has another status."""
    watch = event.object
    board = hooks.getSite()
    board.notices.append(f"{watch.bug.title}: {watch.title} is {event.new_status.title} now")


def configure():
    """Register malonewatch's components, and our own."""
    hooks.setHooks()
    xmlconfig.file(str(pathlib.Path(__file__).with_suffix(".zcml")))


def open_database(path):
    """The database at `path`, which gets a board with malonewatch if it has none."""
    db = ZODB.DB(str(path))
    with db.transaction() as connection:
        root = connection.root()
        if "board" not in root:
            root["board"] = install(Board())
    return db


def watch_a_bug(baseurl):
    """Have a bug of ours, which depends on bug 42 of the Bugzilla at `baseurl`."""
    anna = getUtility(IPersonSet).ensurePerson("anna@example.com", "Anna")
    bug = getUtility(IBugSet).createBug("The mill stands still", anna)
    gadget = getUtility(IBugTrackerSet).ensureBugTracker(
        baseurl, anna, BugTrackerType.BUGZILLA, title="Gadget Bugzilla", name="gadget"
    )
    bug.addWatch(gadget, 42, anna)


def main():
    configure()
    with contextlib.ExitStack() as stack:
        simulator = stack.enter_context(BugzillaSimulator())
        simulator.add("42", status="ASSIGNED")
        path = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) / "Data.fs"

        # As the application itself would.
        with contextlib.closing(open_database(path)) as db:
            connection = db.open()
            board = connection.root()["board"]
            with hooks.site(board):
                watch_a_bug(simulator.url)
                gadget = getUtility(IBugTrackerSet)["gadget"]
                BugWatchUpdater(transaction).updateBugTracker(gadget)
            print(*board.notices, sep="\n")
            transaction.abort()
            connection.close()

        # As cron would, some time later.
        simulator.change("42", status="RESOLVED", resolution="FIXED")
        lock = path.with_name("cron.lock")
        checkwatches(["--reset", "--quiet", "--database", path.as_uri(), "--lock-file", str(lock)])
        with contextlib.closing(open_database(path)) as db, db.transaction() as connection:
            print(connection.root()["board"].notices[-1])


if __name__ == "__main__":
    # Stored objects name the module of their class, and __main__ would mislead others.
    import embedding

    embedding.main()
