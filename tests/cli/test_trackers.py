import pytest

from malonewatch.testing.faults import fault


def show(cli, name):
    return cli("tracker", "show", name, "--json").json


def names(cli):
    return [tracker["name"] for tracker in cli("tracker", "list", "--json").json]


def test_the_url_of_a_bug_tells_type_and_base_url(cli):
    result = cli("tracker", "add", "https://example.com/bugs/show_bug.cgi?id=5", "--name", "ex")
    assert result.out == "Registered ex, of type BUGZILLA, at https://example.com/bugs.\n"


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
        assert "BUGZILLA, DEBBUGS, ROUNDUP, SOURCEFORGE, TRAC" in result.err
    assert names(cli) == []


def test_a_type_that_is_none_is_refused(cli):
    result = cli("tracker", "add", "https://example.com/", "--type", "jira")
    assert result.code == 2
    assert "'jira'" in result.err
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
    assert "Dialect     rest\n" in out
    assert "Watches     1, 0 of them due\n" in out
    assert "Clock       as this machine's\n" in out


def test_one_that_is_not_there_is_not_found(cli):
    for command in ("show", "enable", "disable", "remove"):
        for name in ("nope", "", "\udcff", "x" * 5000):
            result = cli("tracker", command, name)
            assert result.code == 2
            assert result.err.startswith("Error: There is no bug tracker named")
    assert cli("tracker", "edit", "nope", "--enable").code == 2


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
        ["--type", "JIRA"],
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
