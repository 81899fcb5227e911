import contextlib
import io
import os
import re
import shlex
import subprocess
import sys

import pytest

from malonewatch.cli import demo
from malonewatch.cli import main as malonewatch
from malonewatch.cli.demo import MARKER, main


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What the demonstration prints, and the directory that it leaves behind."""
    directory = tmp_path_factory.mktemp("demo") / "data"
    # Tests of the desk may have been there before.
    (directory / demo.SCREENSHOTS).mkdir(parents=True)
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as environment, contextlib.redirect_stdout(output):
        for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            environment.setenv(name, str(directory.parent))
        assert main(["--directory", str(directory)]) == 0
    assert [path.name for path in directory.parent.iterdir()] == ["data"]
    return output.getvalue(), directory


def test_it_shows_seven_types_and_one_in_trouble(shown):
    out, _ = shown
    for name in ("BUGZILLA", "DEBBUGS", "GITHUB", "GITLAB", "ROUNDUP", "SOURCEFORGE", "TRAC"):
        assert f", of type {name}, at " in out
    assert "trouble: Challenge page instead of data" in out


def test_both_runs_of_the_cron_script_can_be_seen(shown):
    out, _ = shown
    assert out.count("INFO    creating lockfile\n") == 2
    assert "INFO    Bug 1: desktop #101 is now CONFIRMED (was not known)\n" in out
    assert "INFO    Bug 1: desktop #101 is now RESOLVED FIXED (was CONFIRMED)\n" in out


def test_it_shows_what_changed_what_failed_and_why(shown):
    out, _ = shown
    table = out.rpartition("What changed, what failed, and why.")[2]
    rows = {tuple(re.split("  +", line)[1:2]): line for line in table.splitlines()}
    assert "RESOLVED FIXED (Fix Released)" in rows[("desktop #101",)]
    assert "It is the same as #101." in rows[("desktop #102",)]
    assert "Private bug" in rows[("desktop #103",)]
    assert "It was merged." in rows[("hub example/project#41",)]
    assert "the watch went along" in rows[("lab example/drivers#8",)]
    assert "Bug not found" in rows[("forge example/bugs#22",)]
    assert "Challenge page instead of data" in rows[("garden #7",)]
    assert "The other 3 are as they were." in table


def test_it_shows_the_mail_that_was_sent(shown):
    out, _ = shown
    assert out.count("To: jo@example.com\nSubject: ") == 2
    assert " bug 101 is fixed: " in out
    assert "To be told no more: malonewatch unsubscribe 1\n" in out


def test_it_shows_a_word_that_no_table_knows(shown):
    out, _ = shown
    assert "'malonewatch tracker map web limbo MEANING' says what the first one means." in out


def test_it_ends_with_how_to_open_the_desk(shown):
    out, _ = shown
    assert "make serve" in out.splitlines()[-3:]


def test_its_last_line_shows_the_database(shown, capsys):
    out, _ = shown
    program, *args = shlex.split(out.rstrip().splitlines()[-1])
    assert program.endswith("malonewatch")
    assert malonewatch(args) == 0
    assert len(capsys.readouterr().out.splitlines()) == 16


def test_it_leaves_the_environment_as_it_was(shown):
    assert "MALONEWATCH_DATABASE" not in os.environ


def test_it_can_be_run_again(shown, capsys):
    _, directory = shown
    own = directory / "notes.txt"
    own.write_text("mine")
    assert main(["--directory", str(directory)]) == 0
    assert own.read_text() == "mine"
    assert "Watch 15: " in capsys.readouterr().out


def test_a_directory_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "precious").write_text("mine")
    assert main(["--directory", str(tmp_path)]) == 2
    assert "name another one with --directory" in capsys.readouterr().err
    assert (tmp_path / "database" / "precious").read_text() == "mine"
    assert not (tmp_path / MARKER).exists()


def test_what_is_no_directory_is_refused(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("mine")
    assert main(["--directory", str(file)]) == 2
    assert capsys.readouterr().err.startswith("Error: The directory ")
    assert file.read_text() == "mine"


def test_a_command_that_does_not_end_as_it_should_ends_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "malonewatch", lambda args: 4)
    assert main(["--directory", str(tmp_path / "data")]) == 70
    assert "Error: malonewatch init ended with exit code 4." in capsys.readouterr().err


def test_so_does_a_run_that_finds_no_trouble(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("malonewatch.checkwatches.script.main", lambda args: 0)
    assert main(["--directory", str(tmp_path / "data")]) == 70
    assert re.search(r"Error: checkwatches .* ended with exit code 0\.", capsys.readouterr().err)


def test_its_last_line_calls_the_command_from_where_it_is(monkeypatch, tmp_path):
    beside = tmp_path / "malonewatch"
    beside.touch()
    monkeypatch.setattr(demo.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(demo.shutil, "which", lambda name: None)
    monkeypatch.chdir("/")
    assert demo._program() == str(beside).lstrip("/")
    monkeypatch.setattr(demo.shutil, "which", lambda name: name)
    assert demo._program() == "malonewatch"


def test_an_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("MALONEWATCH_DATABASE", "before")
    with demo._environment("MALONEWATCH_DATABASE", "now"):
        assert os.environ["MALONEWATCH_DATABASE"] == "now"
    assert os.environ["MALONEWATCH_DATABASE"] == "before"


def test_it_is_run_as_a_module():
    process = subprocess.run(
        [sys.executable, "-m", "malonewatch.cli.demo", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 0
    assert process.stdout.startswith("Usage: demo")
