"""An application may have bugs and people of its own."""

import pytest
import transaction
from persistent import Persistent
from persistent.mapping import PersistentMapping
from zope.component import getUtility
from zope.interface import implementer
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BadInput,
    BugWatchTaken,
    IBug,
    IBugSet,
    IBugWatchSet,
    IPersonSet,
    NotFoundError,
    RemoteBug,
)
from malonewatch.model.resultset import ResultSet

from ..fetching import apply


@implementer(IBug)
class Ticket(Persistent):
    """A bug that is kept as simply as can be."""

    owner = None

    def __init__(self, id, datecreated):
        self.id = id
        self.title = f"Ticket {id}"
        self.datecreated = datecreated
        self._watches = PersistentMapping()

    @property
    def watches(self):
        newest = sorted(self._watches.values(), key=lambda watch: -watch.id)
        return ResultSet(lambda start: iter(newest[start:]), newest.__len__)

    def addWatch(self, bugtracker, remotebug, owner):
        found = self.getBugWatch(bugtracker, remotebug)
        if found is not None:
            return found
        return getUtility(IBugWatchSet).createBugWatch(self, owner, bugtracker, remotebug)

    def getBugWatch(self, bugtracker, remotebug):
        return self._watches.get((bugtracker.id, bugtracker.canonicalRemoteBug(remotebug)))

    def removeWatch(self, bugwatch):
        if bugwatch not in self._watches.values():
            raise NotFoundError(f"There is no watch {bugwatch.id} here.")
        getUtility(IBugWatchSet).removeBugWatch(bugwatch)

    def link(self, bugwatch):
        self._watches[bugwatch.bugtracker.id, bugwatch.remotebug] = bugwatch

    def unlink(self, bugwatch):
        del self._watches[bugwatch.bugtracker.id, bugwatch.remotebug]


@implementer(IBugSet)
class Tickets(PersistentMapping):
    """The tickets by number."""

    def __iter__(self):
        return iter(sorted(self.data.values(), key=lambda ticket: ticket.id))

    def count(self):
        return len(self.data)

    def get(self, bug_id):
        return self.data[bug_id]

    def query(self, bug_id, default=None):
        return self.data.get(bug_id, default)

    def getBugsFrom(self, bug_id):
        return (ticket for ticket in self if ticket.id >= bug_id)

    def createBug(self, title="", owner=None, id=None):
        raise BadInput("The application makes its own tickets.")

    def removeBug(self, bug):
        for watch in list(bug.watches):
            bug.removeWatch(watch)
        del self[bug.id]


class Member(Persistent):
    """Somebody whom the application knows."""

    def __init__(self, name):
        self.name = name
        self.displayname = name.title()
        self.email = f"{name}@example.com"


@implementer(IPersonSet)
class Members(Persistent):
    """Whom the application knows."""

    def __init__(self):
        self.members = [Member("anna")]

    def __iter__(self):
        return iter(self.members)

    def count(self):
        return len(self.members)

    def getByEmail(self, email, default=None):
        return next((each for each in self if each.email == email), default)

    def getByName(self, name, default=None):
        return next((each for each in self if each.name == name), default)

    def add(self, person):
        self.members = [*self.members, person]
        return person

    def ensurePerson(self, email, displayname=None):
        return self.getByEmail(email) or self.add(Member(email.partition("@")[0]))


@pytest.fixture
def ticket(site, clock):
    registry = site.connection.root()["malonewatch"].getSiteManager()
    tickets = Tickets()
    tickets[7] = Ticket(7, clock.moment)
    registry.registerUtility(tickets, IBugSet)
    registry.registerUtility(Members(), IPersonSet)
    return tickets[7]


@pytest.fixture
def anna(ticket):
    return getUtility(IPersonSet).getByName("anna")


def test_they_provide_the_interfaces(ticket):
    verifyObject(IBug, ticket)
    verifyObject(IBugSet, getUtility(IBugSet))
    verifyObject(IPersonSet, getUtility(IPersonSet))


def test_a_ticket_can_watch_a_bug(ticket, anna, tracker, clock, reopened):
    watch = ticket.addWatch(tracker, "#42", anna)
    assert ticket.addWatch(tracker, 42, anna) is watch
    assert list(ticket.watches) == list(tracker.watches) == [watch]
    assert (watch.bug, watch.owner) == (ticket, anna)
    assert tracker.getBugsWatching("42") == [ticket]
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    found = reopened(ticket)
    assert [each.remotestatus for each in found.watches] == ["NEW"]
    assert found.watches[0].bug is found


def test_a_ticket_has_one_watch_on_a_bug(ticket, anna, tracker, watches):
    ticket.addWatch(tracker, 42, anna)
    with pytest.raises(BugWatchTaken, match="Bug 7"):
        watches.createBugWatch(ticket, anna, tracker, 42)


def test_a_ticket_can_stop_watching_it(ticket, anna, tracker, watches):
    ticket.removeWatch(ticket.addWatch(tracker, 42, anna))
    assert watches.count() == tracker.watches.count() == ticket.watches.count() == 0


def test_its_watch_can_move(ticket, anna, tracker, watches, make_tracker):
    watch = ticket.addWatch(tracker, 42, anna)
    other = make_tracker("other", owner=anna)
    watches.moveBugWatch(watch, other, 7)
    assert ticket.getBugWatch(other, "7") is watch
    assert ticket.getBugWatch(tracker, "42") is None


def test_a_text_of_a_ticket_is_looked_through(ticket, anna, tracker, watches):
    (watch,) = watches.fromText("See https://bugs.example.com/show_bug.cgi?id=9.", ticket, anna)
    assert watch.bug is ticket
    transaction.commit()
