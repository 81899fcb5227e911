"""Some of what faulting.py does at length."""

from .faulting import WRONG, trial


def test_nothing_is_lost_whatever_ends():
    with trial(workers=2, seed=1) as tried:
        counts = tried.run(kills=1, restarts=1, partitions=1)
    assert {name: counts[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert (counts["killed"], counts["restarts"], counts["partitions"]) == (1, 1, 1)
    assert counts["told"] > 0
