"""The command ``malonewatch``."""

import logging
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
    # Libraries log what we say in a sentence; without a handler it would be shown.
    nowhere = logging.NullHandler()
    logging.getLogger().addHandler(nowhere)
    try:
        from malonewatch.cli.command import command

        return run(command, args, "malonewatch")
    except SystemExit as error:
        # From click, whose help nobody reads to the end, or which completes
        # a command line for a shell.
        return error.code if isinstance(error.code, int) else EXIT_TROUBLE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception:
        traceback.print_exc()
        return EXIT_FAULT
    finally:
        logging.getLogger().removeHandler(nowhere)


def run(command: Any, args: Sequence[str] | None, name: str) -> int:
    """Run a command line of a click command by that name; the exit code.

    What is not malonewatch's fault is said in a sentence; the rest is raised.
    """
    import click

    from malonewatch.cli.output import complain
    from malonewatch.cli.references import Refused
    from malonewatch.interfaces import BadInput, DatabaseError, MalonewatchError, NotFoundError

    try:
        return command.main(args, prog_name=name, standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except click.Abort:
        complain("Interrupted.")
        return EXIT_INTERRUPTED
    except Refused as error:
        for sentence in error.sentences:
            complain(sentence)
        if len(error.sentences) > 1:
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
