"""How a bug tracker is doing, as it was when it was last asked."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from persistent import Persistent
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchActivity,
    BugWatchChange,
    BugWatchErrorType,
    CredentialsUnreadable,
    DialectLearnt,
    Happening,
    Staleness,
)
from malonewatch.model import following, schedule
from malonewatch.model.activity import activity_entries, log_activity, one_line
from malonewatch.model.comparing import held_changes
from malonewatch.model.enums import member
from malonewatch.model.events import BugTrackerInTrouble, BugTrackerRecovered, tell
from malonewatch.model.ledger import Ledger
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pages import PAGE, PARKED
from malonewatch.model.readonly import stored
from malonewatch.model.relisting import Relisting
from malonewatch.model.telling import note_trouble, trouble_limit
from malonewatch.model.times import from_optional, from_seconds
from malonewatch.model.trackertypes import find_type

#: What a bug tracker's trouble is called where its answers are those of something else.
_NO_SENSE = (
    BugWatchErrorType.UNPARSABLE_BUG_TRACKER,
    BugWatchErrorType.UNSUPPORTED_BUG_TRACKER,
)


class Condition(Persistent):
    """The part of a bug tracker that says whether it can be asked, and how.

    Moments are seconds since the epoch.  What notifies raises
    `ApplicationFailed` where a subscriber fails.
    """

    __parent__: Any
    id: Any
    baseurl: Any
    bugtrackertype: BugTrackerType
    bugwatches: Any
    ledger: Ledger

    dialect: str | None = None
    failures = 0
    clock_skew: float | None = None
    #: How many attempts in a row met trouble, since when, and whether people were told.
    _troubles = 0
    _trouble_since = 0.0
    _is_trouble_told = False
    last_error = stored("last_error")
    dialect_reason = stored("dialect_reason")
    _dialect_learnt: float | None = None
    _last_error_type: str | None = None
    _next_attempt: float | None = None
    _activity = ""

    @property
    def last_error_type(self) -> BugWatchErrorType | None:
        name = self._last_error_type
        return None if name is None else member(BugWatchErrorType, name)

    @property
    def next_attempt(self) -> datetime | None:
        return from_optional(self._next_attempt)

    @property
    def dialect_learnt(self) -> datetime | None:
        return from_optional(self._dialect_learnt)

    @property
    def activity(self) -> list[BugWatchActivity]:
        return activity_entries(self._activity)

    # What becomes of its watches.

    @property
    def held(self) -> list[BugWatchChange]:
        return self.getHeld()

    @property
    def held_count(self) -> int:
        return len(self.ledger.held)

    def getHeld(
        self, remotebugs: Iterable[str] | None = None, limit: int | None = None
    ) -> list[BugWatchChange]:
        return held_changes(self, remotebugs, limit)

    @property
    def next_due(self) -> datetime | None:
        due = PARKED if self.__parent__ is None else self.__parent__.first_due(self.id)
        return from_seconds(due) if due < PARKED else None

    def getStaleness(self, now: datetime) -> Staleness | None:
        # Only now: most programs never want to know.
        from malonewatch.model.figures import staleness_of

        return staleness_of(self, now)

    # The dialect.

    def learn_dialect(self, learnt: DialectLearnt, moment: float, probed: bool) -> None:
        """Note which dialect it speaks; `probed` is whether others were tried again."""
        if learnt.dialect == self.dialect and self._dialect_learnt is not None and not probed:
            return
        reason = one_line(learnt.reason)
        if self.dialect not in (None, learnt.dialect):
            self._log(moment, "note", f"It speaks {learnt.dialect} now: {reason}")
        self.dialect = learnt.dialect
        self._dialect_learnt = moment
        self._set(dialect_reason=reason)

    def is_to_be_probed(self, moment: float) -> bool:
        """Whether it may speak another dialect than the one learnt: a better one by now, or a
        worse one, if the answers in the one it spoke have made no sense for a while."""
        external = None if self.dialect is None else find_type(self.bugtrackertype)
        if external is None or self.dialect is None:
            return False
        dialects = external.dialects
        if self.failures >= schedule.DOUBTFUL and self.last_error_type in _NO_SENSE:
            return len(dialects) > 1
        # Without the details that may follow a dialect's name.
        if not dialects or self.dialect.partition("+")[0] == dialects[0]:
            return False
        learnt = self._dialect_learnt
        return learnt is None or moment - learnt > schedule.SECOND_CHANCE

    # What went well or wrong.

    def record_clock(self, skew: float | None) -> None:
        """Note by how much its clock differs from ours, if that is news."""
        if skew is not None and (self.clock_skew is None or abs(self.clock_skew - skew) > 30):
            self.clock_skew = round(skew)

    def record_answer(self, moment: float, skew: float | None) -> None:
        """It answered: it is in order, but maybe for its clock."""
        error_type = error = None
        if skew is not None and abs(skew) > schedule.CLOCK_SKEW_LIMIT:
            # It can be asked all the same, in full.
            error_type = BugWatchErrorType.CLOCK_SKEW
            where = "ahead of" if skew > 0 else "behind"
            minutes = abs(skew) / 60
            error = f"The clock of {self.baseurl} is {minutes:.0f} minutes {where} this machine's."
        self._record(moment, error_type, error)
        self.end_back_off()
        self._tell_recovery()

    def record_suspicion(
        self, trouble: BugTrackerTrouble, moment: float, next_attempt: float | None
    ) -> None:
        """It answered what is hard to believe; `next_attempt` is None if it did before."""
        self._record(moment, trouble.error_type, str(trouble))
        if self.failures:
            self.failures = 0
        if next_attempt is not None:
            self.put_off(next_attempt)
        self._tell_trouble(trouble, moment)

    def record_trouble(
        self, trouble: BugTrackerTrouble, moment: float, remotebugs: Iterable[str]
    ) -> None:
        """It could not be asked; the watches on `remotebugs` show that, and stay due."""
        if isinstance(trouble, CredentialsUnreadable):
            # It was not even asked.
            self.put_off(None)
        else:
            self.failures += 1
            self.put_off(schedule.next_attempt(moment, self.failures, trouble.retry_after))
        pages = Pages(self.ledger)
        code = self.ledger.error_code(trouble.error_type)
        for remotebug in remotebugs:
            for slot in self.ledger.slots(remotebug):
                number, row = divmod(slot, PAGE)
                pages.page(number)[1].errors[row] = code
        self.relist(Relisting(self.id, pages.finish()))
        self._record(moment, trouble.error_type, str(trouble))
        self._tell_trouble(trouble, moment)

    def end_trouble(self, moment: float) -> None:
        """Somebody did something about it: it is asked anew."""
        if self._last_error_type is not None:
            self._log(moment, "note", "It was changed, and is asked anew.")
            self._last_error_type = None
            self._set(last_error=None)
        self.end_back_off()

    def forget(self, moment: float) -> None:
        """It is another one now: nothing is known of it, or of any remote bug."""
        self.dialect = self.clock_skew = self._dialect_learnt = None
        self._set(dialect_reason=None)
        self.relist(Relisting(self.id, self.ledger.forget(moment)))
        following.forget(self, moment)
        self.end_trouble(moment)

    def relist(self, relisting: Relisting) -> None:
        """Let its watches be found by what they are now."""
        if relisting:
            index = self.bugwatches.index
            if index is not None:
                index.update(relisting)

    def set_clock_back(self, moment: float) -> None:
        """Make sense of moments after `moment`: a clock that was wrong gave them."""
        self.ledger.set_clock_back(moment)
        if self._next_attempt is not None:
            self.put_off(min(self._next_attempt, moment + schedule.LONGEST_BACK_OFF))
        if self._dialect_learnt is not None and self._dialect_learnt > moment:
            self._dialect_learnt = moment

    def put_off(self, moment: float | None) -> None:
        """Leave it alone until then."""
        if self._next_attempt != moment:
            self._next_attempt = moment
            if self.__parent__ is not None:
                self.__parent__.put_off(self, moment)

    def end_back_off(self) -> None:
        """It may be asked at once."""
        if self.failures:
            self.failures = 0
        self.put_off(None)

    def _record(
        self, moment: float, error_type: BugWatchErrorType | None, error: str | None
    ) -> None:
        """Note what is wrong with it as a whole; None if nothing is."""
        before, name = self._last_error_type, None if error_type is None else error_type.name
        if (name, error) == (before, self.last_error):
            return
        self._last_error_type = name
        self._set(last_error=error)
        event: Any = ObjectModifiedEvent(self)
        if name != before and error_type is not None and error is not None:
            self._log(moment, "error", error, error_type)
            event = BugTrackerInTrouble(self, error_type, error)
        elif name != before:
            self._log(moment, "recovered", "It can be asked again.")
            event = BugTrackerRecovered(self)
        tell(event)

    # What people are told.

    def _tell_trouble(self, trouble: BugTrackerTrouble, moment: float) -> None:
        """Let people know once, if it goes on."""
        if self._is_trouble_told or trouble.error_type is BugWatchErrorType.RATE_LIMITED:
            # That is as it has to be.
            return
        if not self._troubles:
            self._trouble_since = moment
        self._troubles += 1
        if self._troubles >= trouble_limit(self):
            text = f"{trouble.error_type.title}: {trouble} {trouble.error_type.help}"
            self._is_trouble_told = self._note(Happening.TROUBLE, text)

    def _tell_recovery(self) -> None:
        if not self._troubles:
            return
        is_long, is_told = self._troubles >= trouble_limit(self), self._is_trouble_told
        self._troubles, self._is_trouble_told = 0, False
        if is_long or is_told:
            self._note(Happening.RECOVERED, "", is_told)

    def _note(self, happening: Happening, text: str, tells: bool = True) -> bool:
        return note_trouble(self, happening, text, from_seconds(self._trouble_since), tells)

    def _log(
        self,
        moment: float,
        kind: str,
        message: str,
        error_type: BugWatchErrorType | None = None,
    ) -> None:
        self._activity = log_activity(self._activity, moment, kind, message, error_type)

    def _set(self, **values: Any) -> None:
        """Set attributes that are read-only for others."""
        self.__dict__.update(values)
        self._p_changed = True
