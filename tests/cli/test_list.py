import pytest

from malonewatch.cleaning import clean
from malonewatch.cli import main

FIELDS = {
    *("id", "bug", "bug_title", "tracker", "tracker_title", "remotebug", "url", "remote_title"),
    *("remotestatus", "status", "old_remotestatus", "old_status", "closed", "guessed", "private"),
    *("resolution", "fixed_in", "remote_importance", "importance", "date_closed"),
    *("remote_modified", "duplicate_of", "followed", "moved_to", "owner", "datecreated"),
    *("lastchecked", "lastchanged", "next_check", "not_polled", "last_error_type", "last_error"),
    *("longest_interval", "quiet_since", "help"),
}


@pytest.fixture
def watched(cli, bugzilla, url):
    """Three bugs that were checked, one of which cannot be read, and one that was not."""
    bugzilla.add("1", title="First", severity="critical")
    bugzilla.add("2", title="Second", status="RESOLVED", resolution="WONTFIX")
    bugzilla.add("3", private=True)
    cli("watch", url(1), url(2), "--bug", "1", "--title", "One")
    cli("watch", url(3), "--bug", "2")
    cli("check", "auto-127.0.0.1")
    cli("watch", "https://bugs.debian.org/4", "--bug", "2", "--title", "Two")
    return cli


def ids(result):
    return [watch["id"] for watch in result.json]


def test_json_is_a_list_of_objects(watched, bugzilla):
    watches = watched("list", "--json").json
    assert all(set(watch) == FIELDS for watch in watches)
    first = watches[0]
    assert first["id"] == 1
    assert first["bug"] == 1
    assert first["remotebug"] == "1"
    assert first["url"] == f"{bugzilla.url}/show_bug.cgi?id=1"
    assert first["remotestatus"] == "CONFIRMED"
    assert first["status"] == "CONFIRMED"
    assert first["importance"] == "CRITICAL"
    assert first["remote_modified"] == "2024-01-02T03:04:05+00:00"
    assert first["last_error_type"] is None
    assert watches[2]["last_error_type"] == "PRIVATE_REMOTE_BUG"
    assert "private" in watches[2]["last_error"]
    assert watches[3]["lastchecked"] is None
    assert watches[3]["status"] == "UNKNOWN"


def test_a_watch_is_a_line(watched):
    titles, first, second, third, fourth = watched("list").out.splitlines()
    assert " ".join(titles.split()) == (
        "Watch Bug Remote bug Title Status Meaning Importance Checked Changed Error"
    )
    assert first.split()[:2] == ["1", "1"]
    for text in ("auto-127.0.0.1 #1", "First", "CONFIRMED", "Confirmed", "Critical", "now"):
        assert text in first
    assert "RESOLVED WONTFIX  Won't Fix" in second
    assert third.endswith("Private bug")
    # Where the remote title is not known there is ours.
    assert "Two" in fourth
    assert "never" in fourth


def test_no_watches_are_said_to_be_none(cli):
    assert cli("list").out == "Nothing is watched yet; 'malonewatch watch URL' changes that.\n"
    assert cli("list", "--status", "open", "--sort", "title").out == "There are no such watches.\n"
    assert "Nothing is watched yet" in cli("list", "--sort", "changed").out
    assert cli("list", "--json").json == []


def test_those_of_a_bug(watched):
    assert ids(watched("list", "--bug", "1", "--json")) == [1, 2]
    assert watched("list", "--bug", "99").code == 2


def test_those_that_a_search_finds(watched):
    assert ids(watched("list", "open tracker:auto-127.0.0.1 bug:1", "--json")) == [1]
    result = watched("list", "owner:me")
    assert (result.code, "owner: is nothing to search for" in result.err) == (2, True)


def test_those_of_a_bug_tracker(watched):
    assert ids(watched("list", "--tracker", "auto-127.0.0.1", "--json")) == [1, 2, 3]
    assert ids(watched("list", "-t", "auto-bugs.debian.org", "--bug", "2", "--json")) == [4]
    assert watched("list", "--tracker", "nope").code == 2
    assert watched("list", "--bug", "2", "--tracker", "nope").code == 2


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Won't Fix", [2]),
        ("wontfix", [2]),
        ("wont-fix", [2]),
        ("resolved", [2]),
        ("RESOLVED WONTFIX", [2]),
        ("confirmed", [1]),
        ("unknown", [3, 4]),
        ("fixed", []),
    ],
)
def test_those_with_a_status(watched, status, expected):
    assert ids(watched("list", "--status", status, "--json")) == expected


def test_those_with_one_of_several_statuses(watched):
    result = watched("list", "--status", "confirmed", "--status", "resolved", "--json")
    assert ids(result) == [1, 2]


def test_a_status_without_a_letter_is_refused(watched):
    assert watched("list", "--status", " ").code == 2


