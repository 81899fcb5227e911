"""What to do where a watch is not as it should be: the commands that would help.  Pure."""

import dataclasses
import shlex
from collections.abc import Iterator

from malonewatch.application.explaining.knowledge import Knowledge
from malonewatch.application.facts import INACTIVE
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, BugWatchErrorType, Polling

_ERRORS = BugWatchErrorType


def _one_of(meanings: type[BugTaskStatus] | type[BugTaskImportance]) -> str:
    return f"MEANING is one of {', '.join(repr(meaning.title) for meaning in meanings)}"


_READ_ANEW = "To read what is known by the tables as they are:"
_MEANINGS, _IMPORTANCES = _one_of(BugTaskStatus), _one_of(BugTaskImportance)


@dataclasses.dataclass(frozen=True, slots=True)
class Remedy:
    """A command, and when it is the right one."""

    sentence: str
    command: str


def remedies_of(known: Knowledge) -> tuple[Remedy, ...]:
    """What would help, whatever it is that is wrong; only what applies."""
    if known.then is not None:
        return ()
    ways = _of_words, _of_importance, _of_duplicates, _of_tracker, _of_bug
    # Reading anew may be what helps twice.
    found = dict.fromkeys(each for of in ways for each in of(known))
    return tuple(Remedy(sentence, f"malonewatch {command}") for sentence, command in found)


def _of_words(known: Knowledge) -> Iterator[tuple[str, str]]:
    bug = known.source
    if bug.tracker is None or bug.remotestatus is None or bug.reading is None:
        return
    name, reading = shlex.quote(bug.tracker), bug.reading
    word = reading.rows[0].word if reading.rule == "site" else bug.remotestatus
    which = f"tracker map {name} {shlex.quote(word)}"
    if reading.rule == "site":
        yield f"To leave what {word!r} means to the type:", f"{which} --remove"
        yield f"To map it to something else ({_MEANINGS}):", f"{which} MEANING"
    else:
        yield f"If it means something else in {bug.tracker} ({_MEANINGS}):", f"{which} MEANING"
    if reading.status is not bug.status:
        yield _READ_ANEW, f"tracker reread {name}"


def _of_importance(known: Knowledge) -> Iterator[tuple[str, str]]:
    watch, reading = known.watch, known.importance
    if not watch.remote_importance or reading is None:
        return
    name, row = shlex.quote(watch.tracker), reading.row
    word = row.word if row is not None and reading.rule == "site" else watch.remote_importance
    which = f"tracker map {name} {shlex.quote(word)}"
    if reading.rule == "site":
        yield f"To leave to the type how important {word!r} is:", f"{which} --importance --remove"
    sentence = f"If {word!r} means another importance in {watch.tracker} ({_IMPORTANCES}):"
    yield sentence, f"{which} MEANING --importance"
    if reading.importance is not watch.importance:
        yield _READ_ANEW, f"tracker reread {name}"


def _of_duplicates(known: Knowledge) -> Iterator[tuple[str, str]]:
    tracker = known.tracker
    name = shlex.quote(tracker.name)
    if len(known.said) > 1:
        yield (
            f"To show how bugs of {tracker.name} are themselves, and not what they duplicate:",
            f"tracker edit {name} --no-follow",
        )
    elif known.watch.duplicate_of is not None and not tracker.follows:
        yield "To follow duplicates to where they lead:", f"tracker edit {name} --follow"
    if known.watch.moved_to is not None:
        yield (
            "To watch the bug where it is now:",
            f"move {known.watch.id} {shlex.quote(known.watch.moved_to)}",
        )


def _of_tracker(known: Knowledge) -> Iterator[tuple[str, str]]:
    tracker, error = known.tracker, known.tracker.last_error_type
    name = shlex.quote(tracker.name)
    if tracker.state == INACTIVE:
        yield "To have it asked:", f"tracker enable {name}"
    if known.held is not None:
        yield "If what is held back is true:", f"tracker accept-changes {name}"
    if error in (_ERRORS.UNSUPPORTED_BUG_TRACKER, _ERRORS.UNPARSABLE_BUG_TRACKER):
        yield f"If {tracker.name} is of another type:", f"tracker edit {name} --type TYPE"
    if error in (_ERRORS.CONNECTION_ERROR, _ERRORS.UNPARSABLE_BUG_TRACKER):
        yield f"If {tracker.name} is at another place by now:", f"tracker move {name} NEWURL"
    doubtful = error is _ERRORS.CREDENTIALS_REFUSED or (
        known.watch.last_error_type is _ERRORS.PRIVATE_REMOTE_BUG
    )
    if doubtful or known.credentials_problem:
        yield "To see whether the credentials are taken:", "credentials check"


def _of_bug(known: Knowledge) -> Iterator[tuple[str, str]]:
    watch, tracker = known.watch, known.tracker
    if tracker.state != INACTIVE and tracker.polling is not Polling.NEVER and known.type_title:
        yield "To ask now how it is:", f"check {watch.id}"
    if watch.last_error_type in (_ERRORS.BUG_NOT_FOUND, _ERRORS.BUG_DELETED):
        yield "If the bug is gone for good:", f"unwatch {watch.id}"
