"""Tickets, staff, and the site that they are in."""

from datetime import datetime

import pytz
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from persistent.list import PersistentList
from zope.component import getGlobalSiteManager, getUtility
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.interface import implementer

from malonewatch.interfaces import (
    BadInput,
    IBug,
    IBugSet,
    IBugWatchSet,
    IPerson,
    IPersonSet,
    NotFoundError,
)
from malonewatch.model import ResultSet


@implementer(IPerson)
class Member(Persistent):
    """Somebody of the staff, known by a log-in name."""

    def __init__(self, name, displayname, email):
        self.name, self.displayname, self.email = name, displayname, email


@implementer(IPersonSet)
class Staff(Persistent):
    """The staff; a list is enough for a helpdesk's."""

    def __init__(self):
        self._members = PersistentList()

    def __iter__(self):
        return iter(sorted(self._members, key=lambda member: member.name))

    def count(self):
        return len(self._members)

    def getByEmail(self, email, default=None):
        return next((m for m in self if m.email.lower() == email.lower()), default)

    def getByName(self, name, default=None):
        return next((m for m in self if m.name == name), default)

    def add(self, person):
        if self.getByName(person.name) or self.getByEmail(person.email):
            raise BadInput(f"{person.name} is of the staff already.")
        self._members.append(person)
        return person

    def ensurePerson(self, email, displayname=None):
        name = email.partition("@")[0]
        return self.getByEmail(email) or self.add(Member(name, displayname or name, email))


@implementer(IBug)
class Ticket(Persistent):
    """What somebody needs help with; it may hang on bugs elsewhere."""

    def __init__(self, id, title, owner):
        self.id, self.title, self.owner = id, title, owner
        self.datecreated = datetime.now(pytz.utc)
        self.news = PersistentList()
        # The numbers of its watches, by what they watch.
        self._watched = OOBTree()

    @property
    def watches(self):
        numbers = sorted(self._watched.values(), reverse=True)
        watches = getUtility(IBugWatchSet)
        return ResultSet(lambda start: map(watches.get, numbers[start:]), lambda: len(numbers))

    def addWatch(self, bugtracker, remotebug, owner):
        found = self.getBugWatch(bugtracker, remotebug)
        return found or getUtility(IBugWatchSet).createBugWatch(self, owner, bugtracker, remotebug)

    def getBugWatch(self, bugtracker, remotebug):
        number = self._watched.get((bugtracker.name, bugtracker.canonicalRemoteBug(remotebug)))
        return None if number is None else getUtility(IBugWatchSet).get(number)

    def removeWatch(self, bugwatch):
        if bugwatch.id not in self._watched.values():
            raise NotFoundError(f"{bugwatch.title} is not watched for ticket {self.id}.")
        getUtility(IBugWatchSet).removeBugWatch(bugwatch)

    def link(self, bugwatch):
        self._watched[bugwatch.bugtracker.name, bugwatch.remotebug] = bugwatch.id

    def unlink(self, bugwatch):
        del self._watched[bugwatch.bugtracker.name, bugwatch.remotebug]


@implementer(IBugSet)
class Tickets(Persistent):
    """All tickets, by number."""

    def __init__(self):
        self._tickets = LOBTree()
        self._highest = 0

    def __iter__(self):
        return iter(self._tickets.values())

    def __getitem__(self, name):
        # For traversal: /helpdesk/tickets/7.
        if not name.isdecimal():
            raise KeyError(name)
        return self.get(int(name))

    def count(self):
        return len(self._tickets)

    def get(self, bug_id):
        ticket = self.query(bug_id)
        if ticket is None:
            raise NotFoundError(f"There is no ticket {bug_id}.")
        return ticket

    def query(self, bug_id, default=None):
        return self._tickets.get(bug_id, default)

    def getBugsFrom(self, bug_id):
        return self._tickets.values(bug_id)

    def createBug(self, title="", owner=None, id=None):
        id = id or self._highest + 1
        if id in self._tickets:
            raise BadInput(f"There is a ticket {id} already.")
        self._highest = max(self._highest, id)
        self._tickets[id] = Ticket(id, title, owner)
        return self._tickets[id]

    def removeBug(self, bug):
        for watch in list(bug.watches):
            bug.removeWatch(watch)
        del self._tickets[bug.id]


@implementer(ISite)
class Helpdesk(Persistent):
    """The site: what is registered here is found in it."""

    def __init__(self):
        self.tickets, self.staff = Tickets(), Staff()
        self._site_manager = PersistentComponents("helpdesk", (getGlobalSiteManager(),))
        self._site_manager.registerUtility(self.tickets, IBugSet)
        self._site_manager.registerUtility(self.staff, IPersonSet)

    def __getitem__(self, name):
        return {"tickets": self.tickets}[name]

    def getSiteManager(self):
        return self._site_manager

    def setSiteManager(self, site_manager):
        self._site_manager = site_manager


def tell(event):
    """Subscriber: a bug that a ticket hangs on has another status."""
    watch = event.object
    watch.bug.news.append(f"{watch.title} is {event.new_status.title} now")
