import errno
import io
import json
import os
import subprocess
import sys
from datetime import date, datetime, timezone

import click
import pytest

from malonewatch.cli.output import (
    OutputFailed,
    complain,
    plain,
    say,
    show_json,
    show_json_pages,
    write,
)
from malonewatch.interfaces import (
    BugTrackerType,
    Certainty,
    DailyCounters,
    FailureOwner,
    Politeness,
)


class Stream(io.StringIO):
    """A standard output that fails, and has a number that leads to a file."""

    def __init__(self, error, number):
        super().__init__()
        self.error = error
        self.number = number

    def flush(self):
        raise self.error

    def fileno(self):
        return self.number


@pytest.fixture
def failing(monkeypatch, tmp_path):
    """Puts a standard output in place that fails with an error."""
    with open(tmp_path / "output", "w") as file:

        def fail(error):
            monkeypatch.setattr(sys, "stdout", Stream(error, file.fileno()))

        yield fail
        monkeypatch.undo()


def test_what_cannot_be_written_is_said_in_a_sentence(failing):
    failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(OutputFailed, match=r"^Standard output cannot be written: No space left"):
        write("text")


def test_nobody_reading_on_ends_it_without_a_word(failing):
    failing(BrokenPipeError())
    with pytest.raises(click.exceptions.Exit):
        say("text")


def test_an_error_that_cannot_be_written_is_no_other(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", Stream(BrokenPipeError(), 2))
    complain("something")


LONG = "  Watch 1: something at https://example.com/" + "x" * 60 + " for a bug of ours"


def test_a_long_line_is_wrapped_on_a_terminal_and_no_word_is_broken(terminal):
    assert terminal(lambda: say(LONG), 40).splitlines() == [
        "  Watch 1: something at",
        "    https://example.com/" + "x" * 60,
        "    for a bug of ours",
    ]


def test_a_line_in_colour_is_so_on_a_terminal(terminal):
    assert terminal(lambda: say("text", color="red", bold=True)) == ("\x1b[31m\x1b[1mtext\x1b[0m\n")


def test_elsewhere_a_line_is_a_line(capsys):
    say(LONG)
    assert capsys.readouterr().out == LONG + "\n"


def test_a_long_error_is_wrapped_on_a_terminal(person, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    screen = person()
    complain("word " * 12)
    assert screen.getvalue().splitlines() == [
        "Error: word word word word word word",
        "  word word word word word word",
    ]


def test_values_are_objects_in_json():
    counters = DailyCounters(date(2024, 1, 31), failures={FailureOwner.TRACKER: 2})
    assert plain(counters) == {
        "day": "2024-01-31",
        "requests": 0,
        "checks": 0,
        "changes": 0,
        "failures": {"TRACKER": 2},
    }
    assert plain(Politeness(gap=0.5)) == {"concurrency": None, "gap": 0.5}
    assert plain((Certainty.GUESS, BugTrackerType.TRAC)) == ["GUESS", "TRAC"]


def test_json_has_times_in_iso_8601(capsys):
    show_json({"at": datetime(2024, 1, 31, 12, tzinfo=timezone.utc)})
    assert json.loads(capsys.readouterr().out) == {"at": "2024-01-31T12:00:00+00:00"}


@pytest.mark.parametrize("pages", [[], [[1]], [[1, {"a": [2]}], [3]]])
def test_pages_are_one_list_in_json(capsys, pages):
    show_json_pages(pages)
    values = [value for page in pages for value in page]
    assert capsys.readouterr().out == json.dumps(values, indent=2) + "\n"


def test_rich_is_not_loaded_where_there_is_no_terminal():
    code = (
        "import sys; from malonewatch.cli import main\n"
        "main(['--help']); sys.exit(any(name.startswith(('rich', 'aiohttp', 'ZODB'))"
        " for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0
