"""Events that come in, by which a bug tracker says that something happened to a bug."""

import hmac
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from zope.component import getUtility, queryAdapter

from malonewatch import wording
from malonewatch.application.facts import TrackerFacts, now
from malonewatch.interfaces import (
    BadInput,
    HookEvent,
    IExternalBugTracker,
    INamesBugsInEvents,
    ISecrets,
)

log = logging.getLogger("malonewatch.hooks")

#: No event that is about a bug is longer, in bytes: a description has 65,536 characters at most
#: in GitHub, and is there twice, before and after it was edited.
LARGEST = 1 << 20

#: For how many seconds it is tried again where others get in the way; no sender waits for long.
PATIENCE = 5.0

#: After so long without an event somebody may have turned them off.
QUIET = timedelta(days=7)


def receive(database: Any, name: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Take an event for the bug tracker of that name: the watches on the bugs that it names are
    due.

    `headers` are by name in lower case, `body` is `LARGEST` bytes long at most.
    Returns whether it is genuine; nothing is done if it is not.  Whether there
    is such a bug tracker cannot be told from that.

    :raises BadInput: it is genuine, but cannot be read.
    :raises DatabaseError: the database cannot be read or written.
    """
    event = HookEvent(headers, body, now())

    def step(trackers: Any) -> bool:
        tracker = trackers.getByName(name)
        external = None
        if tracker is not None and tracker.hook_secrets:
            external = queryAdapter(tracker, IExternalBugTracker, name=tracker.bugtrackertype)
        if not INamesBugsInEvents.providedBy(external):
            # It takes as long as if there were something to compare with.
            hmac.digest(b"none", body, "sha256")
            return False
        if not external.isGenuine(event, list(_secrets(tracker))):
            return False
        tracker.noteEvent(external.getBugsInEvent(event), event.received)
        return True

    genuine: bool = database.write(step, PATIENCE)
    return genuine


def _secrets(tracker: Any) -> Iterator[str]:
    """The secrets that events of a bug tracker are signed with."""
    for reference in tracker.hook_secrets:
        try:
            yield getUtility(ISecrets).get(reference)
        except BadInput as error:
            # Who sent the event is not to know.
            log.warning("Events of %s cannot be checked: %s", tracker.name, error)


def check_secret(reference: str) -> str:
    """A reference to a secret that events are signed with.

    :raises BadInput: it is none.
    """
    if not getUtility(ISecrets).isReference(reference):
        # Not shown: it may be the secret itself.
        raise BadInput(
            "The secret of a webhook is not kept here; put it elsewhere, and say where by "
            "env:NAME, file:PATH or keyring:SERVICE/USER."
        )
    return reference


def state_of(facts: TrackerFacts, moment: datetime) -> str:
    """Whether events of a bug tracker come, for people; empty if none are taken."""
    if not facts.hook_secrets:
        return ""
    if facts.lasthook is None:
        return "no event came yet"
    text = f"the last event came {wording.ago(facts.lasthook, moment)}"
    if moment - facts.lasthook < QUIET:
        return text
    return f"{text}; see whether the other side still sends them"
