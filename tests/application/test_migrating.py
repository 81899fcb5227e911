"""Watches go where the bugs of a bug tracker went, by rule."""

import re

import pytest
from tests.application.remote import BUGZILLA, bug_url

from malonewatch.application import trackers, watches
from malonewatch.application.migrating import Rule, migrate
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import BadInput, NotFoundError

NAME = "auto-bugzilla.example.com"
NEW = "https://gitlab.example.org"
RULE = Rule(NEW, "gitlab", r"([1-9])", r"group/project#10\1")


@pytest.fixture
def watched(database, tell):
    watches.watch(database, [bug_url(1)], 1)
    watches.watch(database, [bug_url(20)], 1)
    tell(NAME, "1", "NEW", title="It crashes")


def places(stored):
    return {number: place[1:] for number, place in stored().watches.items()}


def test_watches_go_by_rule_and_keep_what_they_have(database, watched, stored):
    migration = migrate(database, NAME, RULE)
    (there,) = migration.registered
    assert (there.baseurl, there.bugtrackertype) == (NEW, "GITLAB")
    assert [each.after.remotebug for each in migration.migrated] == ["group/project#101"]
    assert [facts.remotebug for facts in migration.stay] == ["20"]
    assert places(stored) == {1: (there.name, "group/project#101"), 2: (NAME, "20")}
    details = watches.show(database, "1")
    assert (details.facts.remotestatus, details.facts.remote_title) == ("NEW", "It crashes")
    assert "It was a watch on" in details.activity[0].message
    assert trackers.show(database, there.name).facts.due == 1


def test_a_dry_run_says_the_same_and_changes_nothing(database, watched, stored):
    before = stored()
    migration = migrate(database, NAME, RULE, dry_run=True)
    assert len(migration.migrated) == len(migration.registered) == 1
    assert (stored().watches, stored().trackers) == (before.watches, before.trackers)


def test_ids_stay_as_they_are_unless_a_rule_says_otherwise(database, watched, stored):
    migrate(database, NAME, Rule("https://bugs.example.org"))
    assert {place[1] for place in places(stored).values()} == {"1", "20"}
    assert migrate(database, NAME, Rule("https://bugs.example.org")).migrated == ()


def test_what_is_there_already_stays_there(database, watched):
    migration = migrate(database, NAME, Rule(BUGZILLA))
    assert (migration.migrated, len(migration.stay)) == ((), 2)


def test_an_id_that_would_be_empty_is_none(database, watched):
    assert migrate(database, NAME, Rule(NEW, "GITLAB", "1(x)?", r"\1")).migrated == ()


def test_two_watches_of_a_bug_on_the_same_one_become_one(database, watched, stored):
    trackers.add(database, NEW, TrackerChanges(type_name="GITLAB", name="new"))
    watches.watch(database, [f"{NEW}/group/project/-/issues/101"], 1)
    (migrated,) = migrate(database, NAME, RULE).migrated
    assert (migrated.before.id, migrated.after.id, migrated.merged) == (1, 3, True)
    assert places(stored) == {2: (NAME, "20"), 3: ("new", "group/project#101")}


def test_without_a_rule_those_go_whose_bugs_were_seen_to_move(database, watched, tell, stored):
    trackers.edit(database, NAME, TrackerChanges(follows=False))
    trackers.add(database, "https://bugs.example.org", TrackerChanges("new", "BUGZILLA"))
    tell(NAME, "20", "NEW", moved_to="https://bugs.example.org/show_bug.cgi?id=7")
    migration = migrate(database, NAME, Rule())
    assert (len(migration.migrated), migration.registered) == (1, ())
    assert places(stored) == {1: (NAME, "1"), 2: ("new", "7")}


def test_where_they_moved_is_registered(database, watched, tell, stored):
    tell(NAME, "1", "NEW", moved_to="https://new.example.org/show_bug.cgi?id=7")
    (there,) = migrate(database, NAME, Rule()).registered
    assert places(stored)[1] == (there.name, "7")


@pytest.mark.parametrize("to", ["https://example.org/", "https://example.org/issues/7"])
def test_what_may_be_no_bug_or_of_other_software_is_not_gone_to(database, watched, tell, to):
    tell(NAME, "1", "NEW", moved_to=to)
    migration = migrate(database, NAME, Rule())
    assert (migration.migrated, len(migration.stay)) == ((), 2)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Rule(NEW, "GITLAB", "(", ""), "The pattern or the id cannot be used"),
        (Rule(NEW, "GITLAB", ".*", r"\1"), "The pattern or the id cannot be used"),
        (Rule(NEW, "GITLAB", ".*", r"\g<name>"), "The pattern or the id cannot be used"),
        (Rule(pattern="1"), "at a base URL"),
        (Rule(NEW, "nonsense"), "nonsense"),
        (Rule("nonsense"), "nonsense"),
        (Rule(BUGZILLA, "TRAC"), f"tracker move {NAME} {BUGZILLA} --type TRAC"),
    ],
)
def test_what_cannot_be_used_is_refused(database, watched, rule, why):
    with pytest.raises(BadInput, match=re.escape(why)):
        migrate(database, NAME, rule)


def test_a_bug_tracker_that_is_not_there_is_refused(database, watched):
    with pytest.raises(NotFoundError):
        migrate(database, "nope", RULE)
