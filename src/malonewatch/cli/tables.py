"""Tables, and facts one a line; in colour and fitted to its width on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from malonewatch.cleaning import clean
from malonewatch.cli.output import is_terminal, terminal_width, write
from malonewatch.cli.text import width

#: No cell of a table is longer.
LONGEST_CELL = 300

#: How narrow a column that may be wrapped gets before columns are stacked.
WRAPPED_WIDTH = 20
#: How long a word may be that is not broken.
UNBROKEN_WIDTH = 14


class Styled(NamedTuple):
    """Text in a style of rich's."""

    text: str
    style: str


Cell = str | Styled

#: Titles of columns, those that share one together.
Groups = Sequence[Sequence[str]]


class Table:
    """A table that is written a page of rows at a time: each fitted to the terminal, or else
    one row a line.

    `wrapped` are the titles of columns that may be wrapped.  On a terminal
    that is too narrow all the same, columns are put into one, below each other:
    `stacked` has ways to group them, the widest first, and the last is taken
    if none fits.
    """

    def __init__(
        self,
        titles: Sequence[str],
        wrapped: Sequence[str],
        stacked: Sequence[Groups] = (),
    ) -> None:
        self.titles = titles
        self.wrapped = wrapped
        self.stacked = stacked
        #: How wide each column is; it gets wider, never narrower.
        self._widths = [0] * len(titles)
        self._begun = False

    def show(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Write some rows, and what the columns are called."""
        cells = [[_styled(cell) for cell in row] for row in rows]
        lines = [tuple(cell.text for cell in row) for row in cells]
        natural = [
            max(before, *map(width, column))
            for before, column in zip(
                self._widths, zip(self.titles, *lines, strict=True), strict=True
            )
        ]
        if is_terminal():
            self._show_fitted(cells, natural)
            return
        self._widths = natural
        if not self._begun:
            lines.insert(0, tuple(self.titles))
            self._begun = True
        write("".join(_padded(line, natural) + "\n" for line in lines))

    def _show_fitted(self, cells: Sequence[Sequence[Styled]], natural: Sequence[int]) -> None:
        widths = dict(zip(self.titles, natural, strict=True))
        for title in self.wrapped:
            widths[title] = min(widths[title], WRAPPED_WIDTH)
        groups: Groups = [[title] for title in self.titles]
        ways = [groups, *self.stacked]
        fitting = (way for way in ways if _width_of(way, widths) <= terminal_width())
        groups = next(fitting, ways[-1])
        fits = _width_of(groups, widths) <= terminal_width()
        _show_rich_table(
            [(group, not fits or not set(group).isdisjoint(self.wrapped)) for group in groups],
            [dict(zip(self.titles, row, strict=True)) for row in cells],
        )


def show_facts(facts: Sequence[tuple[str, Cell]]) -> None:
    """Write what there is to say, one fact a line; nothing where the value is empty."""
    cells = [
        (title, cell)
        for title, cell in ((title, _styled(cell)) for title, cell in facts)
        if cell.text
    ]
    if not cells:
        return
    if is_terminal():
        from rich.table import Table as RichTable
        from rich.text import Text

        grid = RichTable.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for title, cell in cells:
            grid.add_row(Text(title, "bold"), Text(*cell))
        _render(grid)
        return
    widths = [max(len(title) for title, _ in cells), 0]
    write("".join(_padded((title, cell.text), widths) + "\n" for title, cell in cells))


def _width_of(groups: Groups, widths: Mapping[str, int]) -> int:
    """How wide a table is with its columns in these groups."""
    return sum(max(widths[title] for title in group) for group in groups) + 2 * (len(groups) - 1)


def _styled(cell: Cell) -> Styled:
    text, style = cell if isinstance(cell, Styled) else (cell, "")
    return Styled(clean(text, LONGEST_CELL), style)


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        text + " " * (wide - width(text)) for text, wide in zip(line, widths, strict=True)
    ).rstrip()


def _show_rich_table(
    groups: Sequence[tuple[Sequence[str], bool]], rows: Sequence[dict[str, Styled]]
) -> None:
    """`groups` are the titles that share a column, and whether that may be wrapped."""
    # Only where there is a terminal: importing it takes its time.
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for group, may_wrap in groups:
        words = [word for row in rows for title in group for word in row[title].text.split()]
        longest = max((width(word) for word in words), default=0)
        table.add_column(
            "\n".join(group),
            overflow="fold",
            no_wrap=not may_wrap,
            # Words are not broken, unless they are very long.
            min_width=max(*map(len, group), min(longest, UNBROKEN_WIDTH)),
        )
    for row in rows:
        cells = []
        for group, _ in groups:
            # Text, not str: what looks like markup is not.
            cell = Text("\n").join(Text(*row[title]) for title in group)
            cell.rstrip()
            cells.append(cell)
        table.add_row(*cells)
    _render(table)


def _render(renderable: Any) -> None:
    import io

    from rich.console import Console

    screen = io.StringIO()
    Console(file=screen, force_terminal=True, width=terminal_width(), highlight=False).print(
        renderable
    )
    write(screen.getvalue())
