import sys

import pytest

from malonewatch.application.watches import Proposal
from malonewatch.cli import main
from malonewatch.cli.watches import _say_proposals, how_sure
from malonewatch.interfaces import BugTrackerType, Certainty
from malonewatch.testing.trac import TracSimulator


def test_a_bug_tracker_that_is_not_known_is_registered_on_purpose(cli, url, bugzilla):
    result = cli("watch", url(1))
    assert result.code == 0
    assert result.out == (
        f"Registered auto-127.0.0.1, of type BUGZILLA, at {bugzilla.url} "
        "(only this type has such URLs).\n"
        "Made bug 1.\n"
        "Watch 1: auto-127.0.0.1 #1 for bug 1.\n"
    )
    (tracker,) = cli("tracker", "list", "--json").json
    assert not tracker["guessed"]


def test_all_urls_are_watched_for_one_bug(cli, url):
    cli("watch", url(1), url(2), "--title", "It is broken")
    watches = cli("list", "--json").json
    assert [(watch["bug"], watch["remotebug"]) for watch in watches] == [(1, "1"), (1, "2")]
    assert watches[0]["bug_title"] == "It is broken"


def test_the_bug_can_be_a_certain_one(cli, url):
    assert "Made bug 7." in cli("watch", url(1), "--bug", "7").out
    assert "Made" not in cli("watch", url(2), "--bug", "7").out
    assert [watch["bug"] for watch in cli("list", "--json").json] == [7, 7]


def test_the_next_bug_gets_the_next_number(cli, url):
    cli("watch", url(1), "--bug", "7")
    assert "Made bug 8." in cli("watch", url(2)).out


def test_a_bug_is_not_retitled_silently(cli, url):
    cli("watch", url(1), "--title", "Old")
    for options in ([], ["--bug", "1"]):
        result = cli("watch", url(1), *options, "--title", "New")
        assert result.code == 0
        assert "Bug 1 keeps its title; 'malonewatch bug retitle 1 TITLE' gives" in result.out
    assert cli("show", "1", "--json").json["bug_title"] == "Old"


def test_what_is_watched_already_is_said(cli, url):
    cli("watch", url(1))
    result = cli("watch", url(1))
    assert result.code == 0
    assert result.out == "auto-127.0.0.1 #1 is watched for bug 1 already (watch 1).\n"
    assert len(cli("list", "--json").json) == 1


def test_another_bug_may_depend_on_the_same_remote_bug(cli, url):
    cli("watch", url(1))
    cli("watch", url(1), "--bug", "2")
    cli("watch", url(1), "--bug", "2")
    assert [watch["bug"] for watch in cli("list", "--json").json] == [1, 2]


def test_a_url_that_is_given_twice_is_watched_once(cli, url):
    assert cli("watch", url(1), url("0001")).out.count("Watch ") == 1
    assert len(cli("list", "--json").json) == 1


def test_among_bad_urls_nothing_is_changed_and_each_is_named(cli, url):
    result = cli("watch", url(1), "http://example.com/", url(2), "nonsense", "--bug", "3")
    assert result.code == 2
    assert result.out == ""
    assert "http://example.com/ is not the URL of a bug" in result.err
    assert "nonsense is not the URL of a bug" in result.err
    assert "Nothing was changed." in result.err
    assert cli("list", "--json").json == []
    assert cli("tracker", "list", "--json").json == []
    assert cli("list", "--bug", "3").code == 2


def test_one_bad_url_among_several_changes_nothing_and_that_is_said(cli, url):
    result = cli("watch", url(1), "http://example.com/")
    assert result.code == 2
    assert result.err.splitlines() == [
        "Error: http://example.com/ is not the URL of a bug in any bug tracker type known here.",
        "Error: Nothing was changed.",
    ]
    assert cli("watch", "http://example.com/").err.count("\n") == 1
    assert cli("list", "--json").json == []


