"""Delivering, after a run, what people are to be told."""

import contextlib
import logging
import signal
import threading
from typing import Any

from zope.component import getUtility

from malonewatch.checkwatches.guard import Guard
from malonewatch.checkwatches.logs import said
from malonewatch.checkwatches.signals import heard
from malonewatch.exitcodes import EXIT_INTERRUPTED, EXIT_TROUBLE
from malonewatch.interfaces import IClock, IDeliverer, IOutbox

log = logging.getLogger("malonewatch.checkwatches")

#: How many seconds it takes at most; the rest is for the next run.
LONGEST = 300.0


def deliver_due(database: Any, seconds: float, guard: Guard) -> int:
    """Deliver what is due, in so many seconds at most; the exit code.

    :raises DatabaseError: the database cannot be read or written.
    """
    due = database.read(lambda trackers: getUtility(IOutbox).nextDue())
    if due is None or due > getUtility(IClock).now() or seconds <= 0:
        return 0
    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            # The deliverer ends by itself then, unless the database does not answer.
            stack.enter_context(heard((signal.SIGTERM, signal.SIGINT), guard.hurry))
        delivered = getUtility(IDeliverer)(database, seconds=min(seconds, LONGEST))
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
    if delivered.failed:
        return EXIT_TROUBLE
    return EXIT_INTERRUPTED if guard.is_hurried else 0
