import inspect
import pkgutil
from datetime import datetime, timedelta, timezone
from importlib import import_module

import pytest
from tests.application.remote import apply
from zope.component import getUtility

import malonewatch.application
from malonewatch.acting import Actor, acting
from malonewatch.application import (
    audit,
    bugs,
    moving,
    people,
    subscribing,
    tokens,
    trackers,
    transfer,
    watches,
    words,
)
from malonewatch.application.migrating import Rule, migrate
from malonewatch.application.remote import marked
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import (
    BadInput,
    BrakeSettings,
    BugTaskStatus,
    DestinationSettings,
    IAuditLog,
    IBugTrackerSet,
    RemoteBug,
    Role,
    Scope,
    Target,
    TargetKind,
)

BUG = "https://bugzilla.example.com/show_bug.cgi?id={}".format

pytestmark = pytest.mark.usefixtures("quick_hashes")


def entries(database, **more):
    return [entry for page in audit.list_entries(database, **more) for entry in page]


@pytest.fixture
def told(database):
    """What was done since this was asked for last, the oldest first."""
    seen = []

    def told():
        found = entries(database)[::-1]
        new = found[len(seen) :]
        seen.extend(new)
        return [(entry.action, entry.target, entry.detail) for entry in new]

    return told


def test_it_says_who_did_it_and_when(database):
    watches.watch(database, [BUG(7)])
    with acting(Actor("desk", "anna")):
        bugs.retitle(database, 1, "The mill stands still")
    entry, before, *_ = entries(database)
    assert (entry.face, entry.actor, entry.action) == ("desk", "anna", "retitle")
    assert (before.face, before.actor, before.action) == ("program", "", "watch")
    assert before.moment <= entry.moment


def test_watching_is_told(database, told):
    watches.watch(database, [BUG(7), BUG(8)], 3, "Mill")
    remote = "auto-bugzilla.example.com"
    assert told() == [
        ("add", f"tracker {remote}", "https://bugzilla.example.com"),
        ("watch", "watch 1 for bug 3", f"{remote} #7"),
        ("watch", "watch 2 for bug 3", f"{remote} #8"),
    ]
    watches.watch_text(database, BUG(9), 3)
    watches.watch_text(database, BUG(9), 3)
    watches.unwatch(database, [2])
    watches.move(database, "1", BUG(10))
    bugs.retitle(database, 3, "Mill")
    bugs.retitle(database, 3, "Wind mill")
    transfer.import_lines(database, transfer.read_lines(f"url\n{BUG(11)}\n"))
    bugs.delete(database, [3])
    assert told() == [
        ("watch", "watch 3 for bug 3", f"{remote} #9"),
        ("unwatch", "watch 2 for bug 3", f"{remote} #8"),
        ("move", "watch 1 for bug 3", f"from {remote} #7 to {remote} #10"),
        ("retitle", "bug 3", "was 'Mill', is 'Wind mill'"),
        ("import", "1 lines", "1 watches added"),
        ("delete", "bug 3", "Wind mill"),
    ]


def test_bug_trackers_are_told(database, told, tell):
    watches.watch_text(database, BUG(7))
    guessed = "auto-bugzilla.example.com"
    trackers.add(database, "https://bugzilla.example.com")
    trackers.add(
        database, "https://b.example.com", TrackerChanges(name="other", type_name="BUGZILLA")
    )
    trackers.edit(database, "other", TrackerChanges(title="B", active=False))
    trackers.edit(database, "other", TrackerChanges(title="B"))
    words.map_word(database, guessed, "OPEN", BugTaskStatus.NEW)
    words.map_word(database, guessed, "OPEN", None)
    words.reread_words(database)
    trackers.accept_changes(database, "other")
    moving.move(database, "other", "https://c.example.com", dry_run=True)
    moving.move(database, "other", "https://c.example.com")
    moving.merge(database, guessed, "other")
    migrate(database, "other", Rule(), dry_run=True)
    migrate(database, "other", Rule())
    watches.unwatch(database, [1])
    trackers.remove(database, "other")
    assert told()[1:] == [
        ("approve", f"tracker {guessed}", "https://bugzilla.example.com"),
        ("add", "tracker other", "https://b.example.com"),
        ("edit", "tracker other", "title, active"),
        ("map", f"tracker {guessed}", "'OPEN': NEW"),
        ("map", f"tracker {guessed}", "'OPEN': as its type has it"),
        ("move", "tracker other", "from https://b.example.com to https://c.example.com"),
        ("merge", f"tracker {guessed}", "into other, 1 watches"),
        ("migrate", "tracker other", "0 watches"),
        ("unwatch", "watch 1 for bug 1", "other #7"),
        ("remove", "tracker other", "https://c.example.com"),
    ]


