import logging
from datetime import datetime, timezone

from malonewatch.application.asking import Check
from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    Applied,
    BugTaskStatus,
    BugWatchChange,
    Checked,
    Claim,
    SuspiciousAnswer,
)
from malonewatch.testing.bugzilla import BugzillaSimulator
from malonewatch.testing.debbugs import DebbugsSimulator
from malonewatch.testing.faults import fault


def test_it_says_what_was_asked_and_what_came_back(cli, bugzilla, url):
    bugzilla.add("1", title="First")
    cli("watch", url(1))
    result = cli("check", "1")
    assert result.code == 0
    asking, request, watch, *changes, summary = result.out.splitlines()
    assert asking == f"Asking {bugzilla.url[7:]} ({bugzilla.url}) for bug 1."
    assert request.startswith(f"  GET {bugzilla.url}/rest/bug?id=1&")
    assert " -> HTTP status 200, " in request
    assert watch == "Watch 1 (auto-127.0.0.1 #1 for bug 1): CONFIRMED (Confirmed)"
    assert changes == [
        "  Status: not known yet -> CONFIRMED (Confirmed)",
        "  Importance: none -> P3 normal (Medium)",
        "  Title: none -> First",
    ]
    assert summary == "1 of 1 watches checked: 1 changed, 0 failed."


def test_what_is_as_it_was_has_no_changes(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1))
    cli("check", "1")
    assert " -> CONFIRMED" not in cli("check", "1").out


def test_it_asks_though_nothing_is_due(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1))
    cli("check", "1")
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    assert "CONFIRMED (Confirmed) -> RESOLVED FIXED (Fix Released)" in cli("check", "1").out
    assert cli("show", "1", "--json").json["status"] == "FIXRELEASED"


def test_it_asks_though_the_bug_tracker_is_to_be_left_alone(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1))
    with fault(bugzilla, "503"):
        assert cli("check", "1").code == 1
    assert cli("tracker", "show", "auto-127.0.0.1", "--json").json["next_attempt"] is not None
    assert cli("check", "1").code == 0
    assert cli("tracker", "show", "auto-127.0.0.1", "--json").json["next_attempt"] is None


def test_for_one_watch_only_its_remote_bug_is_asked_for(cli, bugzilla, url):
    for remotebug in ("1", "2"):
        bugzilla.add(remotebug)
    cli("watch", url(1), url(2))
    for what in ("2", url(2)):
        bugzilla.requests.clear()
        cli("check", what)
        (request,) = bugzilla.requests
        assert "id=2&" in request
    assert cli("show", "1", "--json").json["lastchecked"] is None


def test_all_watches_on_the_remote_bug_learn_of_it(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1), "--bug", "1")
    cli("watch", url(1), "--bug", "2")
    assert "2 of 2 watches checked: 2 changed" in cli("check", "1").out
    assert len(bugzilla.requests) == 1


def test_a_bug_tracker_is_asked_for_all_its_watches(cli, bugzilla, url):
    for remotebug in ("1", "2"):
        bugzilla.add(remotebug)
    cli("watch", url(1), url(2), url(3))
    for what in ("auto-127.0.0.1", bugzilla.url):
        result = cli("check", what)
        assert result.code == 0
        assert "for 3 bugs." in result.out
        assert "3 of 3 watches checked" in result.out
        assert "1 failed." in result.out
        assert "Watch 3 (auto-127.0.0.1 #3 for bug 1): Bug not found." in result.out
        assert "What to do: Look whether" in result.out


def test_many_bugs_are_asked_for_in_portions(cli):
    with DebbugsSimulator() as debbugs:
        urls = [f"{debbugs.url}/cgi-bin/bugreport.cgi?bug={n}" for n in range(1, 502)]
        cli("watch", *urls)
        debbugs.requests.clear()
        result = cli("check", "auto-127.0.0.1")
        assert "501 of 501 watches checked" in result.out
        assert result.out.count("  POST ") == len(debbugs.requests) >= 2


