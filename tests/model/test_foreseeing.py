"""A dry run comes to what the run comes to, where watches are followed."""

import pytest

from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)

from ..fetching import apply, fetched, preview

HERE, THERE = (f"https://{name}.example.com/show_bug.cgi?id=" for name in ("bugs", "others"))
OPEN, FIXED = BugTaskStatus.CONFIRMED, BugTaskStatus.FIXRELEASED


def bug_is(name, status=OPEN, **values):
    return RemoteBug(name, f"{status.name} {name}", status, **values)


def duplicate(name, of):
    return RemoteBug(name, "DUPLICATE", BugTaskStatus.INVALID, duplicate_of=of)


def moved(name, to):
    return RemoteBugError(name, BugWatchErrorType.BUG_MOVED, f"It moved to {to}.", to)


@pytest.fixture
def others(make_tracker):
    return make_tracker("others")


@pytest.fixture
def foresee(clock):
    """Has bug trackers asked in a dry run, for pairs of one and names, and for what follows; what
    would change."""

    def foresee(*asked, says):
        foreseen, changes = None, []

        def step(tracker, names):
            nonlocal foreseen
            given = fetched(tracker, [says[name] for name in names], clock.now())
            applied = tracker.preview(given, foreseen=foreseen)
            foreseen = applied.foreseen
            return applied

        for tracker, names in asked:
            changes += _ask(step, tracker, names)
        return changes

    return foresee


@pytest.fixture
def run(clock):
    """Has them asked in a run."""

    def run(*asked, says):
        def step(tracker, names):
            return apply(tracker, [says[name] for name in names], clock.now())

        changes = []
        for tracker, names in asked:
            changes += _ask(step, tracker, names)
        return changes

    return run


def _ask(step, tracker, names):
    """As a run does: what is to be asked for next is, once."""
    changes, done = [], set()
    while names:
        done.update(names)
        applied = step(tracker, names)
        changes += applied.changes
        names = [name for name in applied.follow if name not in done]
    return changes


def _last(changes):
    return {change.remotebug: change.new_remotestatus for change in changes}


