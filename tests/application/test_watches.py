import dataclasses
from datetime import timedelta

import pytest
from tests.application.remote import BUGZILLA, apply, bug_url
from zope.component import getUtility

from malonewatch.application import trackers, watches
from malonewatch.application.bugs import retitle
from malonewatch.application.facts import now
from malonewatch.application.finding import find_bugs
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerType,
    BugWatchErrorType,
    BugWatchTaken,
    Certainty,
    IBugWatchSet,
    NotFoundError,
    Refused,
    RemoteBugError,
)

NAME = "auto-bugzilla.example.com"
THING = "https://things.example.com/thing/7"
THINGS = "https://things.example.com"


def test_bugs_are_watched_for_a_new_bug_and_their_bug_tracker_is_registered(database, stored):
    watched = watches.watch(database, [bug_url(1), bug_url(2)], title=" It is broken ")
    (registration,) = watched.registered
    assert registration.tracker.name == NAME
    assert registration.certainty is Certainty.SHAPE
    assert (watched.bug.id, watched.bug.title, watched.is_new) == (1, "It is broken", True)
    assert [facts.remotebug for facts in watched.watches] == ["1", "2"]
    assert [facts.name for facts in watched.trackers] == [NAME]
    assert stored().watches == {1: (1, NAME, "1"), 2: (1, NAME, "2")}


def test_a_guess_that_the_server_confirmed_is_registered_on_purpose(database, software, trackers):
    software.said["FIRST", THINGS] = "It says First."
    (registration,) = watches.watch(database, [THING]).registered
    assert registration.identified == "It says First."
    assert registration.certainty is Certainty.GUESS
    assert not trackers(lambda every: every.getByBaseURL(THINGS).guessed)


def test_what_is_watched_already_is_left_as_it_is(database, stored):
    watches.watch(database, [bug_url(1)])
    again = watches.watch(database, [bug_url(1)])
    assert (again.bug, again.watches, again.is_new) == (None, (), False)
    assert [facts.id for facts in again.existing] == [1]
    assert len(stored().watches) == 1


def test_another_bug_may_depend_on_the_same_remote_bug(database, stored):
    watches.watch(database, [bug_url(1)])
    watched = watches.watch(database, [bug_url(1)], bug_id=7)
    assert (watched.bug.id, watched.is_new, watched.existing) == (7, True, ())
    assert [each[0] for each in stored().watches.values()] == [1, 7]
    again = watches.watch(database, [bug_url(1)], bug_id=7)
    assert [facts.bug for facts in again.existing] == [7]


def test_two_urls_of_one_bug_are_watched_once(database, stored):
    watched = watches.watch(database, [bug_url(1), bug_url("0001")])
    assert len(watched.watches) == 1
    assert watched.existing == ()
    assert len(stored().watches) == 1


def test_no_bug_is_retitled_along_the_way(database, stored):
    watches.watch(database, [bug_url(1)], title="Old")
    for bug_id in (None, 1):
        watched = watches.watch(database, [bug_url(1)], bug_id=bug_id, title="New")
        assert watched.keep_title == (1,)
    assert watches.watch(database, [bug_url(1)], title="Old").keep_title == ()
    assert stored().bugs == {1: "Old"}


def test_a_bug_without_a_title_gets_one(database, stored):
    watches.watch(database, [bug_url(1)])
    watched = watches.watch(database, [bug_url(1)], bug_id=1, title="New")
    assert (watched.keep_title, watched.bug.title) == ((), "New")
    assert stored().bugs == {1: "New"}


def test_a_title_of_two_lines_is_refused(database, stored):
    for function, what in ((watches.watch, [bug_url(1)]), (watches.watch_text, bug_url(1))):
        with pytest.raises(BadInput):
            function(database, what, title="two\nlines")
    assert stored().bugs == {}


def test_one_that_cannot_be_watched_spoils_all_and_is_named(database, stored):
    long = bug_url("x" * 300)
    with pytest.raises(Refused) as raised:
        watches.watch(database, [bug_url(1), long])
    assert len(raised.value.sentences) == 1
    assert raised.value.given == 2
    assert stored().watches == stored().bugs == stored().trackers == {}


