import pytest
from tests.application.remote import BUGZILLA, apply, bug_url
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.application import trackers, watches
from malonewatch.application.asking import check, find_targets
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import (
    Applied,
    BugTaskStatus,
    BugTrackerConnectError,
    Checked,
    IBugWatchChecker,
    NotFoundError,
    Refused,
    RemoteBug,
)

NAME = "auto-bugzilla.example.com"


@pytest.fixture
def watched(database):
    """Watches 1 and 3 on bug 1 of a Bugzilla, 2 on its bug 2, 4 on a Trac."""
    watches.watch(database, [bug_url(1), bug_url(2)], bug_id=1)
    watches.watch(database, [bug_url(1), "https://trac.example.org/ticket/5"], bug_id=2)
    return database


def targets(database, *what, **options):
    return [
        (target.name, target.remotebugs, tuple(facts.id for facts in target.watches))
        for target in find_targets(database, what, **options)
    ]


def test_a_watch_stands_for_its_remote_bug_and_all_watches_on_that(watched):
    expected = [(NAME, ("1",), (1, 3))]
    assert targets(watched, "1") == targets(watched, bug_url(1)) == expected


def test_a_bug_tracker_stands_for_all_its_watches(watched):
    expected = [(NAME, ("1", "2"), (1, 2, 3))]
    assert targets(watched, NAME) == targets(watched, BUGZILLA) == expected


def test_several_are_put_together_by_bug_tracker(watched):
    assert targets(watched, "2", "4", "1", bug_url(2)) == [
        (NAME, ("2", "1"), (2, 1, 3)),
        ("auto-trac.example.org", ("5",), (4,)),
    ]
    assert targets(watched, "2", NAME) == [(NAME, ("1", "2"), (1, 2, 3))]


def test_a_number_that_is_a_name_too_is_ambiguous(watched):
    trackers.edit(watched, NAME, TrackerChanges(name="11"))
    assert targets(watched, "11") == [("11", ("1", "2"), (1, 2, 3))]
    trackers.edit(watched, "11", TrackerChanges(name="04"))
    trackers.edit(watched, "04", TrackerChanges(name="40"))
    urls = [bug_url(number) for number in range(10, 50)]
    watches.watch(watched, urls, bug_id=3)
    with pytest.raises(Refused, match="a watch 40 and a bug tracker named '40'"):
        targets(watched, "40")
    ((name, remotebugs, _),) = targets(watched, "40", are_trackers=True)
    assert (name, len(remotebugs)) == ("40", 42)


def test_each_that_cannot_be_asked_for_is_named(watched):
    trackers.edit(watched, "auto-trac.example.org", TrackerChanges(active=False))
    bad = ["99", "nope", bug_url(77), "https://nope.example.com", "4", "9" * 5000]
    with pytest.raises(Refused) as raised:
        targets(watched, "1", *bad)
    assert len(raised.value.sentences) == len(bad)
    assert "malonewatch tracker enable auto-trac.example.org" in raised.value.sentences[4]
    with pytest.raises(Refused, match="no bug tracker named '1'"):
        targets(watched, "1", are_trackers=True)


@pytest.fixture
def checker():
    """Puts something in the place of what asks."""
    registry = getGlobalSiteManager()
    before = getUtility(IBugWatchChecker)
    yield lambda function: registry.registerUtility(function, IBugWatchChecker)
    registry.registerUtility(before, IBugWatchChecker)


def test_what_was_answered_is_told_from_what_was_not(watched, checker):
    trouble = BugTrackerConnectError("It cannot be reached.")

    def ask(database, tracker, remotebugs, progress):
        assert (tracker, remotebugs) == (NAME, ("1", "2"))
        remote = RemoteBug("1", "NEW", BugTaskStatus.NEW)
        database.write(lambda trackers: apply(trackers[tracker], remote))
        progress(2, 3)
        return Checked(Applied(checked=2), trouble=trouble)

    checker(ask)
    (target,) = find_targets(watched, [NAME])
    seen = []
    result = check(watched, target, lambda *args: seen.append(args))
    assert seen == [(2, 3)]
    assert [answered.after.id for answered in result.answered] == [1, 3]
    assert result.answered[0].before.remotestatus is None
    assert result.answered[0].after.remotestatus == "NEW"
    assert result.checked.trouble is trouble


def test_a_watch_that_went_meanwhile_has_no_answer(watched, checker):
    def ask(database, tracker, remotebugs, progress):
        apply_to = RemoteBug("1", "NEW", BugTaskStatus.NEW)
        database.write(lambda trackers: apply(trackers[tracker], apply_to))
        watches.unwatch(database, [1])
        return Checked(Applied())

    checker(ask)
    (target,) = find_targets(watched, ["1"])
    assert [answered.after.id for answered in check(watched, target).answered] == [3]


def test_the_error_of_the_bug_tracker_is_no_answer(watched, checker):
    trouble = BugTrackerConnectError("It cannot be reached.")

    def ask(database, tracker, remotebugs, progress):
        database.write(
            lambda trackers: apply(trackers[tracker], trouble=trouble, missing=remotebugs)
        )
        return Checked(Applied(), trouble=trouble)

    checker(ask)
    (target,) = find_targets(watched, ["1"])
    assert check(watched, target).answered == ()


def test_a_bug_tracker_that_went_meanwhile_is_not_found(watched, checker):
    def ask(database, tracker, remotebugs, progress):
        raise NotFoundError("There is no bug tracker named 'x'.")

    checker(ask)
    (target,) = find_targets(watched, ["1"])
    with pytest.raises(NotFoundError):
        check(watched, target)
