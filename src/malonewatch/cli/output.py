"""What people and programs read: text, tables and JSON on standard output."""

import contextlib
import dataclasses
import enum
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import click

from malonewatch.interfaces import MalonewatchError

# Control sequences, and the strings that some of them begin.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
# They join characters into one, in scripts and emoji that need it.
_JOINERS = "\u200c\u200d"

#: No cell of a table, and no line of text, is longer.
LONGEST_CELL = 300
LONGEST_LINE = 2000

#: How narrow a column that may be wrapped gets before columns are stacked.
WRAPPED_WIDTH = 20
#: How long a word may be that is not broken.
UNBROKEN_WIDTH = 14


class OutputFailed(MalonewatchError):
    """Standard output takes no more."""


class Styled(NamedTuple):
    """Text in a style of rich's."""

    text: str
    style: str


Cell = str | Styled


def clean(text: str, limit: int = LONGEST_LINE) -> str:
    """`text` from who knows where as one line that is safe on a terminal.

    Without control sequences and what changes the direction of writing, and
    cut off at `limit` characters.
    """
    # Cut before too: a text without end would cost its length.
    text = _SEQUENCES.sub("", text[: 2 * limit])
    if not text.isprintable():
        text = "".join(map(_safe, text))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _safe(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf") else "\ufffd"


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def write(text: str) -> None:
    """Put `text` on standard output, now.

    :raises OutputFailed: it cannot be written.
    :raises click.exceptions.Exit: nobody reads on, as in ``malonewatch list | head -1``.
    """
    stream = sys.stdout
    if stream is None:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _drop_output()
        raise click.exceptions.Exit(0) from None
    except OSError as error:
        _drop_output()
        raise OutputFailed(f"Standard output cannot be written: {error.strerror}.") from None


def _drop_output() -> None:
    # Python tries again at exit to write what is left over, and complains.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(text: str = "", bold: bool = False, color: str | None = None) -> None:
    """Write a line, cleaned; bold and in colour on terminals only."""
    text = clean(text)
    if (bold or color) and is_terminal() and "NO_COLOR" not in os.environ:
        text = click.style(text, bold=bold or None, fg=color)
    write(text + "\n")


def complain(text: str) -> None:
    """Write an error to standard error."""
    click.echo(f"Error: {clean(text)}", err=True)


def show_json(value: Any) -> None:
    """Write `value`: plain values, enumerations by name, times as ISO 8601."""
    write(json.dumps(value, indent=2, default=_as_json) + "\n")


def _as_json(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, datetime):
        return value.isoformat()
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


# Times.


def span(seconds: float) -> str:
    """A length of time in one unit: ``5m``, ``3h``, ``12d``."""
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f}h"
    return f"{seconds // 86400:.0f}d"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, or how far ahead it is."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 10:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def at(moment: datetime | None, now: datetime) -> str:
    """`moment`, and how long ago it was; empty if there is none."""
    if moment is None:
        return ""
    return f"{moment.strftime('%Y-%m-%d %H:%M:%S UTC')} ({ago(moment, now)})"


# Tables.


def show_table(
    titles: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    wrapped: Sequence[str],
    stacked: Sequence[Sequence[str]] = (),
) -> None:
    """Write a table: one that fits the terminal, or else one row a line.

    `wrapped` are the titles of columns that may be wrapped.  On a terminal
    that is too narrow all the same, the columns in each group of `stacked` are
    put into one, below each other.
    """
    cells = [[_styled(cell) for cell in row] for row in rows]
    lines = [tuple(titles), *(tuple(cell.text for cell in row) for row in cells)]
    natural = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    if not is_terminal():
        write("".join(_padded(line, natural) + "\n" for line in lines))
        return
    widths = dict(zip(titles, natural, strict=True))
    for title in wrapped:
        widths[title] = min(widths[title], WRAPPED_WIDTH)
    fits = sum(widths.values()) + 2 * (len(titles) - 1) <= _terminal_width()
    groups = [[title] for title in titles] if fits or not stacked else stacked
    _show_rich_table(
        [(group, group[0] in wrapped or not fits) for group in groups],
        [dict(zip(titles, row, strict=True)) for row in cells],
    )


def show_facts(facts: Sequence[tuple[str, Cell]]) -> None:
    """Write what there is to say, one fact a line; nothing where the value is empty."""
    cells = [
        (title, cell)
        for title, cell in ((title, _styled(cell)) for title, cell in facts)
        if cell[0]
    ]
    if not cells:
        return
    if is_terminal():
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for title, cell in cells:
            grid.add_row(Text(title, "bold"), Text(*cell))
        _render(grid)
        return
    widths = [max(len(title) for title, _ in cells), 0]
    write("".join(_padded((title, cell.text), widths) + "\n" for title, cell in cells))


def _styled(cell: Cell) -> Styled:
    text, style = cell if isinstance(cell, Styled) else (cell, "")
    return Styled(clean(text, LONGEST_CELL), style)


def _width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character) or character in _JOINERS
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
    ).rstrip()


def _show_rich_table(
    groups: Sequence[tuple[Sequence[str], bool]], rows: Sequence[dict[str, Styled]]
) -> None:
    """`groups` are the titles that share a column, and whether that may be wrapped."""
    # Only where there is a terminal: importing it takes its time.
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for group, may_wrap in groups:
        words = [word for row in rows for title in group for word in row[title].text.split()]
        longest = max((_width(word) for word in words), default=0)
        table.add_column(
            "\n".join(group),
            overflow="fold",
            no_wrap=not may_wrap,
            # Words are not broken, unless they are very long.
            min_width=max(*map(len, group), min(longest, UNBROKEN_WIDTH)),
        )
    for row in rows:
        # Text, not str: what looks like markup is not.
        table.add_row(
            *(
                Text("\n").join(Text(*row[title]) for title in group if row[title].text)
                for group, _ in groups
            )
        )
    _render(table)


def _render(renderable: Any) -> None:
    import io

    from rich.console import Console

    console = Console(
        file=io.StringIO(), force_terminal=True, width=_terminal_width(), highlight=False
    )
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    write(console.file.getvalue())


def _terminal_width() -> int:
    return shutil.get_terminal_size().columns
