import io
import json
import logging
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.checkwatches.logs import JSONFormatter, LineFormatter, set_up

ours = logging.getLogger("malonewatch.test")


def record(message, *args, exc_info=None):
    return logging.LogRecord("malonewatch", logging.INFO, "x.py", 1, message, args, exc_info)


def failure(message):
    try:
        raise LookupError(message)
    except LookupError:
        return sys.exc_info()


def test_a_line_has_level_and_message(capsys):
    set_up("text", 1)
    ours.debug("one")
    ours.info("two %s", 2)
    ours.warning("three")
    ours.error("four")
    assert capsys.readouterr().err == ("DEBUG   one\nINFO    two 2\nWARNING three\nERROR   four\n")


@pytest.mark.parametrize(
    ("verbosity", "shown"), [(-1, ["three"]), (0, ["two", "three"]), (1, ["one", "two", "three"])]
)
def test_how_much_is_said(capsys, verbosity, shown):
    set_up("text", verbosity)
    ours.debug("one")
    ours.info("two")
    ours.warning("three")
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == shown


def test_of_others_only_warnings_are_shown(capsys):
    set_up("text", 1)
    logging.getLogger("asyncio").info("one")
    logging.getLogger("asyncio").warning("two")
    assert capsys.readouterr().err == "WARNING two\n"


def test_setting_up_again_takes_the_place_of_before(capsys):
    set_up("json", 1)
    set_up("text", 0)
    ours.info("one")
    assert capsys.readouterr().err == "INFO    one\n"


def test_what_stderr_is_at_the_time_counts(monkeypatch):
    handler = set_up("text", 0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    ours.info("one")
    assert sys.stderr.getvalue() == "INFO    one\n"
    with pytest.raises(AttributeError):
        handler.stream = io.StringIO()


def test_a_traceback_is_indented():
    lines = LineFormatter().format(record("It failed", exc_info=failure("no"))).split("\n")
    assert lines[0] == "INFO    It failed"
    assert lines[1] == "  Traceback (most recent call last):"
    assert lines[-1] == "  LookupError: no"
    assert all(line.startswith("  ") for line in lines[1:])


@settings(deadline=None)
@given(st.text(), st.text())
def test_whatever_is_said_is_lines_of_printable_text(message, reason):
    plain = LineFormatter().format(record("%s", message))
    assert plain.isprintable()
    text = LineFormatter().format(record("%s", message, exc_info=failure(reason)))
    first, *rest = text.split("\n")
    assert first == plain
    for line in rest:
        assert line.startswith("  ")
        assert line.isprintable()


@settings(deadline=None)
@given(st.text(), st.text())
def test_whatever_is_said_is_an_object_of_json_in_one_line(message, reason):
    text = JSONFormatter().format(record("%s", message, exc_info=failure(reason)))
    assert text.isprintable()
    assert text.isascii()
    entry = json.loads(text)
    assert entry["message"] == message
    assert "LookupError" in entry["traceback"]


def test_json_says_when_and_who():
    entry = record("one")
    entry.created = 1_700_000_000.1234
    assert json.loads(JSONFormatter().format(entry)) == {
        "time": "2023-11-14T22:13:20.123+00:00",
        "level": "INFO",
        "logger": "malonewatch",
        "message": "one",
    }