def test_a_bug_tracker_in_trouble_is_said_to_be(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1), url(2))
    cli("check", "1")
    with fault(bugzilla, "refused"):
        result = cli("check", "auto-127.0.0.1")
    assert result.code == 1
    assert "127.0.0.1 cannot be reached: connection refused." in result.out
    assert "Connection failed: " in result.out
    assert "What to do: Nothing, if it passes" in result.out
    assert "0 of 2 watches checked: 0 changed, 0 failed." in result.out
    assert result.err == ""
    assert cli("show", "1", "--json").json["status"] == "CONFIRMED"


def test_an_inactive_bug_tracker_is_not_asked(cli, bugzilla, url):
    cli("watch", url(1))
    cli("tracker", "disable", "auto-127.0.0.1")
    for what in ("1", url(1), "auto-127.0.0.1"):
        result = cli("check", what)
        assert result.code == 2
        assert "malonewatch tracker enable auto-127.0.0.1" in result.err
    assert bugzilla.requests == []


def test_a_bug_tracker_without_watches_is_not_asked(cli, bugzilla):
    cli("tracker", "add", bugzilla.url, "--type", "bugzilla", "--name", "some")
    result = cli("check", "some")
    assert result.code == 0
    assert "there is nothing to ask for" in result.out
    assert bugzilla.requests == []


def test_a_guessed_bug_tracker_on_a_private_network_is_not_asked(cli, bugzilla, url):
    cli("watch", "-", stdin=url(1).encode())
    result = cli("check", "1")
    assert result.code == 1
    assert "Address refused" in result.out
    assert "Register the bug tracker yourself" in result.out
    assert bugzilla.requests == []


def test_a_number_that_is_a_name_too_is_ambiguous(cli, bugzilla, url):
    with BugzillaSimulator() as other:
        other.add("5")
        cli("tracker", "add", f"{other.url}/show_bug.cgi?id=5", "--name", "11")
        cli("watch", *[url(number) for number in range(1, 12)])
        result = cli("check", "11")
        assert result.code == 2
        assert "'11'" in result.err
        assert "--tracker" in result.err
        assert bugzilla.requests == []
        cli("watch", f"{other.url}/show_bug.cgi?id=5")
        assert "5 for bug" in cli("check", "11", "--tracker").out
        assert cli("check", url(11)).code == 0


def test_a_name_of_digits_that_is_no_number_of_a_watch_is_the_bug_tracker(cli, bugzilla, url):
    bugzilla.add("1")
    cli("tracker", "add", url(1), "--name", "42")
    cli("watch", url(1))
    assert "Asking" in cli("check", "42").out


def test_what_is_not_there_is_not_found(cli, bugzilla, url):
    cli("watch", url(1))
    for what in (
        "99",
        "9" * 5000,
        "0" * 5000,
        "nope",
        "",
        url(2),
        "http://nope.example.com/",
        "http://[",
    ):
        result = cli("check", what)
        assert result.code == 2, what
        assert result.err.startswith("Error: ")
        assert result.err.count("\n") == 1
    assert cli("check", "--tracker", "nope").code == 2
    assert bugzilla.requests == []


class Faulty(Bugzilla):
    async def fetch(self, session, batch):
        raise RuntimeError("a fault")
        yield


def test_a_fault_of_ours_shows_its_traceback(cli, url, replace_bugzilla):
    cli("watch", url(1))
    replace_bugzilla(Faulty)
    result = cli("check", "1")
    assert result.code == 70
    assert "RuntimeError: a fault" in result.err
    assert "Unexpected failure" in result.out


def test_it_leaves_no_log_handlers_behind(cli, url):
    before = list(logging.getLogger().handlers)
    cli("watch", url(1))
    cli("check", "1")
    assert logging.getLogger().handlers == before


def test_hostile_titles_are_shown_clean(cli, bugzilla, url):
    bugzilla.add("1", title="\x1b]0;evil\x07title")
    cli("watch", url(1))
    assert "Title: none -> title\n" in cli("check", "1").out


