import contextlib
from datetime import timedelta

import pytest

from malonewatch.application.facts import now
from malonewatch.model import open_database


@pytest.fixture
def watched(cli, bugzilla, url):
    """Two bugs of ours whose remote bugs were checked; one of these was fixed since."""
    bugzilla.add("1", title="First")
    bugzilla.add("2")
    cli("watch", url(1), "--bug", "1", "--title", "Ours")
    cli("watch", url(2), "--bug", "2")
    cli("check", "auto-127.0.0.1")
    return cli


@pytest.fixture
def moved(watched, bugzilla):
    extra = {"milestone": "3.2"}
    bugzilla.change("1", status="RESOLVED", resolution="FIXED", extra=extra)
    bugzilla.change("2", status="IN_PROGRESS", title="")
    watched("check", "auto-127.0.0.1")
    return watched


def test_it_shows_what_moved_by_bug_of_ours(moved):
    result = moved("moved")
    assert result.code == 0
    *lines, last = result.out.splitlines()
    assert sorted(lines) == [
        (
            "  auto-127.0.0.1 #1 (First): CONFIRMED (Confirmed) -> RESOLVED FIXED (Fix Released), "
            "in 3.2, now"
        ),
        "  auto-127.0.0.1 #2: CONFIRMED (Confirmed) -> IN_PROGRESS (In Progress), now",
        "Bug 1: Ours",
        "Bug 2",
    ]
    assert last.startswith("2 watches of 2 bugs since ")


def test_nothing_moved(watched):
    result = watched("moved", "--since", "2h", "--fail-if-any")
    assert (result.code, result.out[:20]) == (0, "Nothing moved since ")
    assert watched("moved", "--json").json == []


def test_scripts_are_told_by_the_exit_code(moved):
    assert moved("moved", "--fail-if-any").code == 6
    assert moved("moved", "--json", "--fail-if-any").code == 6
    bug = moved("moved", "--json").json[0]
    assert {"bug", "title", "watches"} == set(bug)
    assert bug["watches"][0]["old_remotestatus"] == "CONFIRMED"


def test_only_what_moved_since_is_shown(moved):
    assert "Nothing moved" in moved("moved", "--since", "2100-01-01").out


def test_where_it_is_not_known_any_more_what_was_before_only_what_is_now_is_shown(moved):
    def prune(trackers):
        for watch in trackers["auto-127.0.0.1"].watches:
            watch.pruneActivity(now() + timedelta(days=1))

    with contextlib.closing(open_database()) as database:
        database.write(prune)
    lines = moved("moved").out.splitlines()
    assert "  auto-127.0.0.1 #2: IN_PROGRESS (In Progress), now" in lines
