"""The commands import and export."""

import contextlib
import sys
from collections.abc import Iterator

import click

from malonewatch.application import transfer
from malonewatch.application.listing import Wanted
from malonewatch.cli.options import Settings, database_options
from malonewatch.cli.output import say, write
from malonewatch.cli.text import count_of
from malonewatch.cli.watches import say_registered
from malonewatch.interfaces import BadInput


@click.command("import")
@click.argument("file", metavar="FILE")
@database_options
@click.pass_obj
def import_command(settings: Settings, file: str) -> None:
    """Watch what is named in a file.

    It is CSV or JSON with bug, title and url; - is standard input.  The first
    line of CSV names the columns; JSON is a list of objects.  Only the URL has
    to be there: without the number of a bug, a new one is made, for all lines
    of the same title.  What is watched already is left as it is.
    """
    lines = transfer.read_lines(_text_of(file))
    with settings.open() as database:
        imported = transfer.import_lines(database, lines)
    for registration in imported.registered:
        say_registered(registration)
    say(
        f"{count_of(len(lines), 'line')}: {count_of(imported.watches, 'new watch', 'new watches')} "
        f"and {count_of(imported.bugs, 'new bug')}; {imported.existing} watched already."
    )
    for bug_id in imported.keep_title:
        say(
            f"Bug {bug_id} keeps its title; 'malonewatch bug retitle {bug_id} TITLE' gives it "
            "another."
        )


@click.command("export")
@click.argument("file", metavar="[FILE]", default="-")
@click.option("--json", "as_json", is_flag=True, help="As JSON, instead of CSV.")
@click.option("-t", "--tracker", metavar="NAME", help="What is watched on this bug tracker only.")
@database_options
@click.pass_obj
def export_command(settings: Settings, file: str, as_json: bool, tracker: str | None) -> None:
    """Write what is watched to a file, for 'import'.

    Bug, title and URL of each watch, as CSV, into FILE, or to standard output (-).
    """
    with settings.open(read_only=True) as database:
        lines = transfer.export_lines(database, Wanted(tracker=tracker))
        texts = transfer.as_json(lines) if as_json else transfer.as_csv(lines)
        if file == "-":
            for text in transfer.in_portions(texts):
                write(text)
            return
        with _refusing(file), open(file, "w", encoding="utf-8", newline="") as stream:
            stream.writelines(texts)


def _text_of(file: str) -> str:
    if file == "-":
        octets = sys.stdin.buffer.read() if sys.stdin is not None else b""
    else:
        with _refusing(file), open(file, "rb") as stream:
            octets = stream.read()
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{_named(file)} is not in UTF-8.") from None


def _named(file: str) -> str:
    return "Standard input" if file == "-" else file


@contextlib.contextmanager
def _refusing(file: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be the name of a file"
        raise BadInput(f"{file} cannot be used: {reason}.") from None
