from malonewatch.cleaning import clean
from malonewatch.cli.output import say
from malonewatch.cli.tables import Styled, Table, show_facts

ROWS = [("1", "First " * 10, Styled("good", "green")), ("12345", "中文", "bad\x1b[2J")]


def table():
    Table(("Number", "Title", "State"), wrapped=("Title",)).show(ROWS)


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
    Table(("Title",), wrapped=("Title",)).show([("x" * 1_000_000,)])
    assert len(capsys.readouterr().out) < 1000


def lines_of(screen):
    return [clean(line) for line in screen.split("\n")]


def test_the_table_fits_the_terminal(terminal):
    for width in (20, 40, 80, 200):
        lines = lines_of(terminal(table, width))
        assert max(map(len, lines)) <= width


def stacked():
    Table(
        ("Number", "Title", "State"),
        wrapped=("Title",),
        stacked=((["Number"], ["Title", "State"]), (["Number", "Title", "State"],)),
    ).show([("1", "A long enough title", "good"), ("2", "Another title", "")])


def test_what_does_not_fit_is_stacked(terminal):
    lines = [line.split() for line in lines_of(terminal(stacked, 32))]
    assert ["1", "A", "long", "enough", "title"] in lines
    assert ["good"] in lines
    assert ["2", "Another", "title"] in lines


def test_what_does_not_fit_stacked_is_stacked_more(terminal):
    lines = [line.split() for line in lines_of(terminal(stacked, 20))]
    assert ["1"] in lines
    assert ["good"] in lines
    assert ["Another", "title"] in lines


def test_what_fits_is_not_stacked(terminal):
    lines = [line.split() for line in lines_of(terminal(stacked, 80))]
    assert ["1", "A", "long", "enough", "title", "good"] in lines


def test_no_markup_is_taken_from_what_is_shown(terminal):
    def show():
        Table(("Title",), wrapped=("Title",)).show([("[red]x[/red] [link=http://x]y[/link]",)])
        show_facts([("Title", "[red]x[/red]")])

    out = terminal(show)
    assert "[red]x[/red] [link=http://x]y[/link]" in out
    assert "\x1b[31m" not in out


def test_facts_without_a_value_are_left_out(capsys):
    show_facts([("Here", "x"), ("Missing", ""), ("Longer title", "y\nz")])
    assert capsys.readouterr().out == "Here          x\nLonger title  y z\n"
    show_facts([("Missing", "")])
    assert capsys.readouterr().out == ""


def test_a_page_more_has_no_titles_and_columns_as_wide_as_before(capsys):
    table = Table(("Number", "Title"), wrapped=("Title",))
    table.show([("1", "Long enough"), ("2", "Short")])
    table.show([("3", "Short")])
    table.show([("1234567890", "Short")])
    assert capsys.readouterr().out.splitlines() == [
        "Number  Title",
        "1       Long enough",
        "2       Short",
        "3       Short",
        "1234567890  Short",
    ]


def test_on_a_terminal_each_page_has_its_titles(terminal):
    def pages():
        table = Table(("Number", "Title"), wrapped=("Title",))
        table.show([("1", "First")])
        table.show([("2", "Second")])

    assert terminal(pages).count("Number") == 2
