"""What of the log a person at the command line sees."""

import contextlib
import logging
import traceback
from collections.abc import Iterator

from malonewatch.cli.output import complain


class _Warnings(logging.Handler):
    """Says malonewatch's warnings in a line each, and shows the tracebacks of its faults.

    What a run logs of bug trackers and bugs is said anyway; so is what the
    libraries log, which would be shown if nothing handled it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] != "malonewatch":
            return
        if record.exc_info is not None and record.exc_info[1] is not None:
            traceback.print_exception(record.exc_info[1])
        elif not record.name.startswith("malonewatch.checkwatches"):
            complain(record.getMessage(), "Warning")


@contextlib.contextmanager
def warnings_said() -> Iterator[None]:
    """Say on standard error what is logged as a warning or worse."""
    handler = _Warnings(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextlib.contextmanager
def nothing_said() -> Iterator[None]:
    """Leave what is logged to a command that says all of it itself."""
    root = logging.getLogger()
    ours = [handler for handler in root.handlers if isinstance(handler, _Warnings)]
    for handler in ours:
        root.removeHandler(handler)
    try:
        yield
    finally:
        for handler in ours:
            root.addHandler(handler)
