"""Bug watches."""

from datetime import datetime
from typing import Any

from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugWatchActivity,
    BugWatchChange,
    BugWatchErrorType,
    FollowedBug,
    FollowedWay,
    IBugSet,
    IBugWatch,
    IBugWatchSet,
    ILinkSet,
    IPersonSet,
    KeptAnswer,
    RemoteBug,
    RemoteBugError,
    remote_name,
)
from malonewatch.model.activity import (
    activity_entries,
    last_change,
    last_error,
    log_activity,
    log_status,
    merge_activity,
    one_line,
    prune_activity,
    rule_of,
)
from malonewatch.model.answers import Scrub, pack, unpack
from malonewatch.model.brake import LOST, closes
from malonewatch.model.checking import Checked
from malonewatch.model.enums import member
from malonewatch.model.events import (
    BugWatchDuplicateFound,
    BugWatchGone,
    BugWatchMoved,
    BugWatchRecovered,
    BugWatchStatusChanged,
    tell,
)
from malonewatch.model.following import leave
from malonewatch.model.kept import LONGEST
from malonewatch.model.pages import UNKNOWN
from malonewatch.model.readonly import stored
from malonewatch.model.relisting import Relisting
from malonewatch.model.site import find_utility, query_utility
from malonewatch.model.times import from_optional, from_seconds, now, to_seconds
from malonewatch.model.watchrecord import NOTHING_KNOWN, keep, known, load_state, state_of
from malonewatch.model.ways import chain_of, way_of


