"""What is known of a watch as sentences for people, in a few sections.  Pure."""

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping

from malonewatch.application.explaining.history import Then
from malonewatch.application.explaining.knowledge import BugSaid, Knowledge
from malonewatch.application.explaining.upcoming import of_watch
from malonewatch.application.facts import INACTIVE
from malonewatch.application.references import shortened
from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchActivity,
    Polling,
    StatusReading,
    TableRow,
)
from malonewatch.wording import exact, what_happened

#: What the tables are called.
_TABLES = {
    "mappings": "what is mapped for this bug tracker",
    "statuses": "the table of statuses",
    "closing": "the table of statuses that end a bug, of which the resolution says more",
    "resolutions": "the table of resolutions",
    "importances": "the table of importances",
    "numbers": "the table of the numbers from which an importance means something",
}
#: Why something meant what it did.
_RULES = {
    "table": "by the tables of the type, as they were then",
    "site": "as it was mapped then",
    "flag": "as a guess from what the bug tracker called it, open or closed",
    "": "which no table knew",
}
#: How much of a field of an answer is shown, in characters.
_LONGEST = 300
#: How many entries of the history are told.
_MOST = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A part of an explanation: what it is about, sentences, and the fields of what those are of,
    by name."""

    title: str
    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()


def sections_of(known: Knowledge) -> tuple[Section, ...]:
    """All there is to say, in the order in which it comes about."""
    then = known.then
    made: tuple[Section, ...]
    if then is None:
        made = (
            Section("The watch", tuple(_watch(known))),
            Section("How it is asked", tuple(_asked(known))),
            Section("What it said", tuple(_answer(known)), tuple(_record(known))),
            Section("What that means", tuple(_meaning(known))),
            Section("How important it is", tuple(_importance(known))),
            Section("What stands in the way", tuple(_trouble(known))),
            Section("What comes next", tuple(of_watch(known.watch, known.tracker, known.now))),
        )
    else:
        made = (
            Section("The watch", tuple(_watch(known))),
            Section(f"On {exact(then.at)}", tuple(_then(known, then))),
            Section("Since then", tuple(_since(then))),
        )
    return tuple(section for section in made if section.sentences)


# The watch.


def _watch(known: Knowledge) -> Iterator[str]:
    watch = known.watch
    ours = f"bug {watch.bug} of ours" + (f" ({watch.bug_title})" if watch.bug_title else "")
    where = f", which is at {watch.url}" if watch.url else ""
    yield f"Watch {watch.id} shows how {watch.remote} is{where}, for {ours}."
    by = f" by {watch.owner}" if watch.owner else ""
    yield f"It was added on {exact(watch.datecreated)}{by}."


# What is asked.


def _asked(known: Knowledge) -> Iterator[str]:
    tracker = known.tracker
    if known.type_title is None:
        yield (
            f"{tracker.name}, at {tracker.baseurl}, is of the type {tracker.bugtrackertype}, which "
            "nothing here can talk to."
        )
        return
    yield f"{tracker.name} is a bug tracker of the type {known.type_title}, at {tracker.baseurl}."
    if tracker.guessed:
        yield "That was guessed from a URL in a text, and nobody has said that it is right."
    if tracker.polling is Polling.NEVER:
        yield f"It is never asked: {tracker.not_polled}"
        return
    if tracker.polling is Polling.ONCE:
        yield f"It is asked until it is known how a bug is, and no more: {tracker.not_polled}"
    if tracker.state == INACTIVE:
        yield "It is inactive, so it is not asked."
    if tracker.dialect is None:
        yield "What dialect it speaks is found out when it is asked."
    elif tracker.dialect_learnt is None:
        yield f"It is asked in the dialect {tracker.dialect}."
    else:
        yield (
            f"It is asked in the dialect {tracker.dialect}, as was found out on "
            f"{exact(tracker.dialect_learnt)} ({tracker.dialect_reason})."
        )
    if known.request is not None:
        yield f"Alone, this bug is asked for by {known.request}"
    yield _credentials(known)


def _credentials(known: Knowledge) -> str:
    if known.credentials_problem:
        return f"Whether there are credentials for it cannot be told: {known.credentials_problem}"
    if known.section is None:
        return "No credentials are sent, as there are none for it."
    if not known.are_sent:
        return (
            f"The credentials of the section {known.section} are not sent, as it was guessed and "
            "is not asked by https."
        )
    return f"The credentials of the section {known.section} are sent."


# What it said.


def _answer(known: Knowledge) -> Iterator[str]:
    watch, answer, own = known.watch, known.answer, known.said[0]
    if watch.lastchecked is None:
        yield f"{watch.remote} has not been read yet."
    elif answer is None:
        yield f"It was last asked on {exact(watch.lastchecked)}; no answer is kept."
    else:
        yield f"On {exact(answer.asked)} it last said something new of this bug."
        if watch.lastchecked > answer.asked and watch.last_error_type is None:
            yield f"Since then it said the same, the last time on {exact(watch.lastchecked)}."
    if own.remotestatus is not None:
        yield f"What is known of the bug: {'; '.join(_read(known, own))}."


def _read(known: Knowledge, own: BugSaid) -> Iterator[str]:
    watch = known.watch
    yield f"its status is {own.remotestatus!r}"
    if own.resolution:
        yield f"its resolution {own.resolution!r}"
    if own.closed is not None:
        yield f"the bug tracker calls it {_flag(own)}"
    if watch.remote_importance:
        yield f"its importance is {watch.remote_importance!r} ({watch.importance.title})"
    if watch.fixed_in:
        yield f"it is fixed in {watch.fixed_in!r}"
    if watch.duplicate_of:
        yield f"it is a duplicate of {watch.duplicate_of}"
    if watch.moved_to:
        yield f"it moved to {watch.moved_to}"
    if watch.private:
        yield "it is private, and read with credentials"


def _record(known: Knowledge) -> Iterator[tuple[str, str]]:
    """The fields of the last answer that have something in them."""
    record = None if known.answer is None else known.answer.record
    fields = record if isinstance(record, Mapping) else {"": record}
    for name, value in fields.items():
        if value not in (None, "", [], {}):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield str(name), shortened(text, _LONGEST)


def _flag(bug: BugSaid) -> str:
    return "closed" if bug.closed else "open"


# What that means.


def _meaning(known: Knowledge) -> Iterator[str]:
    yield from _hops(known)
    source = known.source
    if source.remotestatus is None:
        yield "Nothing is known, so the status is Unknown."
    else:
        yield from _explain(source)


def _hops(known: Knowledge) -> Iterator[str]:
    """Where the watch is followed, and whose status counts."""
    watch, said = known.watch, known.said
    if len(said) == 1:
        if watch.duplicate_of and not known.tracker.follows:
            yield (
                f"It is a duplicate of {watch.duplicate_of}, and that is not followed, as "
                f"{known.tracker.name} is not to be."
            )
        return
    for before, bug in itertools.pairwise(said):
        state = bug.problem or f"It is {bug.remotestatus!r} ({bug.status.title})."
        yield f"{before.remote} is a duplicate of {bug.remote}, which is followed. {state}"
    if known.shown is None:
        yield "As long as that one is not known, the status stays what it was."
    elif known.shown == 0:
        yield f"That leads to no bug that counts, so the status is that of {watch.remote} itself."
    else:
        yield f"The status that counts is that of {known.source.remote}."


def _explain(bug: BugSaid) -> Iterator[str]:
    words = _words(bug)
    reading = bug.reading
    if reading is None:
        yield f"{words} was read as {bug.status.title}, and nothing here can say why any more."
        return
    yield _rule(words, bug, reading)
    for row in reading.rows:
        yield _row(row)
    if not reading.rule and reading.rows and bug.resolution:
        yield f"{bug.resolution!r} is in none."
    decided = reading.rows[-1].meaning if reading.rows else reading.status
    if decided is not reading.status:
        yield f"The bug tracker calls the bug {_flag(bug)}, which makes it {reading.status.title}."
    if reading.rule == "table" and bug.chapter:
        yield (
            f"These tables are in the chapter {bug.chapter}; case, blanks and punctuation do "
            "not matter."
        )
    if reading.status is not bug.status:
        yield _stale(bug.status.title)


def _importance(known: Knowledge) -> Iterator[str]:
    """What the bug tracker's word for it means; it is that of the bug itself, wherever the watch is
    followed."""
    watch, reading = known.watch, known.importance
    if known.said[0].remotestatus is None:
        return
    words, title = repr(watch.remote_importance), watch.importance.title
    if not watch.remote_importance:
        yield f"{watch.tracker} does not say how important {watch.remote} is, so it is {title}."
        return
    if reading is None:
        yield f"{words} was read as {title}, and nothing here can say why any more."
        return
    title = reading.importance.title
    if reading.rule == "site":
        yield f"{words} means {title}, as you have mapped it; that comes before the type's tables."
    elif reading.rule == "table":
        yield f"{words} means {title}, by the tables of the type."
    else:
        yield f"No table knows what {words} means, so the importance is {title}."
    if reading.row is not None:
        yield _row(reading.row)
    if reading.importance is not watch.importance:
        yield _stale(watch.importance.title)


def _stale(title: str) -> str:
    return (
        f"That is so by now; when it was read it meant {title}, and that is what the watch shows "
        "until it is read anew."
    )


def _words(bug: BugSaid) -> str:
    words = bug.remotestatus or ""
    if bug.resolution and not words.endswith(bug.resolution):
        return f"{words!r} with the resolution {bug.resolution!r}"
    return repr(words)


def _rule(words: str, bug: BugSaid, reading: StatusReading) -> str:
    title = reading.status.title
    if reading.rule == "site":
        return f"{words} means {title}, as you have mapped it; that comes before the type's tables."
    if reading.rule == "table":
        return f"{words} means {title}, by the tables of the type."
    if reading.rule == "flag":
        return (
            f"That {words} means {title} is a guess, from the bug tracker's own word that the bug "
            f"is {_flag(bug)}."
        )
    return f"No table knows what {words} means, so the status is {title}."


def _row(row: TableRow) -> str:
    if row.meaning is BugTaskStatus.UNKNOWN:
        return f"{row.word!r} is in {_TABLES[row.table]}."
    return f"{row.word!r} is in {_TABLES[row.table]}, as {row.meaning.title}."


# What stands in the way.


def _trouble(known: Knowledge) -> Iterator[str]:
    watch, tracker, held = known.watch, known.tracker, known.held
    if watch.last_error_type is not None and watch.last_error:
        yield f"The last attempt failed ({watch.last_error_type.title}): {watch.last_error}"
    if tracker.last_error_type not in (None, watch.last_error_type):
        yield f"{tracker.name} as a whole is in trouble: {tracker.last_error}"
    if tracker.failures > 1:
        yield f"It could not be asked {tracker.failures} times in a row."
    if held is not None:
        what = (
            f"that it is {held.new_remotestatus!r} ({held.new_status.title})"
            if held.error_type is None
            else f"that it cannot be had ({held.message})"
        )
        yield (
            f"It was said last {what}; that is held back, as too many bugs of {tracker.name} were "
            "closed or lost at once."
        )
        yield (
            f"It is applied when the bug tracker says so again at least {known.confirm_after:.0f} "
            "seconds later, or when you accept it."
        )


# As it was.


def _then(known: Knowledge, then: Then) -> Iterator[str]:
    watch = known.watch
    if then.at < watch.datecreated:
        yield f"There was no such watch yet: it was added on {exact(watch.datecreated)}."
        return
    if then.remotestatus is not None and then.status is not None:
        yield f"Its status was {then.remotestatus!r}, which meant {then.status.title}."
    elif then.is_first:
        yield "Nothing was known of the remote bug yet."
    else:
        begins = "has no entries" if then.begins is None else f"begins on {exact(then.begins)}"
        yield (
            f"It is not known how it was: the history keeps the latest 30 entries, and {begins}."
        )
    if then.change is not None:
        yield f"So it was since {exact(then.change.date)}: {_change(then.change)}"
    elif then.status is not None:
        yield "When it came to be so is before what the history has."
    for title, failure in (
        ("The last attempt had failed", then.error),
        ("The bug tracker was in trouble", then.trouble),
    ):
        if failure is not None:
            yield f"{title} on {exact(failure.date)}: {failure.message}"


def _change(entry: BugWatchActivity) -> str:
    because = _RULES.get(entry.rule)
    return f"{entry.message}{f', {because}' if because else ''}."


def _since(then: Then) -> Iterator[str]:
    for entry in then.since[:_MOST]:
        yield f"{exact(entry.date)}: {what_happened(entry)}"
    if len(then.since) > _MOST:
        yield f"And {len(then.since) - _MOST} entries more."
