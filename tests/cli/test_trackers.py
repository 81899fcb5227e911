import dataclasses
import re
from datetime import date, datetime, timedelta, timezone

import pytest

from malonewatch.application import trackers as application
from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchChange,
    BugWatchErrorType,
    Claim,
    DailyCounters,
    FailureOwner,
    OriginState,
    Politeness,
    Quota,
)
from malonewatch.testing.faults import fault


def show(cli, name):
    return cli("tracker", "show", name, "--json").json


def names(cli):
    return [tracker["name"] for tracker in cli("tracker", "list", "--json").json]


def test_the_url_of_a_bug_tells_type_and_base_url(cli):
    result = cli("tracker", "add", "https://example.com/bugs/show_bug.cgi?id=5", "--name", "ex")
    assert result.out == (
        "Registered ex, of type BUGZILLA, at https://example.com/bugs "
        "(only this type has such URLs).\n"
    )


def test_with_the_type_the_base_url_is_enough(cli):
    cli("tracker", "add", "https://example.com/trac", "--type", "trac")
    facts = show(cli, "auto-example.com")
    assert facts["bugtrackertype"] == "TRAC"
    assert facts["baseurl"] == "https://example.com/trac"
    assert facts["title"] == "example.com/trac"
    assert not facts["guessed"]


def test_the_type_decides_what_the_url_of_a_bug_is(cli):
    cli("tracker", "add", "https://example.com/x/ticket/7", "--type", "TRAC", "--name", "one")
    assert show(cli, "one")["baseurl"] == "https://example.com/x"


def test_without_a_type_that_can_be_told_the_types_are_named(cli):
    for url in ("https://example.com/", "nonsense", ""):
        result = cli("tracker", "add", url)
        assert result.code == 2
        assert "--type" in result.err
        assert {"BUGZILLA", "DEBBUGS", "TRAC"} <= set(re.findall(r"\w+", result.err))
    assert names(cli) == []


def test_a_type_that_is_none_is_refused(cli):
    result = cli("tracker", "add", "https://example.com/", "--type", "nonsense")
    assert result.code == 2
    assert "'nonsense'" in result.err
    assert "BUGZILLA" in result.err


def test_all_that_can_be_said_is_kept(cli):
    cli(
        *("tracker", "add", "https://example.com/", "--type", "BUGZILLA", "--name", "ex"),
        *("--title", "Example", "--summary", "Bugs\nof ours", "--contact", "me@example.com"),
    )
    facts = show(cli, "ex")
    assert facts["title"] == "Example"
    assert facts["summary"] == "Bugs\nof ours"
    assert facts["contactdetails"] == "me@example.com"


def test_one_that_is_there_is_not_added_again(cli):
    cli("tracker", "add", "https://example.com/", "--type", "BUGZILLA", "--name", "ex")
    for again in (
        ["http://example.com", "--type", "TRAC", "--title", "Another"],
        ["https://example.com"],
        ["https://example.com/show_bug.cgi?id=1"],
    ):
        result = cli("tracker", "add", *again)
        assert result.code == 2
        assert "belongs to the bug tracker 'ex' already" in result.err
    assert show(cli, "ex")["title"] == "example.com"


def test_a_guessed_one_is_registered_as_it_was_found(cli):
    cli("watch", "-", stdin=b"https://example.com/show_bug.cgi?id=1")
    result = cli("tracker", "add", "https://example.com", "--name", "ex", "--title", "Example")
    assert result.code == 0
    facts = show(cli, "ex")
    assert not facts["guessed"]
    assert facts["title"] == "Example"
    assert names(cli) == ["ex"]


@pytest.mark.parametrize(
    "options",
    [
        ["--name", "Not a name"],
        ["--name", "taken"],
        ["--title", "two\nlines"],
        ["--title", "\x1b[31m"],
    ],
)
def test_bad_input_adds_nothing(cli, options):
    cli("tracker", "add", "https://other.example.com/", "--type", "TRAC", "--name", "taken")
    result = cli("tracker", "add", "https://example.com/", "--type", "BUGZILLA", *options)
    assert result.code == 2
    assert names(cli) == ["taken"]