@implementer(IBugWatch)
class BugWatch(Checked):
    """See `IBugWatch`.

    What every check changes is not here but in the bug tracker's ledger, in
    row `slot`.
    """

    id = stored("id")
    bug_id = stored("bug_id")
    bugtracker = stored("bugtracker")
    remotebug = stored("remotebug")
    remotestatus = stored("remotestatus")
    remote_importance = stored("remote_importance")
    remote_title = stored("remote_title")
    resolution = stored("resolution")
    duplicate_of = stored("duplicate_of")
    moved_to = stored("moved_to")
    closed = stored("closed")
    guessed = stored("guessed")
    private = stored("private")
    fixed_in = stored("fixed_in")

    def __init__(self, id: int, bug: Any, bugtracker: Any, remotebug: str, owner: Any) -> None:
        self.__dict__.update(id=id, bug_id=bug.id, bugtracker=bugtracker, remotebug=remotebug)
        self.slot = -1
        self._owner_name: str | None = None if owner is None else owner.name
        self._datecreated = to_seconds(now())
        self._activity = ""
        self._forget()

    def _forget(self) -> None:
        """Know nothing of the remote bug."""
        # By assignment, which loads the record first if need be.
        self._lastchanged: float | None = None
        self.__dict__.update(NOTHING_KNOWN)

    def __getstate__(self) -> Any:
        return state_of(self.__dict__)

    def __setstate__(self, state: Any) -> None:
        load_state(self.__dict__, state)

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
        return member(BugTaskStatus, self._status)

    @property
    def importance(self) -> BugTaskImportance:
        return member(BugTaskImportance, self._importance)

    @property
    def remote_modified(self) -> datetime | None:
        return from_optional(self._modified)

    @property
    def date_closed(self) -> datetime | None:
        return from_optional(self._date_closed)

    @property
    def lastchanged(self) -> datetime | None:
        return from_optional(self._lastchanged)

    @property
    def last_error_type(self) -> BugWatchErrorType | None:
        return self._ledger.error(self.slot)

    @last_error_type.setter
    def last_error_type(self, error_type: BugWatchErrorType | None) -> None:
        before = self.last_error_type
        self._ledger.set(self.slot, errors=self._ledger.error_code(error_type))
        names = ("" if each is None else each.name for each in (before, error_type))
        self.bugtracker.relist(Relisting(self.bugtracker.id, [(self.id, *names)]))

    @property
    def url(self) -> str:
        return str(self.bugtracker.getBugURL(self.remotebug))

    @property
    def title(self) -> str:
        return remote_name(self.bugtracker.title, self.remotebug)

    @property
    def activity(self) -> list[BugWatchActivity]:
        return activity_entries(self._activity)

    @property
    def last_change(self) -> BugWatchActivity | None:
        return last_change(self._activity)

    @property
    def followed(self) -> list[FollowedBug]:
        return chain_of(self)

    @property
    def way(self) -> FollowedWay:
        return way_of(self)

    @property
    def answer(self) -> KeptAnswer | None:
        record = unpack(self._answer)
        return None if record is None else KeptAnswer(from_seconds(self._answered), record)

    @property
    def links(self) -> list[Any]:
        links = query_utility(self.bugtracker, ILinkSet)
        return [] if links is None else list(links.getLinksTo(self))

    def reset(self) -> None:
        leave(self)
        relisting = Relisting(self.bugtracker.id)
        relisting.forgotten(self)
        self._forget()
        moment = int(to_seconds(now()))
        self._ledger.set(
            self.slot, digest=0, checked=UNKNOWN, due=moment, seen=UNKNOWN, failures=0, errors=0
        )
        self.bugtracker.relist(relisting)
        notify(ObjectModifiedEvent(self))

    def pruneActivity(self, before: datetime) -> int:
        limit = to_seconds(before)
        kept = prune_activity(self._activity, limit)
        dropped = self._activity.count("\n") - kept.count("\n")
        if dropped:
            self._activity = kept
        return dropped

    # For the set, which moves it.

    def move(self, bugtracker: Any, remotebug: str, slot: int, moment: float) -> None:
        """Stand for another remote bug, the one of that slot; its history goes on."""
        self.log_place(moment)
        self._forget()
        self.stand_for(bugtracker, remotebug, slot)

    def log_place(self, moment: float) -> None:
        """Note that it stands for something else from now on."""
        self.log(moment, "note", _was_on(self.title))

    def was_on(self, bugtracker: Any, remotebug: str) -> bool:
        """Whether it stood for that remote bug before, as far as the history goes back."""
        note = _was_on(remote_name(bugtracker.title, remotebug))
        return any(entry.message == note for entry in self.activity)

    def absorb(self, other: "BugWatch", moment: float) -> None:
        """Take over the history of another watch, which is one with this from now on."""
        self._activity = merge_activity(self._activity, other._activity)
        self.log(moment, "note", f"Watch {other.id}, on {other.title}, is one with it now.")

    def stand_for(self, bugtracker: Any, remotebug: str, slot: int) -> None:
        """Be a watch on that remote bug; what is known of it stays."""
        self.__dict__.update(bugtracker=bugtracker, remotebug=remotebug)
        self.slot = slot

    # For the bug tracker, which applies what was found out.

    def differs(self, remote: RemoteBug) -> bool:
        """Whether the status is another one now, or means another thing."""
        # The name first, which loads the record.
        return bool(
            self._status != remote.status._name_
            or self.__dict__["remotestatus"] != remote.remotestatus
        )

    def change(self, remote: RemoteBug) -> BugWatchChange:
        """What it would show that is told of its remote bug."""
        status, values = self.status, self.__dict__
        return BugWatchChange(
            *(values["id"], values["bug_id"], values["bugtracker"].name, values["remotebug"]),
            *(values["remotestatus"], remote.remotestatus, status, remote.status),
        )

    def news(self, remote: RemoteBug) -> BugWatchChange | None:
        """The same, None if the status is as it was."""
        return self.change(remote) if self.differs(remote) else None

    def would_close(self, remote: RemoteBug) -> bool:
        """Whether the bug was open, and is not any more."""
        return closes(self._status, remote.status._name_)

    @property
    def known(self) -> RemoteBug | None:
        """What is known of the remote bug, as it was told; None if nothing is."""
        return known(self)

    def update(
        self,
        remote: RemoteBug,
        told: RemoteBug | None,
        moment: float,
        recovered: bool,
        scrub: Scrub | None = None,
    ) -> None:
        """Take over what the bug tracker says.

        `remote` is what is kept of what was `told`, None if nothing was asked,
        and `recovered` whether the last check had failed.  `scrub` is that of
        the answer.

        :raises ApplicationFailed: a subscriber failed.
        """
        differs, old_status, values = self.differs(remote), self.status, self.__dict__
        old_remotestatus = values["remotestatus"]
        words = remote.remotestatus, remote.resolution, remote.closed
        is_mapping = words == (old_remotestatus, values["resolution"], values["closed"])
        events: list[Any] = []
        if differs:
            values["_lastchanged"] = moment
            events.append(
                BugWatchStatusChanged(
                    *(self, old_remotestatus, remote.remotestatus, old_status, remote.status, told)
                )
            )
        if recovered:
            events.append(BugWatchRecovered(self))
        if remote.moved_to is not None:
            events += self._move(moment, remote.moved_to)
        if remote.duplicate_of is not None and remote.duplicate_of != values["duplicate_of"]:
            self.log(moment, "duplicate", remote.duplicate_of)
            events.append(BugWatchDuplicateFound(self, remote.duplicate_of))
        keep(values, remote)
        if told is not None:
            values["_answer"] = pack(told.raw, scrub)
            values["_answered"] = moment
        if differs:
            values["_activity"] = log_status(
                *(self._activity, moment, "mapping" if is_mapping else "status"),
                *(old_remotestatus, remote.remotestatus),
                *(old_status._name_, remote.status._name_, rule_of(remote)),
            )
        elif recovered:
            self.log(moment, "recovered", "It can be read again.")
        self._p_changed = True
        for event in events or [ObjectModifiedEvent(self)]:
            tell(event)

    def fail(self, error: RemoteBugError, moment: float, gone: bool) -> None:
        """Note that it could not be read; `gone` is whether it could until now.

        :raises ApplicationFailed: a subscriber failed.
        """
        events: list[Any] = []
        if gone:
            events.append(BugWatchGone(self, error.error_type, error.message))
        if error.moved_to is not None:
            moved_to = error.moved_to[: LONGEST["moved_to"]]
            events += self._move(moment, moved_to)
            if moved_to != self.moved_to:
                self.__dict__["moved_to"] = moved_to
                self._p_changed = True
        self.log(moment, "error", error.message, error.error_type)
        for event in events or [ObjectModifiedEvent(self)]:
            tell(event)

    def _move(self, moment: float, moved_to: str) -> list[BugWatchMoved]:
        """Note where the bug moved to, if that is news; what to notify of it."""
        if moved_to == self.moved_to:
            return []
        self.log(moment, "moved", moved_to)
        return [BugWatchMoved(self, moved_to)]

    def was_lost(self) -> bool:
        """Whether the last thing that happened to it is that the remote bug could not be had."""
        return last_error(self._activity) in LOST

    def log(
        self,
        moment: float,
        kind: str,
        message: str,
        error_type: BugWatchErrorType | None = None,
    ) -> None:
        """Add to the history; the same failure again and again is one entry."""
        log = log_activity(self._activity, moment, kind, message, error_type)
        if log is not self._activity:
            self._activity = log


def _was_on(title: str) -> str:
    return one_line(f"It was a watch on {title} before.")
