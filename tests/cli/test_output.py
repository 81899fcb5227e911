import sys
import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.cli.output import Styled, ago, clean, say, show_facts, show_table, span
from malonewatch.cli.references import oldest_first
from malonewatch.model.resultset import ResultSet

NOW = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("Ünïcode 中 🐞", "Ünïcode 中 🐞"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1bPsixel\x9crest", "rest"),
        ("\x9b2Jrest", "rest"),
        ("\x1bcrest", "rest"),
        ("\x1b", ""),
        ("two\r\nlines\tand\vmore", "two  lines and more"),
        ("\u202eright to left\u2066", "right to left"),
        ("a\xa0b\u2028c", "a b c"),
        ("\ud800", "\ufffd"),
        ("[bold]not bold[/bold]", "[bold]not bold[/bold]"),
    ],
)
def test_cleaning(text, expected):
    assert clean(text) == expected


def test_a_long_text_is_cut_off():
    assert clean("x" * 100, 10) == "xxxxxxxxx…"
    assert clean("x" * 10, 10) == "x" * 10


@given(st.text(st.characters(), max_size=60), st.integers(1, 40))
def test_nothing_dangerous_is_left(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cs"}
    assert set(cleaned).isdisjoint("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (400 * 86400, "400d"),
    ],
)
def test_spans(seconds, expected):
    assert span(seconds) == expected


def test_how_long_ago():
    assert ago(None, NOW) == "never"
    assert ago(NOW, NOW) == "now"
    assert ago(NOW - timedelta(minutes=5), NOW) == "5m ago"
    assert ago(NOW + timedelta(hours=5), NOW) == "in 5h"


ROWS = [("1", "First " * 10, Styled("good", "green")), ("12345", "中文", "bad\x1b[2J")]


def table():
    show_table(("Number", "Title", "State"), ROWS, wrapped=("Title",), stacked=())


def test_without_a_terminal_a_row_is_a_line_however_long(capsys):
    table()
    assert capsys.readouterr().out.splitlines() == [
        "Number  Title" + " " * 57 + "State",
        "1       " + "First " * 10 + "  good",
        "12345   中文" + " " * 58 + "bad",
    ]


def test_on_a_terminal_there_is_colour(terminal):
    assert "\x1b[32mgood" in terminal(table)


def test_a_terminal_that_wants_no_colour_gets_none(terminal, monkeypatch):
    def plain():
        monkeypatch.setenv("NO_COLOR", "1")
        table()
        say("bold", bold=True, color="red")

    out = terminal(plain)
    assert "\x1b[3" not in out


def test_a_cell_as_long_as_a_book_is_cut_off(capsys):
    show_table(("Title",), [("x" * 1_000_000,)], wrapped=("Title",))
    assert len(capsys.readouterr().out) < 1000


def lines_of(screen):
    return [clean(line) for line in screen.split("\n")]


def test_the_table_fits_the_terminal(terminal):
    for width in (20, 40, 80, 200):
        lines = lines_of(terminal(table, width))
        assert max(map(len, lines)) <= width


def stacked():
    show_table(
        ("Number", "Title", "State"),
        [("1", "A long enough title", "good"), ("2", "Another title", "")],
        wrapped=("Title",),
        stacked=(["Number"], ["Title", "State"]),
    )


def test_what_does_not_fit_is_stacked(terminal):
    lines = [line.split() for line in lines_of(terminal(stacked, 32))]
    assert ["1", "A", "long", "enough", "title"] in lines
    assert ["good"] in lines
    assert ["2", "Another", "title"] in lines


def test_what_fits_is_not_stacked(terminal):
    lines = [line.split() for line in lines_of(terminal(stacked, 80))]
    assert ["1", "A", "long", "enough", "title", "good"] in lines


def test_no_markup_is_taken_from_what_is_shown(terminal):
    def show():
        show_table(("Title",), [("[red]x[/red] [link=http://x]y[/link]",)], wrapped=("Title",))
        show_facts([("Title", "[red]x[/red]")])

    out = terminal(show)
    assert "[red]x[/red] [link=http://x]y[/link]" in out
    assert "\x1b[31m" not in out


def test_facts_without_a_value_are_left_out(capsys):
    show_facts([("Here", "x"), ("Missing", ""), ("Longer title", "y\nz")])
    assert capsys.readouterr().out == "Here          x\nLonger title  y z\n"
    show_facts([("Missing", "")])
    assert capsys.readouterr().out == ""


def test_rich_is_not_loaded_where_there_is_no_terminal():
    import subprocess

    code = (
        "import sys; from malonewatch.cli import main\n"
        "main(['--help']); sys.exit(any(name.startswith(('rich', 'aiohttp', 'ZODB'))"
        " for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


class Counting(ResultSet):
    """Of a thousand results, newest first, counting those that are looked at."""

    def __init__(self):
        self.seen = 0
        super().__init__(self.iterate, lambda: 1000)

    def iterate(self, start):
        for number in range(1000 - start, 0, -1):
            self.seen += 1
            yield number


def test_the_oldest_come_first():
    assert list(oldest_first(Counting())) == list(range(1, 1001))


def test_the_first_of_the_oldest_do_not_cost_all():
    results = Counting()
    assert next(oldest_first(results)) == 1
    assert results.seen <= 500