WAYS = {
    "to the survivor": {"42": duplicate("42", "7"), "7": bug_is("7", FIXED)},
    "over several": {
        "42": duplicate("42", "7"),
        "7": duplicate("7", "8"),
        "8": bug_is("8"),
    },
    "in a circle": {"42": duplicate("42", "7"), "7": duplicate("7", "42")},
    "to what cannot be read": {
        "42": duplicate("42", "7"),
        "7": RemoteBugError("7", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private."),
    },
    "to what says nothing": {"42": duplicate("42", "7"), "7": RemoteBugUnchanged("7")},
    "to nowhere": {"42": duplicate("42", "https://nobody.example.com/show_bug.cgi?id=7")},
    "to another id": {"42": moved("42", HERE + "7"), "7": bug_is("7", FIXED)},
    "to another id, as it says itself": {
        "42": bug_is("42", moved_to=HERE + "7"),
        "7": bug_is("7", FIXED),
    },
    "to a duplicate": {
        "42": moved("42", HERE + "7"),
        "7": duplicate("7", "8"),
        "8": bug_is("8", FIXED),
    },
    "to where it is": {"42": moved("42", HERE + "42")},
    "to what is not there": {
        "42": moved("42", HERE + "7"),
        "7": RemoteBugError("7", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private."),
    },
}


@pytest.mark.parametrize(
    "known", [None, bug_is("42"), bug_is("42", FIXED)], ids=["new", "open", "fixed"]
)
@pytest.mark.parametrize("says", WAYS.values(), ids=list(WAYS))
@pytest.mark.usefixtures("watch")
def test_what_follows_is_foreseen(foresee, run, tracker, known, says):
    if known is not None:
        run((tracker, ["42"]), says={"42": known})
    foreseen = foresee((tracker, ["42"]), says=says)
    assert foreseen == run((tracker, ["42"]), says=says)


@pytest.mark.usefixtures("watch")
def test_the_change_is_shown(foresee, tracker):
    duplicated, survived = foresee((tracker, ["42"]), says=WAYS["to the survivor"])
    assert duplicated[2:6] == ("bugs", "42", None, "DUPLICATE")
    assert survived[2:6] == ("bugs", "42", "DUPLICATE", "FIXRELEASED 7")
    (went,) = foresee((tracker, ["42"]), says=WAYS["to another id"])
    assert went[2:6] == ("bugs", "7", None, "FIXRELEASED 7")


def test_what_is_followed_already_is_foreseen(foresee, run, watch, tracker):
    says = {"42": duplicate("42", "7"), "7": bug_is("7")}
    run((tracker, ["42"]), says=says)
    says["7"] = bug_is("7", FIXED)
    asked = tracker, ["42", "7"]
    foreseen = foresee(asked, says=says)
    assert [change.new_status for change in foreseen] == [FIXED]
    assert foreseen == run(asked, says=says)


def test_it_is_followed_no_more_if_it_is_no_duplicate_any_more(foresee, run, watch, tracker):
    run((tracker, ["42"]), says={"42": duplicate("42", "7"), "7": bug_is("7")})
    says = {"42": bug_is("42"), "7": bug_is("7", FIXED)}
    asked = (tracker, ["7"]), (tracker, ["42"])
    foreseen = foresee(*asked, says=says)
    assert [change.new_remotestatus for change in foreseen] == ["FIXRELEASED 7", "CONFIRMED 42"]
    together = tracker, ["42", "7"]
    foreseen = foresee(together, says=says)
    assert [change.new_remotestatus for change in foreseen] == ["CONFIRMED 42"]
    assert foreseen == run(together, says=says)


def test_what_was_said_before_in_the_run_is_known(foresee, run, add_watches, tracker):
    add_watches(3)
    # Asked before what duplicates it, and watched itself.
    says = {"1": bug_is("1", FIXED), "2": duplicate("2", "1"), "0": duplicate("0", "2")}
    asked = (tracker, ["1"]), (tracker, ["2"]), (tracker, ["0"])
    foreseen, came = _last(foresee(*asked, says=says)), _last(run(*asked, says=says))
    assert foreseen == came == dict.fromkeys(["0", "1", "2"], "FIXRELEASED 1")


def test_it_may_be_on_another_bug_tracker(foresee, run, watch, tracker, others):
    says = {"42": duplicate("42", THERE + "7"), "7": bug_is("7", FIXED)}
    asked = (tracker, ["42"]), (others, ["7"])
    foreseen = foresee(*asked, says=says)
    assert len(foreseen) == 2
    assert foreseen == run(*asked, says=says)


def test_it_may_go_to_another_bug_tracker(foresee, run, watch, tracker, others):
    says = {"42": moved("42", THERE + "7"), "7": bug_is("7", FIXED)}
    asked = (tracker, ["42"]), (others, ["7"])
    (change,) = foresee(*asked, says=says)
    assert change[2:4] == ("others", "7")
    assert run(*asked, says=says) == [change]


def test_where_its_bug_has_a_watch_already_it_is_one_with_that(foresee, run, watch, bug, tracker):
    bug.addWatch(tracker, "7", None)
    run((tracker, ["7"]), says={"7": bug_is("7")})
    says = {"42": moved("42", HERE + "7"), "7": bug_is("7")}
    assert foresee((tracker, ["42"]), says=says) == run((tracker, ["42"]), says=says) == []


@pytest.mark.usefixtures("watch")
def test_where_nothing_is_followed_nothing_is_foreseen(foresee, run, tracker):
    tracker.follows = False
    for says in (WAYS["to the survivor"], WAYS["to another id"]):
        assert foresee((tracker, ["42"]), says=says) == run((tracker, ["42"]), says=says)


def test_what_is_held_is_not_foreseen(foresee, run, watch, add_watches, tracker):
    watches = add_watches(25)
    names = [watch.remotebug for watch in watches]
    run((tracker, names), says={name: bug_is(name) for name in names})
    says = {name: bug_is(name, FIXED) for name in names} | {"42": duplicate("42", "0")}
    foreseen = foresee((tracker, [*names, "42"]), says=says)
    assert [change.new_remotestatus for change in foreseen] == ["CONFIRMED 0"]


def test_what_is_removed_meanwhile_is_left_out(tracker, watch, watches, trackers, others, clock):
    for to, remove in (
        (THERE + "7", lambda: trackers.remove(others)),
        (HERE + "7", lambda: watches.removeBugWatch(watch)),
    ):
        foreseen = preview(tracker, [moved("42", to)], clock.now()).foreseen
        remove()
        given = fetched(tracker, [bug_is("7")], clock.now())
        assert tracker.preview(given, foreseen=foreseen).changes == []


def test_nothing_is_written(tracker, watch, clock, events):
    for outcome in (duplicate("42", "7"), moved("42", HERE + "7")):
        preview(tracker, [outcome], clock.now())
    assert (tracker.followed, watch.remotebug, watch.activity, events) == (None, "42", [], [])
