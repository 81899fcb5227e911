"""Reading anew what is known of remote bugs, by what words mean now; nothing is asked."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from zope.component import queryAdapter

from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugWatchChange,
    IExternalBugTracker,
    RemoteBug,
    RemoteBugError,
    UnknownWord,
)
from malonewatch.model import following
from malonewatch.model.kept import digest_of, pack, unpack
from malonewatch.model.relisting import Relisting

#: How many watches are read from the database at once.
PORTION = 1000

#: A word, what it means, and whether that was guessed.
_Word = tuple[str, BugTaskStatus | BugTaskImportance, bool]


def reread(tracker: Any, moment: float) -> list[BugWatchChange]:
    """See `IBugTracker.rereadWords`."""
    external = queryAdapter(tracker.facts, IExternalBugTracker, name=tracker.bugtrackertype)
    if external is None:
        # What nothing can read stays as it was read.
        return []
    ledger, relisting = tracker.ledger, Relisting(tracker.id)
    changes, news = [], []
    for watch, known in known_watches(tracker):
        now = _read(external, known)
        if now._replace(mapped=False) == known:
            continue
        ledger.set_digest(watch.slot, digest_of(known), digest_of(now))
        change = watch.news(now)
        relisting.told(watch, now, change, moment)
        if change is not None:
            changes.append(change)
        news.append((watch, now))
    for remotebug, (said, packed) in list(ledger.held.items()):
        held = unpack(remotebug, packed)
        if not isinstance(held, RemoteBugError):
            ledger.hold(remotebug, said, pack(_read(external, held)))
    tracker.relist(relisting)
    tracker.note_moment(moment)
    # All is written before anybody is told.
    for watch, now in news:
        watch.update(now, None, moment, recovered=False)
    return changes + following.reread(tracker, partial(_read, external), moment)


def _read(external: Any, known: RemoteBug) -> RemoteBug:
    """What is known of a remote bug, by what its words mean now."""
    words, resolution = known.remotestatus, known.resolution
    status, guessed = external.meaning(words, resolution, known.closed)
    return known._replace(
        status=status,
        guessed=guessed,
        mapped=external.isMapped(words, resolution),
        importance=external.convertRemoteImportance(known.remote_importance),
    )


def unknown_words(tracker: Any, most: int | None) -> list[UnknownWord]:
    """See `IBugTracker.getUnknownWords`."""
    statuses: Counter[_Word] = Counter()
    importances: Counter[_Word] = Counter()
    examples: dict[Any, str] = {}
    mapped = dict(tracker.mappings.statuses), dict(tracker.mappings.importances)
    for _, known in known_watches(tracker, most):
        word, status, guessed = known.remotestatus, known.status, known.guessed
        if (guessed or status is BugTaskStatus.UNKNOWN) and word not in mapped[0]:
            statuses[word, status, guessed] += 1
            examples[word, status, guessed] = known.remotebug
        word, importance = known.remote_importance, known.importance
        if word and importance is BugTaskImportance.UNKNOWN and word not in mapped[1]:
            importances[word, importance, False] += 1
            examples[word, importance, False] = known.remotebug
    return [
        UnknownWord(word, meaning, guessed, count, examples[word, meaning, guessed])
        for counted in (statuses, importances)
        for (word, meaning, guessed), count in counted.most_common()
    ]


def known_watches(tracker: Any, most: int | None = None) -> Iterator[tuple[Any, RemoteBug]]:
    """The watches, of the `most` newest ones, whose remote bug is known, newest first, and what is
    known of it.

    Not those that show how another bug is.
    """
    followed = () if tracker.followed is None else tracker.followed.chains
    numbers = islice(tracker.ledger.newest(), most)
    get, connection = tracker.bugwatches.get, tracker._p_jar
    while some := [get(number) for number in islice(numbers, PORTION)]:
        if connection is not None:
            connection.prefetch(watch._p_oid for watch in some if watch._p_oid is not None)
        for watch in some:
            known = None if watch.id in followed else watch.known
            if known is not None:
                yield watch, known
