import getpass

import pytest


@pytest.fixture(autouse=True)
def user(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "operator")


def test_what_was_done_on_the_command_line_is_told(cli):
    assert cli("audit").out == "Nothing was done.\n"
    assert cli("audit", "--json").json == []
    cli("person", "add", "anna")
    cli("person", "add", "anna")
    lines = [line.split(maxsplit=2) for line in cli("audit").out.splitlines()]
    assert [line[2].split() for line in lines[1:]] == [
        ["operator", "command", "line", "add", "person", "anna", "watcher"]
    ]
    (entry,) = cli("audit", "--json").json
    assert (entry["actor"], entry["face"], entry["action"], entry["target"]) == (
        *("operator", "command line"),
        *("add", "person anna"),
    )


def test_it_is_told_from_some_time_on_and_in_part(cli):
    for name in ("anna", "bert", "cleo"):
        cli("person", "add", name)
    found = cli("audit", "--since", "1h", "--json").json
    assert [each["target"] for each in found] == ["person cleo", "person bert", "person anna"]
    assert len(cli("audit", "--limit", "2", "--json").json) == 2
    assert cli("audit", "--since", "2999-01-01", "--json").json == []


def test_where_the_system_does_not_know_who_it_is_nobody_does(cli, monkeypatch):
    def fail():
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", fail)
    cli("person", "add", "anna")
    assert cli("audit", "--json").json[0]["actor"] == ""
    assert " - " in cli("audit").out
