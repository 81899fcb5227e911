def test_a_watch_is_forgotten(cli, url):
    cli("watch", url(1), url(2))
    result = cli("unwatch", "1")
    assert result.out == "Forgot watch 1 (auto-127.0.0.1 #1 for bug 1).\n"
    assert [watch["id"] for watch in cli("list", "--json").json] == [2]
    assert cli("unwatch", "1").code == 2


def test_several_are_forgotten_at_once(cli, url):
    cli("watch", *map(url, range(1, 5)))
    result = cli("unwatch", "1", url(3), "4")
    assert result.out.count("Forgot watch") == 3
    assert [watch["id"] for watch in cli("list", "--json").json] == [2]


def test_one_that_is_not_there_keeps_all(cli, url):
    cli("watch", url(1), url(2))
    result = cli("unwatch", "1", "99")
    assert result.code == 2
    assert result.err.splitlines() == [
        "Error: There is no bug watch 99.",
        "Error: Nothing was changed.",
    ]
    assert len(cli("list", "--json").json) == 2


def test_a_url_needs_the_bug_if_it_is_watched_for_several(cli, url):
    cli("watch", url(1), "--bug", "3")
    cli("watch", url(1), "--bug", "4")
    assert cli("unwatch", url(1)).code == 2
    assert len(cli("list", "--json").json) == 2
    assert cli("unwatch", url(1), "--bug", "3").code == 0
    assert [watch["bug"] for watch in cli("list", "--json").json] == [4]


def test_on_a_terminal_it_asks_first(cli, url):
    cli("watch", url(1), url(2))
    for answer in ("n\n", "\n", ""):
        result = cli("unwatch", "1", answer=answer)
        assert result.code == 5
        assert "Forget watch 1 (auto-127.0.0.1 #1 for bug 1) and its history?" in result.out
    assert "Forget 2 watches and their history?" in cli("unwatch", "1", "2", answer="n\n").out
    assert len(cli("list", "--json").json) == 2
    assert cli("unwatch", "1", "2", answer="y\n").code == 0
    assert cli("list", "--json").json == []


def test_on_a_terminal_it_does_not_ask_if_told_not_to(cli, url):
    cli("watch", url(1))
    assert cli("unwatch", "1", "--yes", answer="").code == 0
    assert cli("list", "--json").json == []


def test_a_watch_can_be_checked_more_often(cli):
    cli("tracker", "add", "https://example.com/", "--type", "BUGZILLA", "--name", "some")
    cli("watch", "https://example.com/show_bug.cgi?id=1")
    result = cli("edit", "1", "--every", "12h")
    assert result.out == "Watch 1 (some #1) is checked within 12h.\n"
    assert "12h, as you set it" in cli("show", "1").out
    result = cli("edit", "1", "--no-every")
    assert result.out == "Watch 1 (some #1) is checked as its bug tracker's settings say.\n"
    assert cli("edit", "1").code == cli("edit", "1", "--every", "1m").code == 2
