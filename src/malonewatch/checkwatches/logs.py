"""What a run says on standard error."""

import datetime
import json
import logging
import sys
from typing import Any, TextIO


# In Python 3.10 the class cannot be subscripted.
class StandardErrorHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to whatever sys.stderr is at the time, such as a progress bar's."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        raise AttributeError("the stream is sys.stderr")


def said(event: str, **facts: Any) -> dict[str, Any]:
    """What a line says, for programs: the `extra` of a call to a logger.

    `event` says what happened, the `facts` to what; they are members of the
    object that the line is as JSON.
    """
    return {"facts": {"event": event, **facts}}


class JSONFormatter(logging.Formatter):
    """A JSON object a line: time (ISO 8601, UTC), level, logger, message, what was `said`, and
    traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        entry: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        # In ASCII, so that nothing in it is a control sequence to a terminal.
        return json.dumps(entry).replace("\x7f", "\\u007f")


class LineFormatter(logging.Formatter):
    """``LEVEL   message``, one line whatever the message holds; a traceback is indented."""

    def __init__(self) -> None:
        super().__init__("%(levelname)-7s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        lines = [_visible(self.formatMessage(record))]
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            lines += [f"  {_visible(line)}" for line in traceback.split("\n")]
        return "\n".join(lines)


def _visible(text: str) -> str:
    """`text` with what cannot be printed as an escape sequence.

    What a remote server said must not pass for a line of ours, nor reach the
    terminal as a control sequence.
    """
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def set_up(log_format: str, verbosity: int) -> logging.Handler:
    """Log to standard error, and return the handler.

    `log_format` is ``text`` or ``json``; `verbosity` 0 says what happens, -1
    only what went wrong, 1 everything.  It takes the place of one from before.
    """
    handler = StandardErrorHandler()
    handler.setFormatter(JSONFormatter() if log_format == "json" else LineFormatter())
    root = logging.getLogger()
    for other in [other for other in root.handlers if isinstance(other, StandardErrorHandler)]:
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    level = {-1: logging.WARNING, 0: logging.INFO}.get(verbosity, logging.DEBUG)
    logging.getLogger("malonewatch").setLevel(level)
    return handler
