"""The command ``malonewatch``."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from malonewatch.exitcodes import (
    EXIT_DATABASE,
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_TROUBLE,
    EXIT_USAGE,
)


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code."""
    _open_standard_files()
    try:
        from malonewatch.cli.command import command
        from malonewatch.cli.logs import warnings_said

        with warnings_said():
            return run(command, args, "malonewatch")
    except SystemExit as error:
        # From click, which completes a command line for a shell.
        return error.code if isinstance(error.code, int) else EXIT_TROUBLE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        refusal = _refusal(error)
        if refusal is None:
            traceback.print_exc()
            return EXIT_FAULT
        from malonewatch.cli.output import complain, drop

        drop(sys.stdout)
        complain(refusal)
        return EXIT_TROUBLE


def run(command: Any, args: Sequence[str] | None, name: str) -> int:
    """Run a command line of a click command by that name; the exit code.

    What is not malonewatch's fault is said in a sentence; the rest is raised.
    """
    import click

    from malonewatch.cli.output import complain, complaining
    from malonewatch.interfaces import (
        BadInput,
        DatabaseError,
        MalonewatchError,
        NotFoundError,
        Refused,
    )

    try:
        return command.main(args, prog_name=name, standalone_mode=False) or 0
    except click.ClickException as error:
        if sys.stderr is not None:
            with complaining():
                error.show()
        return EXIT_USAGE
    except click.Abort:
        complain("Interrupted.")
        return EXIT_INTERRUPTED
    except Refused as error:
        for sentence in error.sentences:
            complain(sentence)
        if error.given > 1:
            complain("Nothing was changed.")
        return EXIT_USAGE
    except (BadInput, NotFoundError) as error:
        complain(str(error))
        return EXIT_USAGE
    except DatabaseError as error:
        complain(str(error))
        return EXIT_DATABASE
    except MalonewatchError as error:
        complain(str(error))
        return EXIT_TROUBLE


def _open_standard_files() -> None:
    """See that no other file gets the number of standard input, output or error, where whoever
    started us closed one: what is meant for that would be written into a database."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest number that is free.
            os.open(os.devnull, os.O_RDWR)


def _refusal(error: BaseException) -> str | None:
    """What the operating system did not let us do, as a sentence; None if it is not to blame."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE):
            return "Too many files are open; allow more of them (see 'ulimit -n')."
        cause = cause.__cause__ or cause.__context__
    if not isinstance(error, OSError):
        return None
    what = "Standard output" if error.filename is None else error.filename
    return f"{what} cannot be used: {error.strerror or type(error).__name__}."
