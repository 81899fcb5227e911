"""Transactions of one's own, tried again where others get in the way."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import transaction
import ZODB
from transaction.interfaces import AlreadyInTransaction

from malonewatch.model.failures import database_errors, is_conflict

Result = TypeVar("Result")

#: How long, in seconds, all pauses before further attempts are together, at
#: most, if nothing else is said, and the first and the longest of them.
PATIENCE = 30.0
FIRST_PAUSE = 0.01
LONGEST_PAUSE = 4.0

_random = random.Random()


def pauses(patience: float = PATIENCE) -> Iterator[float]:
    """How long to wait before each further attempt, in seconds; `patience` all in all at most.

    Longer and longer, and by chance, so that those who got in each other's
    way do so no more.
    """
    total, longest = 0.0, FIRST_PAUSE
    while total + longest <= patience:
        yield longest * _random.uniform(0.5, 1.0)
        total += longest
        longest = min(2 * longest, LONGEST_PAUSE)


class Transactions:
    """Runs functions in transactions of their own on a ZODB database.

    `manager` is whose transactions those that write are: a transaction
    manager, explicit or not, that is in no transaction; None stands for one
    of their own, which those that only read have in any case.
    """

    def __init__(
        self,
        db: ZODB.DB,
        uri: str,
        manager: Any = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.db = db
        self.uri = uri
        self._manager = manager
        self._sleep = sleep

    def run(
        self, function: Callable[[Any], Result], commit: bool, patience: float = PATIENCE
    ) -> Result:
        """What `function` returns for a connection; it is called again after a conflict.

        :raises DatabaseBusy: others get in the way again and again.
        :raises DatabaseError: the database cannot be used.
        """
        # Reading leaves the transaction alone that an application is in.
        manager = self._manager if commit else None
        if manager is None:
            manager = transaction.TransactionManager(explicit=True)
        with database_errors(self.uri):
            connection = self.db.open(manager)
            try:
                waits = pauses(patience)
                while True:
                    try:
                        return _attempt(manager, connection, function, commit)
                    except Exception as error:
                        pause = next(waits, None) if is_conflict(error) else None
                        if pause is None:
                            raise
                    self._sleep(pause)
            finally:
                connection.close()


def _attempt(
    manager: Any, connection: Any, function: Callable[[Any], Result], commit: bool
) -> Result:
    try:
        manager.begin()
        result = function(connection)
        if commit:
            manager.commit()
        else:
            manager.abort()
    except AlreadyInTransaction:
        # Somebody else's, who used an explicit manager meanwhile.
        raise
    except BaseException:
        manager.abort()
        raise
    return result
