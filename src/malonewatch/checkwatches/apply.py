"""Writing what was fetched: one short transaction, in which no network is waited for."""

import dataclasses
import logging
from typing import Any

from malonewatch.checkwatches.logs import said
from malonewatch.checkwatches.report import Report
from malonewatch.interfaces import (
    ApplicationFailed,
    Applied,
    Brake,
    BugWatchChange,
    BugWatchErrorType,
    DatabaseBusy,
    DatabaseError,
    Fetched,
    RemoteBugError,
    Swept,
    remote_name,
)

log = logging.getLogger("malonewatch.checkwatches")

#: For how many seconds a write may wait for others in one go: the event loop
#: waits meanwhile.
PATIENCE = 0.5


class Applier:
    """Applies what was fetched in a run to the database, and notes in `report` what came of it.

    A dry run says what would change, and writes nothing.
    """

    def __init__(self, database: Any, report: Report, dry_run: bool = False) -> None:
        self._database = database
        self._report = report
        self._dry_run = dry_run
        self._error: DatabaseError | None = None
        self._foreseen: Any = None

    def apply(self, fetched: Fetched, brake: Brake = Brake()) -> Applied:
        """Apply all of it; `brake` is that of the last call for the bug tracker.

        What a subscriber of the application's fails for stays due; the rest is
        applied.

        :raises DatabaseBusy: others keep the database busy; it is not applied.
        :raises DatabaseError: the database cannot be written, now or before.
        """
        if self._error is not None:
            raise self._error
        if not (fetched.outcomes or fetched.exchanges or fetched.trouble):
            return Applied(brake=brake)
        failure: Exception | None = None
        try:
            applied = self._write(fetched, brake)
        except DatabaseBusy:
            raise
        except DatabaseError as error:
            self._error = error
            raise
        except Exception as error:
            failure = error
        if failure is not None:
            if len(fetched.outcomes) > 1:
                return self._apply_halves(fetched, brake)
            return self._apply_failure(fetched, brake, failure)
        self._report.add(applied)
        self._tell(applied)
        return applied

    def apply_sweep(self, swept: Swept) -> int:
        """Make the watches due on what changed; how many these are.  A dry run makes none.

        :raises DatabaseBusy: others keep the database busy.
        :raises DatabaseError: the database cannot be written.
        """

        def step(trackers: Any) -> int:
            bugtracker = trackers.getByName(swept.tracker.name)
            # It may have been removed meanwhile, or be another one now.
            if bugtracker is None or bugtracker.facts.baseurl != swept.tracker.baseurl:
                return 0
            return int(bugtracker.applySweep(swept))

        return 0 if self._dry_run else int(self._database.write(step, PATIENCE))

    def learn_polling(self, name: str) -> None:
        """Let a bug tracker know how long its type wants it to be asked.

        :raises DatabaseBusy: others keep the database busy.
        :raises DatabaseError: the database cannot be written.
        """

        def step(trackers: Any) -> None:
            # It may have been removed meanwhile.
            if name in trackers:
                trackers[name].learnPolling()

        if not self._dry_run:
            self._database.write(step, PATIENCE)

    def _write(self, fetched: Fetched, brake: Brake) -> Applied:
        returned = False

        def step(trackers: Any) -> Applied:
            nonlocal returned
            returned = False
            facts = fetched.batch.tracker
            bugtracker = trackers.getByName(facts.name)
            if bugtracker is None or bugtracker.facts.baseurl != facts.baseurl:
                # It was removed meanwhile, or is another one now.
                applied = Applied(brake=brake)
            elif self._dry_run:
                applied = bugtracker.preview(fetched, brake, self._foreseen)
                self._foreseen = applied.foreseen
            else:
                applied = bugtracker.apply(fetched, brake)
            returned = True
            return applied

        try:
            if self._dry_run:
                applied: Applied = self._database.read(step)
            else:
                applied = self._database.write(step, PATIENCE)
            return applied
        except (ApplicationFailed, DatabaseError):
            raise
        except Exception as error:
            if returned:
                # Something else had joined the transaction, and does not want it.
                raise ApplicationFailed("The transaction was refused.") from error
            raise

    def _apply_halves(self, fetched: Fetched, brake: Brake) -> Applied:
        """One after the other, so that an outcome that cannot be applied costs no other."""
        middle = len(fetched.outcomes) // 2
        first = dataclasses.replace(
            fetched, outcomes=fetched.outcomes[:middle], missing=(), trouble=None
        )
        # What concerns the bug tracker as a whole is to count once.
        second = dataclasses.replace(
            fetched, outcomes=fetched.outcomes[middle:], dialect=None, exchanges=()
        )
        return self.apply(second, self.apply(first, brake).brake)

    def _apply_failure(self, fetched: Fetched, brake: Brake, error: Exception) -> Applied:
        """Instead of the one outcome that cannot be applied, that it cannot."""
        tracker = fetched.batch.tracker
        is_ours = not isinstance(error, ApplicationFailed)
        outcome = fetched.outcomes[0] if fetched.outcomes else None
        if isinstance(outcome, RemoteBugError) and outcome.error_type in _NOT_APPLIED:
            # Nor can that.
            return Applied(brake=brake)
        what = (
            tracker.baseurl if outcome is None else f"bug {outcome.remotebug} on {tracker.baseurl}"
        )
        facts = said("fault" if is_ours else "refused", tracker=tracker.name)
        if is_ours:
            self._report.faults += 1
            log.error("Unexpected failure when updating %s", what, exc_info=error, extra=facts)
        else:
            self._report.refused += 1
            # Once is enough: it is always the same subscriber.
            log.log(
                logging.ERROR if self._report.refused == 1 else logging.DEBUG,
                "The application failed when told of %s; that is still due.",
                what,
                exc_info=error.__cause__ or error,
                extra=facts,
            )
        if outcome is None:
            return Applied(brake=brake)
        if is_ours:
            failure = RemoteBugError(
                outcome.remotebug,
                BugWatchErrorType.UNKNOWN,
                f"What {tracker.baseurl} says of bug {outcome.remotebug} could not be applied.",
            )
        else:
            failure = RemoteBugError(
                outcome.remotebug,
                BugWatchErrorType.APPLICATION_FAILED,
                f"The application failed when told what {tracker.baseurl} says of "
                f"bug {outcome.remotebug}.",
            )
        return self.apply(dataclasses.replace(fetched, outcomes=(failure,)), brake)

    def _tell(self, applied: Applied) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        for change in applied.changes:
            log.info(
                "Bug %d: %s %s %s (was %s)",
                change.bug_id,
                remote_name(change.tracker, change.remotebug),
                "would now be" if self._dry_run else "is now",
                change.new_remotestatus,
                change.old_remotestatus or "not known",
                extra=_facts("status", change),
            )
        for failure in applied.failures:
            log.info("Bug %d: %s", failure.bug_id, failure.message, extra=_facts("error", failure))


#: What the outcomes are that stand for those that could not be applied.
_NOT_APPLIED = (BugWatchErrorType.APPLICATION_FAILED, BugWatchErrorType.UNKNOWN)


def _facts(event: str, change: BugWatchChange) -> dict[str, Any]:
    """What a program wants to know of a change."""
    error_type = change.error_type
    return said(
        event,
        tracker=change.tracker,
        bug=change.bug_id,
        watch=change.watch_id,
        remotebug=change.remotebug,
        old=change.old_remotestatus,
        new=change.new_remotestatus,
        old_meaning=change.old_status.name,
        new_meaning=change.new_status.name,
        error=None if error_type is None else error_type.name,
    )
