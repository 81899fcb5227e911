"""A demonstration: seven types of bug tracker, some watches, two runs of the cron script.

Run it with ``python -m malonewatch.cli.demo``.  The bug trackers are
simulated, on this machine; nothing else is asked.
"""

import contextlib
import email
import email.policy
import logging
import mailbox
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode

import click

from malonewatch import streams
from malonewatch.application.facts import WatchFacts
from malonewatch.application.listing import Wanted, list_watches
from malonewatch.cli import main as malonewatch
from malonewatch.cli import run
from malonewatch.cli.demo_trackers import Trackers
from malonewatch.cli.options import Settings
from malonewatch.cli.output import complain, say
from malonewatch.cli.showing import status_style
from malonewatch.cli.tables import Styled, Table
from malonewatch.exitcodes import EXIT_FAULT, EXIT_TROUBLE
from malonewatch.interfaces import BadInput, BugTaskStatus, FailureOwner

MARKER = "made-by-malonewatch-demo.txt"

#: What may be in its directory before, from tests of the desk.
SCREENSHOTS = "screenshots"

#: (number, title, the remote bugs that it depends on)
BUGS = [
    (1, "Windows flicker when moved", ["desktop 101", "distro 5001", "garden 7", "lab 51"]),
    (2, "Crash if a file has no name", ["desktop 102", "language 11", "web 31", "hub 41"]),
    (3, "Letters too small on large screens", ["desktop 103", "forge 21", "distro 5002"]),
    (4, "Downloads end at 2 GB", ["forge 22", "language 12", "web 32", "desktop 104"]),
]

#: What has become of a bug, if it means this now.
WHY = {
    BugTaskStatus.FIXRELEASED: "It was fixed.",
    BugTaskStatus.FIXCOMMITTED: "It was merged.",
    BugTaskStatus.WONTFIX: "They will not fix it.",
    BugTaskStatus.UNKNOWN: "No table knows that word.",
}


class UnexpectedExit(Exception):
    """A command of the demonstration did not end as it should."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Where the database goes, in place of that of an earlier demonstration.",
)
def command(directory: Path) -> int:
    """Show what malonewatch does, with simulated bug trackers on this machine."""
    uri = _database_in(directory)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_environment("MALONEWATCH_DATABASE", uri))
        # What is delivered is locked there.
        stack.enter_context(_environment("XDG_STATE_HOME", str(directory.resolve())))
        trackers = Trackers(stack)
        _tell(
            "A database of its own for this demonstration; the commands find it by this variable."
        )
        _show_command(f"export MALONEWATCH_DATABASE={shlex.quote(uri)}")
        _malonewatch("init")
        _register(trackers)
        _watch(trackers)
        mail = directory / "mail"
        _subscribe(mail)
        lock = str(directory / "checkwatches.lock")
        _tell(
            "Cron would run this every ten minutes: it asks for all bugs that are due, many of a "
            "bug tracker in one request.  One bug tracker wants to keep robots out.",
        )
        _checkwatches("--lock-file", lock)
        _tell("So this is how the remote bugs are.")
        _malonewatch("list")
        before = _facts(uri)
        trackers.move()
        _tell(
            "Now things happen elsewhere: bugs are fixed, closed as a duplicate, refused; one is "
            "deleted, one is made private, and one moves to another project.  Each watch would "
            "come due again within a day; --reset makes them due now.",
        )
        _checkwatches("--lock-file", lock, "--reset")
        after = _facts(uri)
        _tell("What changed, what failed, and why.  A failed watch keeps the status it had.")
        _show_changes(before, after)
        _tell("And this is the mail that was sent for it.")
        _show_mail(mail)
        _tell("The bug tracker in trouble is left alone for a while; its watches are not to blame.")
        _malonewatch("tracker", "list")
        _tell("A word that no table knows waits for you to say what it means.")
        _malonewatch("tracker", "unknown")
        failed = next(watch for watch in after if _fails_by_itself(watch))
        _tell("There is more to know about each watch, such as what to do if it failed.")
        _malonewatch("show", str(failed.id))
    _tell(
        "That was it.  The simulated bug trackers are gone; the database is still there.  Open "
        "its desk, which is all of this in a browser, or go on here.",
    )
    say("make serve", bold=True)
    say(shlex.join([_program(), "--database", uri, "list"]), bold=True)
    return 0


def _database_in(directory: Path) -> str:
    """The URI of a database to be made in `directory`, after the one of an earlier run is gone.

    :raises BadInput: the directory is somebody else's.
    """
    marker, database, mail = (directory / name for name in (MARKER, "database", "mail"))
    try:
        if directory.exists() and not marker.is_file() and _strangers(directory):
            raise BadInput(
                f"The directory {directory} is not empty, and not from an earlier demonstration; "
                "name another one with --directory."
            )
        directory.mkdir(parents=True, exist_ok=True)
        marker.write_text(
            "Everything in the folders 'database' and 'mail' beside this file is deleted when "
            "the demonstration is run again.\n"
        )
        for folder in (database, mail):
            if folder.exists():
                shutil.rmtree(folder)
    except OSError as error:
        raise BadInput(
            f"The directory {directory} cannot be used ({error.strerror}); name another one with "
            "--directory."
        ) from None
    return f"sqlite://?{urlencode({'data_dir': str(database.resolve())}, safe='/')}"


def _strangers(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.name != SCREENSHOTS]


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _register(trackers: Trackers) -> None:
    _tell(
        "Eight bug trackers.  The URL of any bug there tells of which type they are, and where "
        "their pages begin.",
    )
    for name, title in trackers.titles.items():
        some_bug = next(bug for _, _, bugs in BUGS for bug in bugs if bug.startswith(name))
        url = trackers.url(some_bug)
        _malonewatch("tracker", "add", url, "--name", name, "--title", title)


def _watch(trackers: Trackers) -> None:
    _tell("Four bugs of ours, and the bugs elsewhere that they depend on.")
    for number, title, bugs in BUGS:
        _malonewatch("watch", *map(trackers.url, bugs), "--bug", str(number), "--title", title)


def _subscribe(mail: Path) -> None:
    _tell(
        "Somebody waits for fixes of what the first bug depends on, somebody else keeps a search.  "
        "Mail goes to a folder here, in place of a server.",
    )
    _malonewatch("delivery", "--transport", f"maildir:{mail.resolve()}")
    for whose, happening, address in (
        (("--bug", "1"), "fixed", "jo@example.com"),
        (("--search", "open tracker:desktop"), "reopened", "sam@example.com"),
    ):
        _malonewatch("subscribe", *whose, "--events", happening, "--mail", address)


def _show_mail(folder: Path) -> None:
    for message in mailbox.Maildir(folder):
        parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
        for name in ("From", "To", "Subject"):
            say(f"{name}: {parsed[name]}")
        say()
        for part in parsed.iter_parts():
            if part.get_content_type() == "text/plain":
                for line in part.get_content().splitlines():
                    say(line)
        say()


def _facts(uri: str) -> list[WatchFacts]:
    with Settings(uri).open(read_only=True) as database:
        return [watch for page in list_watches(database, Wanted()) for watch in page]


def _fails_by_itself(watch: WatchFacts) -> bool:
    """Whether a watch has an error that is its own, not the bug tracker's."""
    error_type = watch.last_error_type
    return error_type is not None and error_type.owner is FailureOwner.WATCH


