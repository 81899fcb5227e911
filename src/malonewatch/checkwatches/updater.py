"""The plain door to a run: one bug tracker after the other, for applications."""

import asyncio
import contextlib
import logging
from typing import Any

from transaction.interfaces import NoTransaction
from zope.component import queryAdapter

from malonewatch.checkwatches.report import Report
from malonewatch.checkwatches.run import Run
from malonewatch.interfaces import BadInput, IDatabase


class BugWatchUpdater:
    """Updates the watches of one bug tracker after the other.

    `transaction` is the transaction manager (or the module `transaction`)
    that the bug trackers given were loaded with.
    """

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction
        #: What became of the last bug tracker: a `Report`.
        self.report = Report()

    def updateBugTracker(self, bugtracker: Any, batch_size: int | None = None) -> None:
        """Update the due watches of `bugtracker` now, even if it is being left alone.

        Commits the current transaction first, if there is one, as none may be
        open while the network is waited for, and begins a new one in the end.
        What goes wrong with the bug tracker is recorded on it, logged, and
        kept in `report`, not raised.  If another run is at work on its origin,
        that is logged, and in `report.claimed`, and nothing is asked.

        :raises BadInput: `bugtracker` is in no database, or an event loop is
            running in this thread.
        :raises DatabaseError: the database cannot be read or written.
        """
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            raise BadInput(
                "updateBugTracker has an event loop of its own; call it in another thread."
            )
        # An explicit manager has none unless one was begun.
        with contextlib.suppress(NoTransaction):
            self._transaction.commit()
        self._transaction.begin()
        database, name, title = (
            queryAdapter(bugtracker, IDatabase),
            bugtracker.name,
            bugtracker.title,
        )
        self._transaction.abort()
        try:
            if database is None:
                raise BadInput(
                    f"{title} is in no database; add it to the bug tracker set, and commit."
                )
            run = Run(database, batch_size=batch_size, insist=True, keep_details=True)
            self.report = run.report
            run.update([name])
            run.report.tell_claimed(logging.INFO)
        finally:
            self._transaction.begin()
