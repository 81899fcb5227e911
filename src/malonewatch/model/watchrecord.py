"""What the record of a bug watch holds, and in which form.

The record is the reference to the bug tracker, and a pickle of the other values
in itself: ZODB asks of each value in a record whether it is a reference, and a
run may have very many to write.
"""

import operator
import pickle
from collections.abc import Mapping
from typing import Any

from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, RemoteBug
from malonewatch.model.times import to_optional

#: What it holds beside the bug tracker, in this order; new fields go to the end.
_FIELDS = (
    *("id", "slot", "remotebug", "bug_id", "_owner_name", "_datecreated"),
    *("remotestatus", "_status", "remote_importance", "_importance", "remote_title"),
    *("resolution", "_modified", "duplicate_of", "moved_to", "_lastchanged", "_activity"),
    *("closed", "guessed", "private", "_date_closed", "fixed_in", "_answer", "_answered"),
)
#: The last of them, as they are where a record does not have them yet.
_ADDED = (None, False, False, None, "", b"", None)
_values_of = operator.itemgetter(*_FIELDS)

#: The values while nothing is known of the remote bug.
NOTHING_KNOWN = {
    "remotestatus": None,
    "_status": BugTaskStatus.UNKNOWN.name,
    "remote_importance": "",
    "_importance": BugTaskImportance.UNKNOWN.name,
    "remote_title": "",
    "resolution": "",
    "_modified": None,
    "duplicate_of": None,
    "moved_to": None,
    "closed": None,
    "guessed": False,
    "private": False,
    "_date_closed": None,
    "fixed_in": "",
    "_answer": b"",
    "_answered": None,
}


def state_of(values: Mapping[str, Any]) -> tuple[Any, bytes]:
    """The record of the watch that has those values."""
    return values["bugtracker"], pickle.dumps(_values_of(values), 3)


def load_state(values: dict[str, Any], state: tuple[Any, ...]) -> None:
    """Put into `values` what is in a record."""
    # In a record of 0.1.0 the values stand by themselves, and are less.
    found = pickle.loads(state[1]) if len(state) == 2 else state[1:]
    missing = len(_FIELDS) - len(found)
    if missing:
        found += _ADDED[-missing:]
    values.update(zip(_FIELDS, found, strict=True), bugtracker=state[0])


def keep(values: dict[str, Any], remote: RemoteBug) -> None:
    """Put into `values` what is known of the remote bug."""
    values["remotestatus"] = remote.remotestatus
    values["_status"] = remote.status._name_
    values["remote_importance"] = remote.remote_importance
    values["_importance"] = remote.importance._name_
    values["remote_title"] = remote.title
    values["resolution"] = remote.resolution
    values["_modified"] = to_optional(remote.modified)
    values["duplicate_of"] = remote.duplicate_of
    values["moved_to"] = remote.moved_to
    values["closed"] = remote.closed
    values["guessed"] = remote.guessed
    values["private"] = remote.private
    values["_date_closed"] = to_optional(remote.date_closed)
    values["fixed_in"] = remote.fixed_in


def known(watch: Any) -> RemoteBug | None:
    """What a watch knows of the remote bug, as it was told; None if nothing."""
    if watch.remotestatus is None:
        return None
    return RemoteBug(
        watch.remotebug,
        watch.remotestatus,
        watch.status,
        watch.remote_importance,
        watch.importance,
        watch.remote_title,
        watch.resolution,
        watch.remote_modified,
        watch.duplicate_of,
        watch.moved_to,
        closed=watch.closed,
        guessed=watch.guessed,
        private=watch.private,
        date_closed=watch.date_closed,
        fixed_in=watch.fixed_in,
    )