def test_those_that_fail(watched):
    assert ids(watched("list", "--error", "--json")) == [3]
    assert ids(watched("list", "--error", "private bug", "--json")) == [3]
    assert ids(watched("list", "--error=BUG_NOT_FOUND", "--json")) == []
    result = watched("list", "--error", "nonsense")
    assert result.code == 2
    assert "BUG_NOT_FOUND, PRIVATE_REMOTE_BUG" in result.err


def test_those_that_changed_and_what_they_were(watched, bugzilla):
    assert ids(watched("list", "--changed-since", "1h", "--json")) == []
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    watched("check", "1")
    assert ids(watched("list", "--changed-since", "1h", "--json")) == [1]
    assert ids(watched("list", "--changed-since", "2024-01-31", "--json")) == [1]
    titles, line = watched("list", "--changed-since", "1h").out.splitlines()
    assert titles.split()[7:9] == ["Before", "Importance"]
    assert "RESOLVED FIXED  Fix Released  CONFIRMED (Confirmed)" in line
    assert ids(watched("list", "--changed-since", "9998-12-31", "--json")) == []
    assert watched("list", "--changed-since", "yesterday").code == 2


def test_the_first_few(watched):
    assert ids(watched("list", "--limit", "2", "--json")) == [1, 2]
    assert ids(watched("list", "--error", "--limit", "1", "--json")) == [3]
    assert ids(watched("list", "--limit", "1", "--tracker", "auto-127.0.0.1", "--json")) == [1]


def test_remote_text_cannot_play_tricks(cli, bugzilla, url):
    title = "\x1b[31mred\x1b[0m [bold]bold[/bold] \u202etxt.exe\nBug 2: all is well\x9b2J"
    bugzilla.add("1", title=title)
    cli("watch", url(1))
    cli("check", "1")
    out = cli("list").out
    assert "red [bold]bold[/bold] txt.exe Bug 2: all is well  CONFIRMED" in out
    assert all(line.isprintable() for line in out.splitlines())
    assert len(out.splitlines()) == 2
    assert cli("list", "--json").json[0]["remote_title"] == title
    assert cli("list", "--json").out.isascii()


def test_a_watch_of_a_type_that_is_gone_has_no_url(cli, url, replace_bugzilla):
    cli("watch", url(1))
    replace_bugzilla(None)
    assert cli("list", "--json").json[0]["url"] is None
    assert "nothing here can talk to it" in cli("tracker", "show", "auto-127.0.0.1").out


def test_those_that_are_over(watched):
    assert ids(watched("list", "--status", "closed", "--json")) == [2]
    assert ids(watched("list", "--status", "open", "--json")) == [1]
    assert ids(watched("list", "--status", "fixed", "--json")) == []


def test_a_status_that_is_no_meaning_may_be_misspelt(watched):
    result = watched("list", "--status", "fixd")
    assert result.code == 0
    assert result.out == (
        "There are no such watches; 'fixd' is no meaning, but may be a bug tracker's own word.\n"
    )


def test_those_with_words_in_the_title(watched):
    assert ids(watched("list", "--title", "FIRST", "--json")) == [1]
    assert ids(watched("list", "--title", "first second", "--json")) == []


def test_sorted(watched):
    for order, expected in (
        ("number", [1, 2, 3, 4]),
        ("tracker", [1, 2, 3, 4]),
        ("title", [1, 2, 4, 3]),
        ("status", [1, 2, 3, 4]),
    ):
        assert ids(watched("list", "--sort", order, "--json"))[:2] == expected[:2], order
    assert len(ids(watched("list", "--sort", "changed", "--json"))) == 4
    assert watched("list", "--sort", "nonsense").code == 2


def test_what_a_status_was_before_can_be_shown(watched):
    assert "Before" in watched("list", "--before").out.splitlines()[0]
    assert "Before" not in watched("list").out.splitlines()[0]


@pytest.mark.parametrize("option", ["--bug", "--limit"])
def test_a_number_with_very_many_digits_is_one_sentence(cli, option):
    for number in ("9" * 5000, "0" * 5000, "0" * 5000 + "x"):
        result = cli("list", option, number)
        assert result.code == 2
        assert len(result.err) < 400
        assert "is not a whole number from 1 on, of at most 18 digits" in result.err
    assert cli("list", "--limit", "0" * 5000 + "1").code == 0


@pytest.mark.parametrize("width", [40, 80, 120, 300])
@pytest.mark.parametrize("options", [[], ["--before"]])
def test_it_fits_the_terminal(watched, terminal, width, options):
    shown = terminal(lambda: main(["list", *options]), width)
    lines = [clean(line) for line in shown.splitlines()]
    assert max(map(len, lines)) <= width
    assert any("Before" in line for line in lines) == bool(options)
