"""Bug watches."""

import operator
from datetime import datetime
from typing import Any

from persistent import Persistent
from zope.component import queryAdapter
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugWatchActivity,
    BugWatchErrorType,
    IBugSet,
    IBugWatch,
    IBugWatchSet,
    IExternalBugTracker,
    IPersonSet,
    RemoteBug,
)
from malonewatch.model.activity import activity_entries, log_activity, prune_activity
from malonewatch.model.events import BugWatchStatusChanged
from malonewatch.model.pages import NEVER, UNKNOWN
from malonewatch.model.schedule import CHECK_INTERVAL
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_optional, from_seconds, now, to_seconds


@implementer(IBugWatch)
class BugWatch(Persistent):
    """See `IBugWatch`.

    What every check changes is not here but in the bug tracker's ledger, in
    row `slot`.  The record is a tuple (see `_FIELDS`) whose only reference is
    the one to the bug tracker: reading and writing a record costs by the
    number of values and references in it, and a run may have very many to do.
    """

    def __init__(self, id: int, bug: Any, bugtracker: Any, remotebug: str, owner: Any) -> None:
        self.id = id
        self.bugtracker = bugtracker
        self.remotebug = remotebug
        self.slot = -1
        self.bug_id: int = bug.id
        self._owner_name: str | None = None if owner is None else owner.name
        self._datecreated = to_seconds(now())
        self._activity = ""
        self._forget()

    def _forget(self) -> None:
        """Know nothing of the remote bug."""
        self.remotestatus: str | None = None
        self.remote_importance = ""
        self.remote_title = ""
        self.resolution = ""
        self.duplicate_of: str | None = None
        self.moved_to: str | None = None
        self._status = BugTaskStatus.UNKNOWN.name
        self._importance = BugTaskImportance.UNKNOWN.name
        self._modified: float | None = None
        self._lastchanged: float | None = None

    def __getstate__(self) -> Any:
        return _values_of(self.__dict__)

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(zip(_FIELDS, state, strict=False))

    @property
    def __parent__(self) -> Any:
        return find_utility(self.bugtracker, IBugWatchSet)

    @property
    def bug(self) -> Any:
        return find_utility(self.bugtracker, IBugSet).get(self.bug_id)

    @property
    def owner(self) -> Any:
        if self._owner_name is None:
            return None
        return find_utility(self.bugtracker, IPersonSet).getByName(self._owner_name)

    @property
    def __name__(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<BugWatch {self.id}>"

    @property
    def datecreated(self) -> datetime:
        return from_seconds(self._datecreated)

    @property
    def status(self) -> BugTaskStatus:
        return BugTaskStatus[self._status]

    @property
    def importance(self) -> BugTaskImportance:
        return BugTaskImportance[self._importance]

    @property
    def remote_modified(self) -> datetime | None:
        return from_optional(self._modified)

    @property
    def lastchanged(self) -> datetime | None:
        return from_optional(self._lastchanged)

    @property
    def _ledger(self) -> Any:
        return self.bugtracker.ledger

    @property
    def lastchecked(self) -> datetime | None:
        checked = self._ledger.get(self.slot, "checked")
        return None if checked == UNKNOWN else from_seconds(checked)

    @lastchecked.setter
    def lastchecked(self, moment: datetime | None) -> None:
        if moment is None:
            self._ledger.set(self.slot, checked=UNKNOWN, due=int(to_seconds(now())))
        else:
            due = _ledger_moment(to_seconds(moment) + CHECK_INTERVAL)
            self._ledger.set(self.slot, checked=_ledger_moment(to_seconds(moment)), due=due)

    @property
    def next_check(self) -> datetime:
        return from_seconds(self._ledger.get(self.slot, "due"))

    @next_check.setter
    def next_check(self, moment: datetime) -> None:
        self._ledger.set(self.slot, due=_ledger_moment(to_seconds(moment)))

    @property
    def last_error_type(self) -> BugWatchErrorType | None:
        return self._ledger.error(self.slot)

    @last_error_type.setter
    def last_error_type(self, error_type: BugWatchErrorType | None) -> None:
        self._ledger.set(self.slot, errors=self._ledger.error_code(error_type))

    @property
    def url(self) -> str:
        bugtracker = self.bugtracker
        external = queryAdapter(bugtracker, IExternalBugTracker, name=bugtracker.bugtrackertype)
        if external is None:
            # Of a type that some package brought which is gone.
            return bugtracker.baseurl
        return external.getBugURL(self.remotebug)

    @property
    def title(self) -> str:
        return f"{self.bugtracker.title} #{self.remotebug}"

    @property
    def activity(self) -> list[BugWatchActivity]:
        return activity_entries(self._activity)

    def reset(self) -> None:
        self._forget()
        moment = int(to_seconds(now()))
        self._ledger.set(
            self.slot, digest=0, checked=UNKNOWN, due=moment, seen=UNKNOWN, failures=0, errors=0
        )
        notify(ObjectModifiedEvent(self))

    def pruneActivity(self, before: datetime) -> int:
        limit = to_seconds(before)
        kept = prune_activity(self._activity, limit)
        dropped = self._activity.count("\n") - kept.count("\n")
        if dropped:
            self._activity = kept
        return dropped

    # For the bug tracker, which applies what was found out.

    def differs(self, remote: RemoteBug) -> bool:
        """Whether the status is another one now, or means another thing."""
        return self.remotestatus != remote.remotestatus or self._status != remote.status.name

    def update(self, remote: RemoteBug, moment: float, recovered: bool) -> None:
        """Take over what the bug tracker says."""
        old_remotestatus, old_status = self.remotestatus, self.status
        modified = None if remote.modified is None else to_seconds(remote.modified)
        differs = self.differs(remote)
        values = self.__dict__
        values["remotestatus"] = remote.remotestatus
        values["_status"] = remote.status.name
        values["remote_importance"] = remote.remote_importance
        values["_importance"] = remote.importance.name
        values["remote_title"] = remote.title
        values["resolution"] = remote.resolution
        values["_modified"] = modified
        values["duplicate_of"] = remote.duplicate_of
        values["moved_to"] = remote.moved_to
        if differs:
            values["_lastchanged"] = moment
            self.log(moment, None, _described(old_remotestatus, old_status, remote))
        elif recovered:
            self.log(moment, None, "It can be read again.")
        self._p_changed = True
        if differs:
            notify(
                BugWatchStatusChanged(
                    self, old_remotestatus, remote.remotestatus, old_status, remote.status
                )
            )
        else:
            notify(ObjectModifiedEvent(self))

    def log(self, moment: float, error_type: BugWatchErrorType | None, message: str) -> None:
        """Add to the history; the same failure again and again is one entry."""
        log = log_activity(self._activity, moment, error_type, message)
        if log is not self._activity:
            self._activity = log


#: What the record of a watch holds, in this order; new fields go to the end.
_FIELDS = (
    *("bugtracker", "id", "slot", "remotebug", "bug_id", "_owner_name", "_datecreated"),
    *("remotestatus", "_status", "remote_importance", "_importance", "remote_title"),
    *("resolution", "_modified", "duplicate_of", "moved_to", "_lastchanged", "_activity"),
)
_values_of = operator.itemgetter(*_FIELDS)


def _ledger_moment(seconds: float) -> int:
    """Whole seconds since the epoch, as far as the ledger has room for them."""
    return min(max(int(seconds), UNKNOWN + 1), NEVER - 1)


def _described(old_remotestatus: str | None, old_status: BugTaskStatus, remote: RemoteBug) -> str:
    """A change of status as a line of the history."""
    if old_remotestatus == remote.remotestatus:
        return f"{old_remotestatus} means {remote.status.title}, was {old_status.title}"
    before = "nothing known" if old_remotestatus is None else old_remotestatus
    return f"{before} -> {remote.remotestatus}"