def test_what_is_read_anew_and_accepted_is_told(database, told, tell):
    name = "auto-bugzilla.example.com"
    watches.watch(database, [BUG(7)])
    tell(name, "7", "RESOLVED FIXED", BugTaskStatus.NEW, resolution="FIXED", closed=True)

    def hold(trackers):
        trackers.brake_settings = BrakeSettings(least=1)
        apply(trackers[name], RemoteBug("7", "CLOSED", BugTaskStatus.INVALID))

    told()
    words.reread_words(database)
    tell(name, "7", "NEW")
    database.write(hold)
    trackers.accept_changes(database, name)
    assert told() == [
        ("reread", f"tracker {name}", "1 changes"),
        ("accept changes", f"tracker {name}", "1"),
    ]


def test_who_is_told_of_what_is_told_but_not_where(database, told):
    watches.watch(database, [BUG(7)])
    told()
    settings = DestinationSettings(kind="webhook", address="https://hooks.example.com/SECRET")
    target = Target(TargetKind.BUG, "1")
    subscribing.subscribe(database, "anna@example.com", settings, [target])
    subscribing.enable_destination(database, 1)
    subscribing.change_delivery(database, {"sender": "SECRET@example.com"})
    subscribing.unsubscribe(database, [1])
    assert told() == [
        ("subscribe", "subscription 1", "anna of bug 1 by webhook"),
        ("enable", "destination 1", "of anna"),
        ("change", "delivery", "sender"),
        ("unsubscribe", "subscription 1", "anna of bug 1 by webhook"),
    ]


def test_people_and_tokens_are_told_without_secrets(database, told):
    people.add(database, "Anna", role=Role.VIEWER)
    people.set_password(database, "anna", "SECRET SECRET")
    people.edit(database, "anna", "anna@example.com", Role.MANAGER)
    people.edit(database, "anna", "anna@example.com", Role.MANAGER)
    issued = tokens.issue(database, "anna", "a script", Scope.WATCH)
    tokens.issue(database, "bert", "another", Scope.READ)
    people.disable(database, "anna")
    people.enable(database, "anna")
    people.remove(database, "anna")
    tokens.revoke(database, 2)
    found = told()
    assert found == [
        ("add", "person anna", "viewer"),
        ("give a password", "person anna", ""),
        ("edit", "person anna", "role manager"),
        ("edit", "person anna", "e-mail address"),
        ("issue", "token 1", "watch, for anna: a script"),
        ("issue", "token 2", "read, for bert: another"),
        ("disable", "person anna", ""),
        ("revoke", "token 1", "of anna"),
        ("enable", "person anna", ""),
        ("remove", "person anna", ""),
        ("revoke", "token 2", "of bert: another"),
    ]
    assert "SECRET" not in str(found)
    assert issued.text not in str(found)


def test_what_was_refused_was_not_done(database, told):
    watches.watch(database, [BUG(7)])
    told()
    with pytest.raises(BadInput):
        bugs.delete(database, [1, 2])
    with pytest.raises(BadInput):
        watches.unwatch(database, [1, 2])
    assert told() == []


def test_it_is_read_in_pages(database, monkeypatch):
    monkeypatch.setattr(audit, "PAGE", 3)
    for number in range(7):
        audit.note(database, str(number), "x")
    pages = [[entry.action for entry in page] for page in audit.list_entries(database)]
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert [entry.action for entry in entries(database, limit=4)] == ["6", "5", "4", "3"]
    assert entries(database, since=datetime.now(timezone.utc) + timedelta(days=1)) == []
    assert len(audit.find_page(database, before=entries(database)[1].number, size=2)) == 2


def test_a_database_of_before_takes_no_notice(database):
    def take_away(trackers):
        manager = trackers.__parent__.getSiteManager()
        manager.unregisterUtility(getUtility(IAuditLog), IAuditLog)

    database.write(take_away)
    watches.watch(database, [BUG(7)])
    assert database.read(lambda trackers: getUtility(IBugTrackerSet).count()) == 1


#: What changes nothing that people have said, though not everybody may do it.
UNTOLD = {
    *("asking.check", "asking.find_targets", "credentials.check", "finding.find_tracker_at"),
    *("subscribing.send_test", "subscribing.list_waiting", "subscribing.delivery_settings"),
    *("tokens.list_tokens", "words.check_vocabulary"),
}


def test_all_that_changes_something_is_told():
    package = malonewatch.application
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    silent = set()
    for name, function in marked().items():
        source = inspect.getsource(function)
        if "record(" not in source and ".write" in source:
            silent.add(name)
    assert silent <= UNTOLD
