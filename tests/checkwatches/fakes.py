"""Stand-ins for the database and what is in it, for tests of one step of a run."""

from malonewatch.interfaces import Applied, BugTrackerFacts, BugTrackerType, Politeness

FACTS = BugTrackerFacts("bugs", BugTrackerType("NEW"), "https://b.example.com")


class FakeTracker:
    """Notes what is applied; `fails` is given each `Fetched`, and may raise."""

    origin = "https://b.example.com"
    politeness = Politeness()

    def __init__(self, facts=FACTS):
        self.facts = facts
        self.applied = []
        self.previewed = []
        self.answer = Applied()
        self.fails = lambda fetched: None

    def apply(self, fetched, brake):
        self.fails(fetched)
        self.applied.append((fetched, brake))
        return self.answer

    def preview(self, fetched, brake, foreseen):
        self.fails(fetched)
        self.previewed.append((fetched, brake, foreseen))
        return self.answer


class FakeSet(dict):
    """An `IBugTrackerSet` of fakes."""

    claims = None

    def getByName(self, name, default=None):
        return self.get(name, default)


class FakeDatabase:
    """An `IDatabase` whose transactions are nothing but calls.

    `before` is called before the function of each transaction that writes,
    and `after` after it.
    """

    def __init__(self, *trackers):
        self.trackers = FakeSet({tracker.facts.name: tracker for tracker in trackers})
        self.written = 0
        self.before = self.after = lambda: None

    def read(self, function):
        return function(self.trackers)

    def write(self, function, patience):
        self.before()
        result = function(self.trackers)
        self.after()
        self.written += 1
        return result
