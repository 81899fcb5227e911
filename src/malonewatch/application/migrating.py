"""Bug trackers whose bugs have gone to another one, or to other software.

A dry run does all of it, and undoes it.
"""

import dataclasses
import re
from typing import Any

from zope.component import getUtility

from malonewatch.application.audit import record
from malonewatch.application.facts import TrackerFacts, WatchFacts, now
from malonewatch.application.finding import known_type
from malonewatch.application.references import check_url, find_tracker
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BadInput,
    Certainty,
    IBugWatchSet,
    NoBugTrackerFound,
    Scope,
    UnrecognizedBugTrackerURL,
)

#: What any id looks like, and the id that stays as it is.
ANY_ID, SAME_ID = r".*", r"\g<0>"


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Where the watches of a bug tracker go.

    With `url`, all whose remote id matches `pattern` as a whole go to the bug
    tracker at that base URL, which is registered, of type `type_name`, if it is
    not there; `template` makes their new ids, with ``\\1`` for the first group of
    the pattern, ``\\g<name>`` for a named one, and ``\\g<0>`` for all of it.
    Without `url`, those go whose remote bug was seen to have moved, to there.
    """

    url: str | None = None
    type_name: str | None = None
    pattern: str = ANY_ID
    template: str = SAME_ID


@dataclasses.dataclass(frozen=True, slots=True)
class Migrated:
    """A watch that goes: as it was, as it is then, and whether it became one with another."""

    before: WatchFacts
    after: WatchFacts
    merged: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Migration:
    """What migrating a bug tracker changes, or would.

    - `source`: the bug tracker, as it was,
    - `registered`: those that are new,
    - `migrated`: the watches that go, the oldest first,
    - `stay`: those that the rule says nothing of, or that cannot go.
    """

    source: TrackerFacts
    registered: tuple[TrackerFacts, ...]
    migrated: tuple[Migrated, ...]
    stay: tuple[WatchFacts, ...]


@remote(Scope.ADMIN)
def migrate(database: Any, what: str, rule: Rule, dry_run: bool = False) -> Migration:
    """Let the watches of a bug tracker stand for what their remote bugs have become.

    They keep their numbers and their history, and what is known until it is
    asked for; they are due.  Where their bug has a watch there already, the two
    become one.

    :raises NotFoundError: there is no such bug tracker.
    :raises BadInput: the rule cannot be used.
    """
    is_id = _compiled(rule)

    def step(trackers: Any) -> Migration:
        source = find_tracker(trackers, what)
        before = TrackerFacts.of(source)
        watches, moment = getUtility(IBugWatchSet), now()
        registered: dict[str, Any] = {}
        target = None if rule.url is None else _target(trackers, source, rule, registered)
        migrated, stay = [], []
        for watch in reversed(list(source.watches)):
            facts = WatchFacts.of(watch)
            place = (
                _seen(trackers, watches, watch, registered)
                if target is None
                else _by_rule(target, is_id.fullmatch(watch.remotebug), rule.template)
            )
            if place is None or place == (source, watch.remotebug):
                stay.append(facts)
                continue
            left = watches.relocateBugWatch(watch, *place, moment)
            migrated.append(Migrated(facts, WatchFacts.of(left), left.id != facts.id))
        record("migrate", f"tracker {before.name}", f"{len(migrated)} watches")
        return Migration(
            before, tuple(map(TrackerFacts.of, registered.values())), tuple(migrated), tuple(stay)
        )

    migration: Migration = (database.read if dry_run else database.write)(step)
    return migration


def _compiled(rule: Rule) -> re.Pattern[str]:
    """The pattern of a rule.

    :raises BadInput: the rule makes no sense.
    """
    if rule.url is None and rule != Rule():
        raise BadInput("A type, a pattern and an id say what becomes of the ids at a base URL.")
    try:
        pattern = re.compile(rule.pattern)
        # Whether the template fits can be told without a match.
        re.compile(f"(?:{rule.pattern})|").sub(rule.template, "")
    except (re.error, IndexError) as error:
        raise BadInput(f"The pattern or the id cannot be used: {error}.") from None
    return pattern


def _target(trackers: Any, source: Any, rule: Rule, registered: dict[str, Any]) -> Any:
    """The bug tracker that the watches go to, registered if need be."""
    url = check_url(rule.url or "")
    types = [str(name) for name, _ in trackers.getBugTrackerTypes()]
    wanted = None if rule.type_name is None else known_type(rule.type_name, types)
    target = trackers.getByBaseURL(url)
    if target is None:
        target = trackers.ensureBugTracker(url, None, wanted or source.bugtrackertype)
        registered[target.name] = target
    elif wanted not in (None, target.bugtrackertype):
        raise BadInput(
            f"{target.name}, which is at {url}, is of type {target.bugtrackertype}; 'malonewatch "
            f"tracker move {target.name} {url} --type {wanted}' changes that first."
        )
    return target


def _by_rule(target: Any, match: re.Match[str] | None, template: str) -> tuple[Any, str] | None:
    if match is None:
        return None
    remotebug = target.canonicalRemoteBug(match.expand(template))
    return (target, remotebug) if remotebug else None


def _seen(
    trackers: Any, watches: Any, watch: Any, registered: dict[str, Any]
) -> tuple[Any, str] | None:
    """Where the remote bug was seen to have moved; its bug tracker is registered if need be."""
    if watch.moved_to is None:
        return None
    try:
        found: tuple[Any, str] = watches.extractBugTrackerAndBug(watch.moved_to)
    except UnrecognizedBugTrackerURL:
        return None
    except NoBugTrackerFound:
        reading, bugtrackertype = watches.recognise(watch.moved_to)
        if reading.certainty is Certainty.GUESS:
            return None
        target = trackers.ensureBugTracker(reading.baseurl, None, bugtrackertype)
        registered[target.name] = target
        found = target, target.canonicalRemoteBug(reading.remotebug)
    return found