@pytest.mark.parametrize("url", ["http://[::1", "http://h:99999", "https://h/?q=1", "x", "ftp://h"])
def test_what_is_no_base_url_is_refused(cli, url):
    assert cli("tracker", "add", url, "--type", "TRAC").code == 2
    assert names(cli) == []


def test_the_list_shows_states(cli, bugzilla, url):
    cli("watch", url(1))
    cli("tracker", "add", "https://example.com/", "--type", "TRAC", "--name", "ex")
    cli("tracker", "add", "https://old.example.com/", "--type", "TRAC", "--name", "old")
    cli("tracker", "disable", "old")
    with fault(bugzilla, "503"):
        cli("check", "1")
    lines = cli("tracker", "list").out.splitlines()
    assert " ".join(lines[0].split()) == "Title Name Type Base URL Watches Due State"
    states = {line.split()[1]: line for line in lines[1:]}
    assert (
        states["auto-127.0.0.1"]
        .rpartition("  ")[2]
        .startswith("trouble: Connection failed, left alone for ")
    )
    assert states["ex"].endswith("  active")
    assert states["old"].endswith("  inactive")
    assert [tracker["state"] for tracker in cli("tracker", "list", "--json").json] == [
        *("trouble", "active", "inactive")
    ]


def test_an_empty_list_is_said_to_be_empty(cli):
    assert cli("tracker", "list").out == "There are no bug trackers.\n"


def test_trouble_comes_with_what_to_do(cli, bugzilla, url):
    cli("watch", url(1))
    with fault(bugzilla, "Anubis"):
        cli("check", "1")
    out = cli("tracker", "show", "auto-127.0.0.1").out
    assert "trouble: Challenge page instead of data, left alone for " in out
    assert "Ask the bug tracker's operators to let this client through." in out
    assert "Challenge page instead of data: " in out.partition("History")[2]
    facts = show(cli, "auto-127.0.0.1")
    assert facts["last_error_type"] == "CHALLENGE_PAGE"
    assert facts["failures"] == 1
    assert facts["activity"][0]["error_type"] == "CHALLENGE_PAGE"


def test_what_was_learnt_is_shown(cli, bugzilla, url):
    bugzilla.add("1")
    cli("watch", url(1))
    cli("check", "1")
    out = cli("tracker", "show", "auto-127.0.0.1").out
    assert re.search(r"^Dialect +rest, since .* UTC \(now\): it answers$", out, re.MULTILINE)
    assert re.search(r"^Watches +1, 0 of them due$", out, re.MULTILINE)
    assert re.search(r"^Clock +as this machine's$", out, re.MULTILINE)
    assert re.search(r"^[0-9-]{10} +1 +1 +1$", out.partition("By day")[2], re.MULTILINE)


def test_one_that_is_not_there_is_not_found(cli):
    for command in ("show", "enable", "disable", "remove"):
        for name in ("nope", "", "\udcff", "x" * 5000):
            result = cli("tracker", command, name)
            assert result.code == 2
            assert result.err.startswith("Error: There is no bug tracker named")
    assert cli("tracker", "edit", "nope", "--enable").code == 2


def test_a_url_will_do_for_a_name(cli, url, bugzilla):
    cli("watch", url(1))
    for what in (bugzilla.url, f"{bugzilla.url}/", url(1), url(77)):
        assert show(cli, what)["name"] == "auto-127.0.0.1"
    result = cli("tracker", "show", "https://nope.example.com/")
    assert result.code == 2
    assert result.err == "Error: No bug tracker is registered for https://nope.example.com/.\n"


NOW = datetime.now(timezone.utc)
HELD = BugWatchChange(
    1, 7, "ex", "5", "NEW", "NEW", BugTaskStatus.NEW, BugTaskStatus.NEW,
    BugWatchErrorType.BUG_NOT_FOUND, "It has no bug 5.", True,
)  # fmt: skip


