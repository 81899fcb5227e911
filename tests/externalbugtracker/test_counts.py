"""How many requests bugs take, as the chapters of the older types have it."""

import pytest

from malonewatch.externalbugtracker import Bugzilla, Debbugs, Roundup, SourceForge
from malonewatch.testing.asking import Asker
from malonewatch.testing.bugzilla import BugzillaSimulator
from malonewatch.testing.debbugs import DebbugsSimulator
from malonewatch.testing.roundup import RoundupSimulator
from malonewatch.testing.sourceforge import SourceForgeSimulator


def count(factory, simulator_class, ids):
    """The requests for those bugs, as a run has them asked for: so many of them at a time."""
    with simulator_class() as simulator:
        for remotebug in ids:
            simulator.add(remotebug)
        asker = Asker(factory, simulator.url)
        # The dialect is found out once.
        asker.ask(ids[:1])
        simulator.requests.clear()
        for start in range(0, len(ids), factory.request_size):
            asker.ask(ids[start : start + factory.request_size])
        return len(simulator.requests)


@pytest.mark.parametrize(
    ("factory", "simulator", "size"),
    [
        (Bugzilla, BugzillaSimulator, 500),
        (Debbugs, DebbugsSimulator, 500),
        (Roundup, RoundupSimulator, 200),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_a_request_for_so_many_bugs(factory, simulator, size):
    ids = [str(number) for number in range(1, size + 2)]
    assert count(factory, simulator, ids[:size]) == 1
    assert count(factory, simulator, ids) == 2


def test_a_request_for_each_hundred_of_a_tracker():
    def ids(*sizes):
        return [
            f"frob{tracker}/bugs#{number}"
            for tracker, size in enumerate(sizes)
            for number in range(1, size + 1)
        ]

    assert count(SourceForge, SourceForgeSimulator, ids(1, 2, 100)) == 3
    assert count(SourceForge, SourceForgeSimulator, ids(101, 250, 7)) == 2 + 3 + 1
