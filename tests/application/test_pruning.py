from datetime import timedelta

import pytest
from zope.component import getUtility

from malonewatch.application import pruning
from malonewatch.application.facts import now
from malonewatch.application.pruning import Pruned, prune
from malonewatch.application.watches import show, watch
from malonewatch.interfaces import BadInput, IBugWatchSet


@pytest.fixture
def watched(database, monkeypatch):
    """Three watches, looked at two at a time."""
    monkeypatch.setattr(pruning, "PAGE", 2)
    urls = [f"https://bugs.example.com/show_bug.cgi?id={number}" for number in (1, 2, 3)]
    watch(database, urls, bug_id=1)
    return database


@pytest.fixture
def log(watched):
    """Adds entries to the history of a watch, of so many days ago."""

    def add(number, *days):
        moments = [(now() - timedelta(days=each)).timestamp() for each in days]

        def step(trackers):
            found = getUtility(IBugWatchSet).get(number)
            for moment in moments:
                found.log(moment, "note", "Something happened")

        watched.write(step)

    return add


def dates(database, number):
    return [
        round((now() - each.date) / timedelta(days=1))
        for each in show(database, str(number)).activity
    ]


def test_what_is_older_is_forgotten(watched, log):
    log(1, 30, 20, 10)
    log(3, 40)
    reports = []
    pruned = prune(watched, now() - timedelta(days=15), lambda *report: reports.append(report))
    assert pruned == Pruned(3, 2)
    assert reports == [(2, 3), (3, 3)]
    assert (dates(watched, 1), dates(watched, 3)) == ([10], [])
    assert prune(watched, now() - timedelta(days=15)) == Pruned(0, 0)


def test_where_nothing_is_watched_nothing_is_forgotten(database):
    assert prune(database, now()) == Pruned(0, 0)


def test_what_is_to_come_cannot_be_forgotten(watched, log):
    log(1, 1)
    with pytest.raises(BadInput, match="is still to come"):
        prune(watched, now() + timedelta(days=1))
    assert dates(watched, 1) == [1]
