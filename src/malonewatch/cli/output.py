"""Writing: lines for people and JSON for programs on standard output, complaints beside it."""

import contextlib
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click

from malonewatch import streams
from malonewatch.application.plain import plain
from malonewatch.cleaning import clean
from malonewatch.interfaces import MalonewatchError


class OutputFailed(MalonewatchError):
    """Standard output takes no more."""


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def terminal_width() -> int:
    """How many columns the terminal has."""
    return shutil.get_terminal_size().columns


def write(text: str) -> None:
    """Put `text` on standard output, now.

    :raises OutputFailed: it cannot be written.
    :raises click.exceptions.Exit: nobody reads on, as in ``malonewatch list | head -1``.
    """
    stream = sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        streams.settle()
        raise click.exceptions.Exit(0) from None
    except OSError as error:
        streams.settle()
        raise OutputFailed(f"Standard output cannot be written: {error.strerror}.") from None


def say(text: str = "", bold: bool = False, color: str | None = None) -> None:
    """Write a line, cleaned; wrapped, bold and in colour on terminals only."""
    text = clean(text)
    if is_terminal():
        text = _wrapped(text)
    if (bold or color) and is_terminal() and "NO_COLOR" not in os.environ:
        text = click.style(text, bold=bold or None, fg=color)
    write(text + "\n")


def complain(text: str, kind: str = "Error") -> None:
    """Write an error, or a warning, to standard error; where nobody listens, to nobody."""
    line = f"{kind}: {clean(text)}"
    if sys.stderr.isatty():
        line = _wrapped(line)
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def _wrapped(text: str) -> str:
    """`text` on several lines if it is long, with no word, such as a URL, broken."""
    indent = text[: len(text) - len(text.lstrip())]
    return textwrap.fill(
        text,
        terminal_width(),
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def show_json(value: Any) -> None:
    """Write `value` as JSON; see `plain`."""
    write(json.dumps(plain(value), indent=2) + "\n")


def show_json_pages(pages: Iterable[Sequence[Any]]) -> None:
    """Write all that is in `pages` as one list in JSON, a page at a time."""
    separator = "[\n"
    for page in pages:
        text = json.dumps(plain(page), indent=2)
        # Without its brackets, and the line break after the first.
        write(separator + text[2:-2])
        separator = ",\n"
    write("[]\n" if separator == "[\n" else "\n]\n")