def _show_changes(before: Sequence[WatchFacts], after: Sequence[WatchFacts]) -> None:
    rows = []
    for old, new in zip(before, after, strict=True):
        failed = new.last_error_type
        if failed is not None:
            now = Styled(failed.title, "red")
            why = new.last_error or ""
        elif old.remote != new.remote:
            now = Styled(new.meaning, status_style(new.status))
            why = f"It was {old.remote} and moved; the watch went along."
        elif old.meaning != new.meaning:
            now = Styled(new.meaning, status_style(new.status))
            why = WHY.get(new.status, "")
            if new.duplicate_of is not None:
                why = f"It is the same as #{new.duplicate_of}."
        else:
            continue
        rows.append((str(new.bug), new.remote, old.meaning, now, why))
    Table(("Bug", "Remote bug", "Before", "Now", "Why"), wrapped=("Why",)).show(rows)
    say(f"The other {len(after) - len(rows)} are as they were.")


# Showing commands as a person would type them.


def _tell(text: str) -> None:
    say()
    for line in textwrap.wrap(text, 78):
        say(line, color="cyan")
    say()


def _show_command(line: str) -> None:
    say(f"$ {line}", bold=True)


def _malonewatch(*args: str) -> None:
    line = shlex.join(["malonewatch", *args])
    _show_command(line)
    code = malonewatch(args)
    if code:
        raise UnexpectedExit(f"{line} ended with exit code {code}")


def _checkwatches(*args: str) -> None:
    from malonewatch.checkwatches.script import main

    line = shlex.join(["checkwatches", *args])
    _show_command(line)
    handlers = list(logging.getLogger().handlers)
    try:
        # What it says on standard error belongs between the other lines.
        with contextlib.redirect_stderr(sys.stdout):
            code = main(args)
    finally:
        logging.getLogger().handlers[:] = handlers
    if code != EXIT_TROUBLE:
        raise UnexpectedExit(f"{line} ended with exit code {code}")
    say(f"(It ended with exit code {code}: some bug tracker could not be asked.)")


def _program() -> str:
    """How to call malonewatch from where we are."""
    beside = Path(sys.executable).with_name("malonewatch")
    if shutil.which("malonewatch") is not None or not beside.exists():
        return "malonewatch"
    return os.path.relpath(beside)


def main(args: Sequence[str] | None = None) -> int:
    """Run the demonstration; the exit code."""
    streams.ensure()
    try:
        return run(command, args, "demo")
    except UnexpectedExit as error:
        complain(f"{error}.")
        return EXIT_FAULT


if __name__ == "__main__":
    sys.exit(main())
