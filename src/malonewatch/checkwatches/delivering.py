"""Delivering, after a run, what people are to be told."""

import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

from zope.component import getUtility

from malonewatch.checkwatches.logs import said
from malonewatch.exitcodes import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_TROUBLE
from malonewatch.guard import Guard
from malonewatch.interfaces import DatabaseError, Delivered, IClock, IDeliverer, IOutbox
from malonewatch.signals import heard

log = logging.getLogger("malonewatch.checkwatches")

#: How many seconds it takes at most, the rest is for the next run; and how many it has even if
#: the run's own time is up, as it would be again the next time.
LONGEST = 300.0
SHORTEST = 10.0


def deliver_due(
    database: Any, seconds: float, guard: Guard, is_over: Callable[[], bool] | None = None
) -> int:
    """Deliver what is due, in as many seconds as are left; the exit code.

    It ends soon after `is_over` says so.

    :raises DatabaseError: the database cannot be read or written.
    """
    due = database.read(lambda trackers: getUtility(IOutbox).nextDue())
    if due is None or due > getUtility(IClock).now():
        return 0
    seconds = min(max(seconds, SHORTEST), LONGEST)
    try:
        delivered = _deliver(database, seconds, guard, is_over)
    except DatabaseError:
        raise
    except Exception:
        # What was asked for is saved, and other sites are to have their turn.
        log.exception("Unexpected failure when delivering")
        return EXIT_FAULT
    if delivered.claimed is not None:
        log.info("%s delivers already.", delivered.claimed, extra=said("delivering"))
        return 0
    log.info(
        "Messages sent: %d, with %d notices.",
        *(delivered.messages, delivered.notices),
        extra=said("delivered", messages=delivered.messages, notices=delivered.notices),
    )
    for sentence in dict.fromkeys(delivered.failed.values()):
        log.error("%s", sentence, extra=said("undelivered"))
    for number, sentence in delivered.disabled.items():
        log.error(
            "Destination %d is sent nothing any more: %s 'malonewatch destination enable %d' takes "
            "that back.",
            *(number, sentence, number),
            extra=said("disabled", destination=number),
        )
    if guard.is_hurried:
        return EXIT_INTERRUPTED
    return EXIT_TROUBLE if delivered.failed else 0


def _deliver(
    database: Any, seconds: float, guard: Guard, is_over: Callable[[], bool] | None
) -> Delivered:
    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            # The deliverer ends by itself then, unless the database does not answer.
            stack.enter_context(heard((signal.SIGTERM, signal.SIGINT), guard.hurry))
        delivered: Delivered = getUtility(IDeliverer)(database, seconds=seconds, is_over=is_over)
    return delivered