def test_all_that_cannot_be_added_is_named(database, stored, software, monkeypatch):
    software.said["FIRST", THINGS] = "First"
    long, thing = f"{THINGS}/thing/{'1' * 300}", f"{THINGS}/thing/1"
    found = find_bugs(database, [bug_url(1), long, thing])
    found[2] = dataclasses.replace(found[2], bugtrackertype=BugTrackerType("SECOND"))
    monkeypatch.setattr(watches, "find_bugs", lambda database, urls: found)
    with pytest.raises(Refused, match="looks like a bug in a bug tracker of type SECOND") as raised:
        watches.watch(database, [bug_url(1), long, thing])
    assert len(raised.value.sentences) == 2
    assert raised.value.given == 3
    assert stored().watches == stored().trackers == {}


def test_a_url_that_another_type_of_bug_tracker_is_registered_at_is_refused(database, stored):
    changes = trackers.TrackerChanges(type_name="TRAC")
    trackers.add(database, BUGZILLA, changes)
    with pytest.raises(Refused, match="is not the URL of a bug"):
        watches.watch(database, [bug_url(1)])
    assert stored().watches == {}


def test_a_guessed_bug_tracker_that_a_person_names_is_one_no_longer(database):
    watches.watch_text(database, bug_url(1))
    watched = watches.watch(database, [bug_url(1)])
    assert watched.approved == (NAME,)
    assert watches.watch(database, [bug_url(1)]).approved == ()


# Texts.


def test_the_bugs_in_a_text_are_watched_and_their_bug_trackers_guessed(database, stored):
    watched = watches.watch_text(database, f"See {bug_url(1)} and <{bug_url(2)}>.", title="Both")
    assert watched.is_new
    assert [facts.remotebug for facts in watched.watches] == ["1", "2"]
    assert [facts.guessed for facts in watched.trackers] == [True]
    assert stored().bugs == {1: "Both"}


def test_a_text_with_nothing_new_adds_nothing(database, stored):
    watches.watch(database, [bug_url(1)], title="Title")
    watched = watches.watch_text(database, bug_url(1), bug_id=1, title="Other")
    assert (watched.watches, watched.is_new, watched.keep_title) == ((), False, (1,))


def test_a_text_without_urls_of_bugs_makes_no_bug(database, stored):
    with pytest.raises(BadInput, match="no URL of a bug in the text"):
        watches.watch_text(database, "https://example.com/", bug_id=3)
    assert stored().bugs == {}


def test_what_may_be_a_bug_is_proposed_and_not_watched(database, stored, software):
    watched = watches.watch_text(database, f"See {THING} and {bug_url(1)}.")
    assert [facts.remotebug for facts in watched.watches] == ["1"]
    (proposal,) = watched.proposals
    assert (proposal.url, proposal.bugtrackertype) == (THING, "FIRST")
    assert software.asked == []


def test_a_text_with_nothing_but_proposals_makes_no_bug(database, stored, software):
    watched = watches.watch_text(database, THING, bug_id=3)
    assert (watched.bug, len(watched.proposals)) == (None, 1)
    assert stored().bugs == stored().trackers == {}


# Looking at them.


@pytest.fixture
def watched(database):
    """Watch 1 of bug 1, watches 2 and 3 of bugs 1 and 2 on one remote bug."""
    watches.watch(database, [bug_url(1), bug_url(2)], bug_id=1, title="First")
    watches.watch(database, [bug_url(2)], bug_id=2)


def test_watches_are_found_by_number_and_by_url_each_once(database, watched):
    found = watches.find(database, ["1", bug_url(1), "003"])
    assert [facts.id for facts in found] == [1, 3]


def test_one_of_several_bugs_has_to_be_named(database, watched):
    with pytest.raises(Refused, match=r"several bugs \(1, 2\); name one with --bug"):
        watches.find(database, [bug_url(2)])
    assert [facts.id for facts in watches.find(database, [bug_url(2)], bug_id=2)] == [3]
    with pytest.raises(Refused, match="is not watched for bug 9"):
        watches.find(database, [bug_url(2)], bug_id=9)


def test_each_that_is_not_there_is_named(database, watched):
    with pytest.raises(Refused) as raised:
        watches.find(database, ["99", "1", "nonsense", bug_url(77), "9" * 5000])
    assert len(raised.value.sentences) == 4
    assert raised.value.given == 5
    assert "5000 digits" in raised.value.sentences[-1]


def test_all_that_is_known_of_one_is_shown(database, watched, tell):
    tell(NAME, "1", "NEW", title="Flicker")
    details = watches.show(database, "1")
    facts = details.facts
    assert (facts.remote, facts.title, facts.meaning) == (f"{NAME} #1", "Flicker", "NEW (New)")
    assert facts.url == bug_url(1)
    assert facts.meaning_before == ""
    assert [entry.kind for entry in details.activity] == ["status"]


