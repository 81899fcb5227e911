"""The command ``malonewatch``."""

import contextlib
import errno
import getpass
import traceback
from collections.abc import Sequence
from typing import Any

from malonewatch import streams
from malonewatch.acting import Actor, acting
from malonewatch.exitcodes import (
    EXIT_DATABASE,
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_TROUBLE,
    EXIT_USAGE,
)
from malonewatch.garbage import OBJECTS_OF_A_COMMAND, left_at_exit, seldom_collected


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code."""
    streams.ensure()
    left_at_exit()
    try:
        with seldom_collected(OBJECTS_OF_A_COMMAND):
            return _run(args)
    except SystemExit as error:
        # From click, which completes a command line for a shell.
        return error.code if isinstance(error.code, int) else EXIT_TROUBLE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        code, sentence = _refusal(error)
        if code == EXIT_FAULT:
            traceback.print_exc()
        else:
            from malonewatch.cli.output import complain

            complain(sentence)
        return code
    finally:
        # So that the end of the process does not fail.
        streams.settle()


def _run(args: Sequence[str] | None) -> int:
    from malonewatch.cli.command import command
    from malonewatch.cli.logs import warnings_said

    with warnings_said(), acting(Actor("command line", _user())):
        return run(command, args, "malonewatch")


def _user() -> str:
    """Who runs this, as the system has it; empty if it does not."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def run(command: Any, args: Sequence[str] | None, name: str) -> int:
    """Run a command line of a click command by that name; the exit code.

    What is not malonewatch's fault is said in a sentence; the rest is raised.
    """
    import click

    from malonewatch.cli.output import complain
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
        with contextlib.suppress(OSError):
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


def _refusal(error: BaseException) -> tuple[int, str]:
    """What the operating system did not let us do: exit code and sentence; EXIT_FAULT if it is
    not to blame."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE):
            return EXIT_DATABASE, "Too many files are open; allow more of them (see 'ulimit -n')."
        cause = cause.__cause__ or cause.__context__
    if not isinstance(error, OSError):
        return EXIT_FAULT, ""
    what = "Standard output" if error.filename is None else error.filename
    return EXIT_TROUBLE, f"{what} cannot be used: {error.strerror or type(error).__name__}."
