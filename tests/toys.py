"""A type of bug tracker of the tests' own, and such a bug tracker."""

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    Ask,
    Dialect,
    ExternalBugTracker,
    Read,
    URLShape,
    Workflow,
)
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerServerError,
    IBatches,
    IChangesSince,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker
from tests.scripted import Server

BASE = "https://toys.example/shop"


@implementer(IBatches)
class Toys(ExternalBugTracker):
    """Toys: ``/toys?ids=1,2``, ``/toys/1``, and ``/about``."""

    title = "Toys"
    dialect_name = "toys"
    urls = (URLShape("/toys/{id}"),)
    statuses = Workflow({BugTaskStatus.NEW: "new", BugTaskStatus.FIXRELEASED: "mended"})

    def ask_many(self, ids, since):
        yield Ask("/toys", (("ids", ",".join(ids)),), tuple(ids))

    def ask_one(self, remotebug):
        return Ask(f"/toys/{remotebug}", ids=(remotebug,), alone=True)

    def records(self, answer):
        return answer["toys"] if "toys" in answer else [answer["toy"]]

    def read(self, record):
        return Read(record["status"], record["title"])

    def ask_identity(self):
        return Ask("/about")

    def identity(self, answer):
        return answer["software"]


@implementer(IChangesSince)
class ChangingToys(Toys):
    """Its changes come at once, whatever their number; else there are ten toys to a question."""

    def ask_many(self, ids, since):
        if since is not None:
            yield Ask("/changes", ids=tuple(ids), since=since)
            return
        for start in range(0, len(ids), 10):
            yield from super().ask_many(ids[start : start + 10], None)


class SingleToys(Toys):
    """Each toy is asked for by itself."""

    ask_many = Dialect.ask_many


class Shop(Server):
    """Has all toys, but those that are `missing` or `private`.

    `bad` ones spoil what they are in, by answers that `spoil` gives.  If it is
    `down`, that is its answer to everything.
    """

    def __init__(self, *, bad=(), missing=(), private=(), credentials=None):
        super().__init__(self._answer, credentials)
        self.bad, self.missing, self.private = set(bad), set(missing), set(private)
        self.spoil = {"status": 400}
        self.down = None
        self.changed = ()

    def _answer(self, path, parameters):
        if self.down is not None:
            return _raised(self.down)
        path = path.removeprefix("/shop")
        if path == "/about":
            return {"software": "Toys 1.0"}
        if path == "/changes":
            return {"toys": [toy(id) for id in self.changed]}
        alone = path.removeprefix("/toys").lstrip("/")
        ids = [alone] if alone else parameters["ids"].split(",")
        if self.bad.intersection(ids):
            return _raised(self.spoil)
        if alone in self.missing:
            return 404
        if alone in self.private:
            return 403
        there = [toy(id) for id in ids if id not in self.missing | self.private]
        return {"toy": there[0]} if alone else {"toys": there}


def _raised(answer):
    if isinstance(answer, Exception):
        raise answer
    return answer


def toy(id, **values):
    return {"id": id, "status": "new", "title": f"Toy {id}", **values}


def asker(shop, factory=Toys, dialect="toys"):
    return Asker(factory, BASE, dialect=dialect, client=shop)


#: How a bug may spoil an answer, by name: what the session gives or raises.
SPOILS = {
    "400": {"status": 400, "json": {"error": "no"}},
    "500": BugTrackerServerError(f"{BASE} failed with HTTP status 500."),
    "a page": UnparsableBugTracker(f"{BASE} answers with a web page."),
    "no JSON": b'{"toys": [',
    "a raw control character": b'{"toys": [{"id": "1", "title": "\x0c"}]}',
    "no UTF-8": b'{"toys": [{"id": "1", "title": "\xff"}]}',
    "something else": b'{"toys": {"id": 7}}',
    "too many values": b"[" + b"[]," * 400_000 + b"[]]",
    "lists in lists": b"[" * 10_000,
}