def test_the_bug_of_a_forge_has_its_number_at_the_end(database):
    watched = watches.watch(database, ["https://sourceforge.net/p/example/bugs/12/"])
    assert watched.watches[0].remote == "auto-sourceforge.net example/bugs#12"


def test_one_that_is_not_there_is_not_found(database, watched):
    with pytest.raises(NotFoundError):
        watches.show(database, "99")


def test_what_a_status_was_before_is_shown(database, watched, tell):
    tell(NAME, "1", "NEW")
    tell(NAME, "1", "ASSIGNED")
    facts = watches.show(database, "1").facts
    assert (facts.old_remotestatus, facts.old_status.name) == ("NEW", "NEW")
    assert facts.meaning_before == "NEW (New)"


def test_as_long_as_nothing_is_known_our_title_stands_for_theirs(database, watched):
    facts = watches.show(database, "1").facts
    assert (facts.title, facts.meaning) == ("First", "not known yet")


# Forgetting and moving them.


def test_several_are_forgotten_at_once(database, watched, stored):
    watches.unwatch(database, [1, 3])
    assert list(stored().watches) == [2]


def test_if_one_is_gone_none_is_forgotten(database, watched, stored):
    with pytest.raises(Refused, match="no bug watch 99"):
        watches.unwatch(database, [1, 99])
    assert list(stored().watches) == [1, 2, 3]


def test_a_watch_is_moved_to_another_bug_and_keeps_its_number(database, watched, stored, tell):
    tell(NAME, "1", "NEW")
    moved = watches.move(database, "1", "https://trac.example.org/ticket/5")
    assert moved.before.remote == f"{NAME} #1"
    assert moved.after.remote == "auto-trac.example.org #5"
    assert moved.registered.tracker.bugtrackertype == "TRAC"
    assert moved.after.remotestatus is None
    assert stored().watches[1] == (1, "auto-trac.example.org", "5")


def test_a_watch_is_not_moved_onto_another_of_its_bug(database, watched, stored):
    with pytest.raises(BugWatchTaken):
        watches.move(database, "1", bug_url(2))
    assert watches.move(database, bug_url(2), bug_url(3), bug_id=2).registered is None
    assert stored().watches[3] == (2, NAME, "3")


def test_a_watch_is_not_moved_to_nowhere(database, watched, stored):
    with pytest.raises(BadInput):
        watches.move(database, "1", "https://example.com/")
    assert stored().watches[1] == (1, NAME, "1")


def test_errors_are_shown_as_sentences(database, watched):
    error = RemoteBugError("1", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 1.")
    database.write(lambda trackers: apply(trackers[NAME], error))
    facts = watches.show(database, "1").facts
    assert facts.last_error == "There is no bug 1."
    assert facts.help.startswith("Look whether")
    assert retitle(database, 1, "x")[1].failing == 1


def test_an_error_of_which_the_history_says_nothing_is_shown_by_its_title(database, watched):
    def step(trackers):
        error = RemoteBugError("1", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 1.")
        apply(trackers[NAME], error)
        getUtility(IBugWatchSet).get(1).pruneActivity(now() + timedelta(days=1))

    database.write(step)
    assert watches.show(database, "1").facts.last_error == "Bug not found."


def test_the_sentence_is_that_of_the_error_and_not_of_a_later_one(database, watched):
    def step(trackers):
        for error_type in (BugWatchErrorType.BUG_NOT_FOUND, BugWatchErrorType.INVALID_BUG_ID):
            apply(trackers[NAME], RemoteBugError("1", error_type, f"It is {error_type.name}."))
        getUtility(IBugWatchSet).get(1).last_error_type = BugWatchErrorType.BUG_NOT_FOUND

    database.write(step)
    assert watches.show(database, "1").facts.last_error == "It is BUG_NOT_FOUND."


def test_an_error_that_the_bug_tracker_has_no_longer_is_shown_by_its_title(database, watched):
    def step(trackers):
        getUtility(IBugWatchSet).get(1).last_error_type = BugWatchErrorType.TIMEOUT

    database.write(step)
    assert watches.show(database, "1").facts.last_error == "Connection timed out."


def test_an_error_of_the_bug_tracker_is_shown_at_the_watch(database, watched):
    trouble = BugTrackerConnectError("It cannot be reached.")
    database.write(lambda trackers: apply(trackers[NAME], trouble=trouble, missing=("1",)))
    assert watches.show(database, "1").facts.last_error == "It cannot be reached."
