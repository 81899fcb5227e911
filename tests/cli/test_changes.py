import pytest

from malonewatch.application import trackers as application
from malonewatch.cli import watches
from malonewatch.interfaces import BugTaskStatus, BugWatchChange, FollowedBug


def show(cli, name):
    return cli("tracker", "show", name, "--json").json


def names(cli):
    return [tracker["name"] for tracker in cli("tracker", "list", "--json").json]


@pytest.fixture
def some(cli):
    cli("tracker", "add", "https://example.com/", "--type", "BUGZILLA", "--name", "some")
    return cli


def test_all_of_it_can_be_changed(some):
    result = some(
        *("tracker", "edit", "some", "--name", "other", "--title", "Other", "--type", "trac"),
        *("--url", "https://other.example.com/", "--summary", "S", "--contact", "C"),
        *("--alias", "https://b.example.com", "--alias", "https://a.example.com"),
    )
    assert result.out == "Changed other.\n"
    facts = show(some, "other")
    expected = {
        "title": "Other",
        "bugtrackertype": "TRAC",
        "baseurl": "https://other.example.com/",
        "summary": "S",
        "contactdetails": "C",
        "aliases": ["https://a.example.com", "https://b.example.com"],
    }
    assert {name: facts[name] for name in expected} == expected


def test_aliases_are_added_or_replaced(some):
    some("tracker", "edit", "some", "--alias", "https://a.example.com")
    some("tracker", "edit", "some", "--alias", "https://b.example.com")
    assert show(some, "some")["aliases"] == ["https://a.example.com", "https://b.example.com"]
    some("tracker", "edit", "some", "--no-aliases", "--alias", "https://c.example.com")
    assert show(some, "some")["aliases"] == ["https://c.example.com"]
    some("tracker", "edit", "some", "--no-aliases")
    assert show(some, "some")["aliases"] == []


@pytest.mark.parametrize(
    "bad",
    [
        ["--name", "Not a name"],
        ["--title", ""],
        ["--type", "NONSENSE"],
        ["--url", "nonsense"],
        ["--url", "http://[::1"],
        ["--url", "http://u:p@h/"],
        ["--alias", "http://[::1"],
        ["--alias", "http://h:99999"],
        ["--alias", "nonsense"],
    ],
)
def test_bad_input_changes_nothing_at_all(some, bad):
    some("tracker", "add", "https://taken.example.com/", "--type", "TRAC", "--name", "taken")
    before = show(some, "some")
    result = some("tracker", "edit", "some", "--summary", "S", "--enable", *bad)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert {**show(some, "some"), "datecreated": ""} == {**before, "datecreated": ""}


def test_what_is_anothers_is_refused(some):
    some("tracker", "add", "https://taken.example.com/", "--type", "TRAC", "--name", "taken")
    for option, value in (
        ("--name", "taken"),
        ("--url", "http://taken.example.com"),
        ("--alias", "https://taken.example.com/"),
    ):
        result = some("tracker", "edit", "some", option, value)
        assert result.code == 2
        assert "taken" in result.err


def test_changing_nothing_is_a_usage_error(some):
    assert some("tracker", "edit", "some").code == 2


def test_one_can_be_disabled_and_enabled(some):
    assert some("tracker", "disable", "some").out == "some is inactive now.\n"
    assert some("tracker", "disable", "some").out == "some is inactive already.\n"
    assert show(some, "some")["state"] == "inactive"
    assert some("tracker", "enable", "some").out == "some is active now.\n"
    some("tracker", "disable", "some")
    some("tracker", "edit", "some", "--enable")
    assert show(some, "some")["active"]


def test_one_without_watches_can_be_removed(some):
    assert some("tracker", "remove", "some").out == "Forgot some.\n"
    assert names(some) == []


def test_one_with_watches_cannot_be_removed(some):
    some("watch", "https://example.com/show_bug.cgi?id=1")
    result = some("tracker", "remove", "some")
    assert result.code == 2
    assert "has watches" in result.err
    assert names(some) == ["some"]


def test_one_can_be_disabled_along_the_way(some):
    some("tracker", "edit", "some", "--disable", "--summary", "Off")
    assert not show(some, "some")["active"]
    some("tracker", "edit", "some", "--summary", "Still off")
    assert not show(some, "some")["active"]


def test_a_url_will_do_for_a_name(some):
    assert some("tracker", "disable", "https://example.com").out == "some is inactive now.\n"
    assert some("tracker", "remove", "https://example.com").out == "Forgot some.\n"


def test_how_it_is_asked_can_be_said(some):
    some("tracker", "edit", "some", "--concurrency", "2", "--gap", "0.5")
    assert show(some, "some")["politeness"] == {"concurrency": 2, "gap": 0.5}
    some("tracker", "edit", "some", "--no-politeness", "--gap", "0")
    assert show(some, "some")["politeness"] == {"concurrency": None, "gap": 0.0}
    for bad in (["--concurrency", "0"], ["--gap", "-1"], ["--gap", "x"], ["--gap", "nan"]):
        assert some("tracker", "edit", "some", *bad).code == 2


# Moving and merging.


@pytest.fixture
def moved(some):
    some("watch", "https://example.com/show_bug.cgi?id=1")
    return some


