import pytest


@pytest.fixture
def two(cli, url):
    cli("watch", url(1), url(2), "--bug", "3", "--title", "Three")
    cli("watch", url(1), "--bug", "5")
    return cli


def test_a_bug_is_a_line(two, bugzilla):
    bugzilla.add("1")
    bugzilla.add("2", status="RESOLVED", resolution="FIXED")
    two("check", "1", "2")
    titles, three, five = two("bug", "list").out.splitlines()
    assert titles.split() == ["Bug", "Title", "Watches", "Open", "Closed", "Failing", "Made"]
    assert three.split() == ["3", "Three", "2", "1", "1", "0", "now"]
    assert five.split() == ["5", "-", "1", "1", "0", "0", "now"]


def test_json_has_the_same(two):
    three, _ = two("bug", "list", "--json").json
    assert set(three) == {
        *("id", "title", "owner", "datecreated", "watches", "open", "closed", "failing"),
        "private",
    }
    assert len(two("bug", "list", "--limit", "1", "--json").json) == 1


def test_no_bugs_are_said_to_be_none(cli):
    assert cli("bug", "list").out == "There are no bugs.\n"
    assert cli("bug", "list", "--json").json == []


def test_a_bug_is_retitled(two):
    assert two("bug", "retitle", "3", "Drei").out == "Bug 3 was 'Three' and is 'Drei' now.\n"
    assert two("bug", "retitle", "3", "Drei").out == "Bug 3 has that title already.\n"
    assert two("bug", "retitle", "5", "Five").out == "Bug 5 is 'Five' now.\n"
    assert two("bug", "retitle", "99", "x").code == 2


def test_bugs_are_deleted_with_their_watches(two):
    result = two("bug", "delete", "3", "5")
    assert result.out == "Forgot bug 3 'Three' and 2 watches.\nForgot bug 5 and 1 watch.\n"
    assert two("list", "--json").json == []


def test_one_that_is_not_there_keeps_all(two):
    result = two("bug", "delete", "3", "99")
    assert result.code == 2
    assert "Nothing was changed." in result.err
    assert len(two("bug", "list", "--json").json) == 2


def test_on_a_terminal_it_asks_first(two):
    assert "Forget bug 3 'Three', and 2 watches?" in two("bug", "delete", "3", answer="n\n").out
    result = two("bug", "delete", "3", "5", answer="\n")
    assert result.code == 5
    assert "Forget 2 bugs, and 3 watches?" in result.out
    assert len(two("bug", "list", "--json").json) == 2
    assert two("bug", "delete", "5", "-y", answer="").code == 0


def test_a_bug_is_made_private_and_public(cli):
    cli("watch", "https://bugzilla.example.com/show_bug.cgi?id=1", "--title", "Mill")
    assert cli("bug", "edit", "1", "--private").out == "Bug 1 is private now.\n"
    assert cli("bug", "edit", "1", "--private").out == "Bug 1 is private already.\n"
    assert "Mill (private)" in cli("bug", "list").out
    assert cli("bug", "edit", "1", "--public", "--json").json["private"] is False
    result = cli("bug", "edit", "1")
    assert (result.code, result.err) == (
        *(2, "Error: Say with --private or --public which of it the bug is to be.\n"),
    )
    assert cli("bug", "edit", "99", "--private").err == "Error: There is no bug 99.\n"