def test_an_id_that_cannot_be_is_named_too(cli, url):
    cli("watch", url(1))
    result = cli("watch", url(2), url("x" * 300))
    assert result.code == 2
    assert "id=xxxx" in result.err
    assert len(result.err) < 400
    assert len(cli("list", "--json").json) == 1


def test_credentials_in_a_url_are_refused_and_not_shown(cli):
    for bad in ("https://me:secret@example.com/show_bug.cgi?id=1", "http://me:secret@[/"):
        for command in (["watch"], ["show"], ["check"], ["unwatch"], ["tracker", "add"]):
            result = cli(*command, bad)
            assert result.code == 2
            assert "secret" not in result.err
            assert "credentials" in result.err


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**62), "9" * 5000])
def test_what_cannot_be_a_bugs_number_is_refused(cli, url, number):
    assert cli("watch", url(1), f"--bug={number}").code == 2
    assert cli("list", "--json").json == []


def test_urls_are_found_in_a_text(cli, url):
    text = f"See {url(1)}, and <{url(2)}>; not http://example.com/.\xff"
    result = cli("watch", "-", stdin=text.encode("latin-1"))
    assert result.code == 0
    watches = cli("list", "--json").json
    assert [watch["remotebug"] for watch in watches] == ["1", "2"]


def test_bug_trackers_from_a_text_are_guessed(cli, url, bugzilla):
    result = cli("watch", "-", stdin=url(1).encode())
    assert f"({bugzilla.url} was guessed from the text)" in result.out
    (tracker,) = cli("tracker", "list", "--json").json
    assert tracker["guessed"]


def test_a_guessed_bug_tracker_that_a_person_names_is_not_guessed_any_more(cli, url):
    cli("watch", "-", stdin=url(1).encode())
    cli("watch", url(1))
    (tracker,) = cli("tracker", "list", "--json").json
    assert not tracker["guessed"]


def test_a_text_without_urls_makes_no_bug(cli, url):
    result = cli("watch", "-", "--bug", "3", stdin=b"nothing")
    assert result.code == 2
    assert "no URL of a bug in the text" in result.err
    assert cli("list", "--bug", "3").code == 2


def test_a_text_with_nothing_new_is_no_error(cli, url):
    cli("watch", url(1))
    result = cli("watch", "-", "--bug", "1", stdin=url(1).encode())
    assert result.code == 0
    assert "does not watch already" in result.out


def test_a_text_and_urls_at_the_same_time_are_refused(cli, url):
    assert cli("watch", "-", url(1)).code == 2
    assert cli("list", "--json").json == []


def test_a_bug_tracker_that_is_not_asked_is_said_to_be_so(cli, url):
    cli("watch", url(1))
    cli("tracker", "disable", "auto-127.0.0.1")
    assert "(the bug tracker is inactive)" in cli("watch", url(2)).out


def test_what_the_server_says_that_it_is_is_shown(cli):
    with TracSimulator() as trac:
        result = cli("watch", f"{trac.url}/ticket/1")
        assert result.code == 0, result.err
        assert result.out.startswith(f"Registered auto-127.0.0.1, of type TRAC, at {trac.url}")


def test_what_may_be_a_bug_is_proposed(capsys):
    _say_proposals([])
    assert capsys.readouterr().out == ""
    proposals = [Proposal(f"https://x/{n}", BugTrackerType("TRAC")) for n in range(22)]
    _say_proposals(proposals)
    first, *rest, last = capsys.readouterr().out.splitlines()
    assert first.startswith("22 URLs may be that of a bug; ")
    assert rest[0] == "  https://x/0 (TRAC?)"
    assert len(rest) == 20
    assert last == "  and 2 more"
    _say_proposals(proposals[:1])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_how_sure_it_is(capsys):
    assert how_sure(Certainty.GUESS, "It is Trac 1.6.") == " (it says: It is Trac 1.6)"
    assert how_sure(Certainty.KNOWN_HOST, None) == " (a host that is known)"
    assert how_sure(None, None) == ""


def test_without_standard_input_there_is_no_text(cli, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["watch", "-"]) == 2
    assert "no URL of a bug in the text" in capsys.readouterr().err
