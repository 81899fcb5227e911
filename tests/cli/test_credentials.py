import pytest

from malonewatch.application.credentials import CredentialsCheck
from malonewatch.cli import credentials


@pytest.fixture
def checked(cli, monkeypatch):
    """Runs the command, where these are the results."""

    def checked(*checks, options=()):
        monkeypatch.setattr(credentials, "check_credentials", lambda database: list(checks))
        return cli("credentials", "check", *options)

    return checked


TAKEN = CredentialsCheck("one", "one.example.com", True, "jane")
UNUSED = CredentialsCheck(None, "typo.example.com")
NONE = CredentialsCheck("two", None)


def test_each_is_a_line(checked):
    silent = CredentialsCheck("three", "three.example.com")
    result = checked(TAKEN, silent, UNUSED, NONE)
    assert result.code == 0
    assert [line.split("  ")[0] for line in result.out.splitlines()] == [
        *("Bug tracker", "one", "three", "-", "two")
    ]
    lines = result.out.splitlines()
    assert lines[1].endswith("accepted, as jane")
    assert lines[2].endswith("cannot be told: its type does not say whose they are")
    assert lines[3].endswith("typo.example.com   no active bug tracker uses it")
    assert lines[4].endswith("none")


@pytest.mark.parametrize("accepted", [False, None])
def test_a_problem_has_an_exit_code(checked, accepted):
    result = checked(CredentialsCheck("one", "one", accepted, None, "It says no."))
    assert result.code == 1
    word = "refused" if accepted is False else "cannot be told"
    assert f"{word}: It says no." in result.out


def test_without_any_there_is_nothing_to_say(checked):
    assert checked().out == "There are no bug trackers, and no credentials.\n"


def test_json_has_the_same(checked):
    assert checked(TAKEN, options=["--json"]).json == [
        {
            "tracker": "one",
            "section": "one.example.com",
            "accepted": True,
            "account": "jane",
            "problem": None,
        }
    ]


def test_a_real_bug_tracker_is_asked(cli, bugzilla, url, tmp_path, monkeypatch):
    file = tmp_path / "credentials.ini"
    file.write_text(f"[{bugzilla.url}]\ntoken = secret\n")
    file.chmod(0o600)
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(file))
    cli("watch", url(1))
    result = cli("credentials", "check")
    assert "secret" not in result.out + result.err
    assert "auto-127.0.0.1" in result.out
    file.write_text("nonsense")
    assert cli("credentials", "check").err.count("\n") == 1