def test_a_bug_tracker_moves_with_its_watches(moved):
    new = "https://bugs.example.org"
    assert moved("tracker", "move", "some", new, "--dry-run").out == (
        "some would go from https://example.com/ to https://bugs.example.org, of type BUGZILLA, "
        "with 1 watch, all to be asked for anew.\n"
    )
    assert show(moved, "some")["baseurl"] == "https://example.com/"
    assert moved("tracker", "move", "some", new).out == (
        "some went from https://example.com/ to https://bugs.example.org, with 1 watch, all due.\n"
    )
    assert show(moved, "some")["aliases"] == ["https://example.com/"]
    assert moved("tracker", "move", "some", new, "--type", "trac").code == 0
    assert moved("tracker", "move", "some", new).code == 2


def test_two_bug_trackers_become_one(moved):
    moved("tracker", "add", "https://b.example.org", "--type", "BUGZILLA", "--name", "other")
    moved("watch", "https://b.example.org/show_bug.cgi?id=1", "--bug", "1")
    moved("watch", "https://b.example.org/show_bug.cgi?id=2", "--bug", "2")
    assert moved("tracker", "merge", "other", "some", "--dry-run").out.splitlines() == [
        "1 watch would go from other to some.",
        "Watch 2 would be forgotten: bug 1 watches some #1 already.",
        "other would be forgotten; some would have the aliases https://b.example.org.",
    ]
    assert sorted(names(moved)) == ["other", "some"]
    assert moved("tracker", "merge", "other", "some").out.splitlines() == [
        "1 watch went from other to some.",
        "Watch 2 is forgotten: bug 1 watches some #1 already.",
        "other is forgotten; some has the aliases https://b.example.org.",
    ]
    assert names(moved) == ["some"]
    watches = moved("list", "--json").json
    assert [(watch["id"], watch["tracker"]) for watch in watches] == [(1, "some"), (3, "some")]
    assert moved("tracker", "merge", "some", "some").code == 2


# Accepting changes.


def test_without_held_changes_there_is_nothing_to_accept(some):
    assert some("tracker", "accept-changes", "some").out == "No changes of some are held.\n"


def test_the_changes_that_are_taken_are_named(some, monkeypatch):
    change = BugWatchChange(
        *(1, 7, "some", "5", "NEW", "FIXED", BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED)
    )

    def accept_changes(database, what):
        return application.show(database, what).facts, (change,)

    monkeypatch.setattr(application, "accept_changes", accept_changes)
    assert some("tracker", "accept-changes", "some").out.splitlines() == [
        "Bug 7: some #5: NEW -> FIXED (Fix Released)",
        "1 change of some taken.",
    ]


def test_a_bug_tracker_may_be_told_not_to_follow(cli, bugzilla, url):
    bugzilla.add("1", status="RESOLVED", resolution="DUPLICATE", duplicate_of="2")
    bugzilla.add("2", status="CONFIRMED")
    cli("watch", url(1))
    cli("check", "1")
    name = "auto-127.0.0.1"
    shown = cli("show", "1").out
    assert f"{name} #2" in shown.split("Followed to")[1].splitlines()[0]
    assert "CONFIRMED" in shown
    assert "Follows" not in cli("tracker", "show", name).out
    assert cli("tracker", "edit", name, "--no-follow").code == 0
    assert "RESOLVED DUPLICATE" in cli("show", "1").out
    assert "no, watches stay where they are" in cli("tracker", "show", name).out


def test_a_bug_that_nobody_asks_for_is_shown_as_such():
    url = "https://bugs.example.com/show_bug.cgi?id=7"
    shown = watches._followed(FollowedBug(None, url, url))
    assert shown == f"{url} (not asked: nothing is registered there that is)"


def test_what_its_events_are_signed_with_is_added_or_replaced(some):
    some("tracker", "edit", "some", "--hook-secret", "env:A")
    some("tracker", "edit", "some", "--hook-secret", "file:/b", "--hook-secret", "env:A")
    shown = some("tracker", "show", "some").out
    assert "at /hooks/some of the desk, signed with env:A or file:/b; no event" in shown
    some("tracker", "edit", "some", "--no-hook-secrets", "--hook-secret", "env:C")
    assert show(some, "some")["hook_secrets"] == ["env:C"]
    some("tracker", "edit", "some", "--no-hook-secrets")
    assert show(some, "some")["hook_secrets"] == []
    assert "Webhook" not in some("tracker", "show", "some").out


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [(["hunter2"], "is not kept here"), ([f"env:{n}" for n in "ABCDE"], "has 4 secrets at most")],
)
def test_no_secret_of_its_events_is_kept(some, secrets, sentence):
    options = [part for secret in secrets for part in ("--hook-secret", secret)]
    result = some("tracker", "edit", "some", *options)
    assert result.code == 2
    assert sentence in result.err
    assert "hunter2" not in result.err
    assert show(some, "some")["hook_secrets"] == []


def test_how_often_it_is_asked_can_be_said(some):
    assert "1 request a day (by default)" in some("tracker", "show", "some").out
    options = ["--budget", "9", "--longest-interval", "12h", "--longest-interval-closed", "1w"]
    some("tracker", "edit", "some", *options)
    said = "9 requests a day (as you set it), each watch within 12h, within 7d if closed"
    assert said in " ".join(some("tracker", "show", "some").out.split())
    some("tracker", "edit", "some", "--no-freshness")
    assert show(some, "some")["freshness"] == {
        "budget": None,
        "longest": None,
        "longest_closed": None,
    }
    for bad in (["--budget", "0"], ["--longest-interval", "3"], ["--longest-interval", "1m"]):
        assert some("tracker", "edit", "some", *bad).code == 2
