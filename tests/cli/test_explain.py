import pytest


@pytest.fixture
def explained(cli, bugzilla, url):
    """The command, on a watch on a bug whose status no table knows."""
    bugzilla.add("1", title="Crash at start", status="RESOLVED", resolution="SHELVED")
    cli("watch", url(1), "--bug", "7", "--title", "Ours")
    cli("check", "1")
    return lambda *options: cli("explain", *options)


def test_it_is_explained_in_sections(explained, bugzilla, url):
    result = explained("1")
    assert result.code == 0
    lines = result.out.splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == [
        "auto-127.0.0.1 #1: RESOLVED SHELVED (Unknown)",
        *("The watch", "How it is asked", "What it said", "What that means"),
        *("How important it is", "What comes next", "If that is wrong"),
    ]
    assert "  No table knows what 'RESOLVED SHELVED' means, so the status is Unknown." in lines
    assert "    resolution        SHELVED" in lines
    assert "    malonewatch tracker map auto-127.0.0.1 'RESOLVED SHELVED' MEANING" in lines
    assert "    malonewatch tracker map auto-127.0.0.1 'P3 normal' MEANING --importance" in lines
    assert explained(url(1)).out == result.out


def test_what_it_advises_puts_it_right(explained, cli):
    assert cli("tracker", "map", "auto-127.0.0.1", "RESOLVED SHELVED", "Won't Fix").code == 0
    out = explained("1").out
    assert out.startswith("auto-127.0.0.1 #1: RESOLVED SHELVED (Won't Fix)\n")
    assert "    malonewatch tracker map auto-127.0.0.1 'RESOLVED SHELVED' --remove" in out


def test_how_it_was_is_explained(explained):
    result = explained("1", "--at", "2020-01-01")
    assert result.out.startswith("auto-127.0.0.1 #1: not known\n")
    assert "\nOn 2020-01-01 00:00:00 UTC\n  There was no such watch yet: " in result.out
    assert "If that is wrong" not in result.out


def test_programs_get_all_of_it(explained):
    found = explained("1", "--json").json
    assert found["watch"]["remotestatus"] == "RESOLVED SHELVED"
    assert found["answer"]["record"]["resolution"] == "SHELVED"
    assert found["said"][0]["reading"] == {
        "status": "UNKNOWN",
        "rule": "",
        "rows": [{"table": "closing", "word": "RESOLVED", "meaning": "UNKNOWN"}],
    }
    row = {"table": "importances", "word": "normal", "meaning": "MEDIUM"}
    assert found["importance"] == {"importance": "MEDIUM", "rule": "table", "row": row}
    assert next(section["title"] for section in found["sections"]) == "The watch"
    assert found["remedies"][0]["command"].startswith("malonewatch tracker map ")


@pytest.mark.parametrize("options", [["9"], ["1", "--at", "2999-01-01"], ["1", "--at", "x"]])
def test_what_cannot_be_explained_is_refused(explained, options):
    result = explained(*options)
    assert (result.code, result.out) == (2, "")


@pytest.mark.embedded
def test_no_secret_that_a_server_sends_back_is_kept_or_shown(
    cli, bugzilla, url, tmp_path, monkeypatch
):
    secret = "Sesame4711"
    file = tmp_path / "credentials.ini"
    host = bugzilla.url.removeprefix("http://")
    file.write_text(f"[{host}]\ntoken = {secret}\n")
    file.chmod(0o600)
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(file))
    bugzilla.key = secret
    bugzilla.add("1", title=f"Key {secret}", extra={"milestone": f"{secret.lower()} done"})
    cli("watch", url(1))
    assert cli("check", "1").code == 0
    found = cli("explain", "1", "--json").json
    assert (found["section"], found["are_sent"]) == (host, True)
    assert found["answer"]["record"]["summary"] == "Key ***"
    assert found["answer"]["record"]["target_milestone"] == "*** done"
    shown = cli("explain", "1").out
    assert f"  The credentials of the section {host} are sent." in shown.splitlines()
    assert secret.lower() not in shown.lower()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "database").iterdir())
    assert b"Key ***" in stored
    assert secret.lower().encode() not in stored.lower()


def test_what_a_server_says_cannot_move_the_cursor(cli, bugzilla, url):
    bugzilla.add("1", title="\x1b[2J\rRed")
    cli("watch", url(1))
    cli("check", "1")
    out = cli("explain", "1").out
    assert "\x1b" not in out
    assert "\r" not in out