@pytest.fixture
def shown(cli, monkeypatch):
    """What is shown of a bug tracker of which other things are known."""
    cli("tracker", "add", "https://example.com/", "--type", "BUGZILLA", "--name", "ex")
    real = application.show

    def shown(facts=(), **more):
        def show(database, what):
            details = real(database, what)
            changed = dataclasses.replace(details.facts, **dict(facts))
            return dataclasses.replace(details, facts=changed, **more)

        monkeypatch.setattr(application, "show", show)
        return cli("tracker", "show", "ex")

    return shown


@pytest.mark.parametrize(
    ("said", "learnt", "by_type", "expected"),
    [
        ((), (), (2, 0.5), "2 requests at a time (by its type), 0.5 s apart (by its type)"),
        ((), (1, None), (2, 0.5), "1 request at a time (as was learnt), 0.5 s apart (by its type)"),
        ((4, 0.0), (1, 3.0), (2, 0.5), "4 requests at a time (as you set it), 0 s apart (as you"),
    ],
)
def test_how_it_is_asked_and_who_says_so(shown, said, learnt, by_type, expected):
    origin = OriginState(learnt=Politeness(*learnt))
    facts = {"politeness": Politeness(*said)}
    out = shown(facts, origin=origin, type_politeness=Politeness(*by_type)).out
    assert re.search(f"^Asked +{re.escape(expected)}", out, re.MULTILINE)


def test_of_nothing_that_is_said_nothing_is_shown(shown):
    out = shown(type_politeness=Politeness(), origin=None).out
    for title in ("Asked", "Quota", "At work", "Wants no more"):
        assert title not in out


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        (Quota(), None),
        (Quota(60, 7), "7 of 60 left"),
        (Quota(None, 7, NOW + timedelta(hours=3)), r"7 left, all of it again .* UTC \(in 2h\)"),
        (Quota(60, None), "some of 60 left"),
    ],
)
def test_what_is_left_of_its_quota(shown, quota, expected):
    out = shown(origin=OriginState(quota=quota)).out
    found = re.search("^Quota +(.*)$", out, re.MULTILINE)
    assert (found is None) if expected is None else re.fullmatch(expected, found[1])


def test_until_when_it_wants_to_be_left_alone_and_who_is_at_work(shown):
    soon = datetime.now(timezone.utc) + timedelta(minutes=9)
    out = shown(
        origin=OriginState(retry_at=NOW + timedelta(hours=3)),
        claim=Claim("https://example.com", "7@host", soon),
    ).out
    assert re.search(r"^Wants no more until +.* \(in 2h\)$", out, re.MULTILINE)
    assert re.search(r"^At work on it +7@host, until .* \(in 8m\)$", out, re.MULTILINE)


def test_changes_that_are_held_come_with_what_to_do(shown):
    out = shown(held=(HELD,) * 22).out.partition("held, as so many at once are not likely")[2]
    assert "  Bug 7: ex #5: NEW -> Bug not found\n" in out
    assert "  and 2 more\n" in out
    assert "'malonewatch tracker accept-changes ex' takes it." in out
    assert "more" not in shown(held=(HELD,)).out


def test_each_day_has_a_line(shown):
    failures = {FailureOwner.WATCH: 2, FailureOwner.TRACKER: 1}
    out = shown(counters=(DailyCounters(date(2024, 1, 31), 5, 40, 3, failures),)).out
    assert out.splitlines()[-1].split("  ")[0] == "2024-01-31"
    assert out.rstrip().endswith("2 of the watch, 1 of the bug tracker")


def test_json_has_all_of_it(cli, shown):
    shown(held=(HELD,), counters=(DailyCounters(date(2024, 1, 31)),))
    facts = show(cli, "ex")
    assert facts["held"][0]["error_type"] == "BUG_NOT_FOUND"
    assert facts["counters"][0]["day"] == "2024-01-31"
    assert facts["politeness"] == {"concurrency": None, "gap": None}


def test_trouble_whose_time_is_up_is_not_left_alone(shown):
    facts = {"state": "trouble", "last_error_type": BugWatchErrorType.TIMEOUT}
    for moment in (None, NOW - timedelta(hours=1)):
        out = shown({**facts, "next_attempt": moment}).out
        assert re.search("^State +trouble: Connection timed out$", out, re.MULTILINE)
