import io
import sys


class Person(io.StringIO):
    def isatty(self):
        return True


def test_a_watch_is_forgotten(cli, url):
    cli("watch", url(1), url(2))
    result = cli("unwatch", "1")
    assert result.out == "Forgot watch 1 (auto-127.0.0.1 #1 for bug 1).\n"
    assert [watch["id"] for watch in cli("list", "--json").json] == [2]
    assert cli("unwatch", "1").code == 2


def test_a_url_needs_the_bug_if_it_is_watched_for_several(cli, url):
    cli("watch", url(1), "--bug", "3")
    cli("watch", url(1), "--bug", "4")
    assert cli("unwatch", url(1)).code == 2
    assert len(cli("list", "--json").json) == 2
    assert cli("unwatch", url(1), "--bug", "3").code == 0
    assert [watch["bug"] for watch in cli("list", "--json").json] == [4]


def answering(monkeypatch, cli, answer, *args):
    from malonewatch.cli import main

    monkeypatch.setattr(sys, "stdin", Person(answer))
    return main(["unwatch", "1", *args])


def test_on_a_terminal_it_asks_first(cli, url, monkeypatch, capsys):
    cli("watch", url(1))
    for answer in ("n\n", "\n", ""):
        assert answering(monkeypatch, cli, answer) == 5
        assert "Forget watch 1" in capsys.readouterr().out
    assert len(cli("list", "--json").json) == 1
    assert answering(monkeypatch, cli, "y\n") == 0
    assert cli("list", "--json").json == []


def test_on_a_terminal_it_does_not_ask_if_told_not_to(cli, url, monkeypatch):
    cli("watch", url(1))
    assert answering(monkeypatch, cli, "", "--yes") == 0
    assert cli("list", "--json").json == []