def test_several_are_asked_for_bug_tracker_by_bug_tracker(cli, bugzilla, url):
    with BugzillaSimulator() as other:
        for remotebug in ("1", "2"):
            bugzilla.add(remotebug)
        other.add("7")
        cli("watch", url(1), url(2), f"{other.url}/show_bug.cgi?id=7")
        result = cli("check", "1", f"{other.url}/show_bug.cgi?id=7", url(2))
        assert result.code == 0
        assert [line for line in result.out.splitlines() if line.startswith("Asking")] == [
            f"Asking {bugzilla.url[7:]} ({bugzilla.url}) for 2 bugs.",
            f"Asking {other.url[7:]} ({other.url}) for bug 7.",
        ]


def test_one_bad_among_several_is_named_and_nothing_is_asked(cli, bugzilla, url):
    cli("watch", url(1))
    result = cli("check", "1", "99")
    assert result.code == 2
    assert result.err.splitlines()[-1] == "Error: Nothing was changed."
    assert bugzilla.requests == []


def test_long_urls_are_shortened(cli, bugzilla, url):
    urls = [url(number) for number in range(1000, 1300)]
    cli("watch", *urls)
    lines = [line for line in cli("check", "auto-127.0.0.1").out.splitlines() if "GET" in line]
    assert max(len(line.split()[1]) for line in lines) == 200


def test_a_person_sees_that_it_gets_on(cli, bugzilla, url, person):
    bugzilla.add("1")
    cli("watch", url(1))
    screen = person()
    assert cli("check", "1").code == 0
    assert "Watches" in screen.getvalue()


def result_of(cli, url, checked, monkeypatch):
    def ask(database, target, progress):
        return Check(target, (), checked)

    cli("watch", url(1), url(2))
    monkeypatch.setattr("malonewatch.cli.check.ask", ask)
    return cli("check", "1")


def test_a_run_that_is_at_work_is_named(cli, url, monkeypatch):
    claim = Claim("http://there", "7@host", datetime(2024, 1, 31, 12, tzinfo=timezone.utc))
    result = result_of(cli, url, Checked(Applied(), claim=claim), monkeypatch)
    assert result.code == 3
    assert result.out.splitlines()[-1] == (
        "Nothing was asked: 7@host is at work on http://there, until 12:00:00 UTC if not longer; "
        "try again later."
    )


def test_changes_that_are_held_are_no_changes(cli, url, monkeypatch):
    old, new = BugTaskStatus.NEW, BugTaskStatus.INVALID
    changes = [
        BugWatchChange(1, 1, "x", "1", "NEW", "GONE", old, new, held=held)
        for held in (True, True, False)
    ]
    applied = Applied(changes=changes, failed=1, held=2)
    trouble = SuspiciousAnswer("Too many at once.")
    result = result_of(cli, url, Checked(applied, trouble=trouble), monkeypatch)
    assert result.code == 1
    assert result.out.endswith("0 of 1 watches checked: 1 changed, 1 failed, 2 held.\n")
    assert "malonewatch tracker accept-changes" in result.out


def test_what_was_interrupted_goes_no_further(cli, url, monkeypatch):
    with BugzillaSimulator() as other:
        cli("watch", f"{other.url}/show_bug.cgi?id=7")
        checked = Checked(Applied(), interrupted=True)
        result_of(cli, url, checked, monkeypatch)
        result = cli("check", "1", "2")
        assert result.code == 5
        assert result.out.count("Asking") == 1
        assert result.out.endswith("Interrupted; what was answered before is saved.\n")


def test_what_is_never_polled_is_not_asked_and_says_so(cli):
    cli("tracker", "add", "https://gna.org", "--type", "SAVANE", "--name", "gna")
    cli("watch", "https://gna.org/bugs/?12")
    why = "Gna! was shut down for good in 2017."
    for what in ("1", "gna"):
        result = cli("check", what)
        assert result.code != 0
        assert why in result.err
    assert why in cli("show", "1").out
    assert f"never: {why}" in cli("tracker", "show", "gna").out
