"""The audit trail: who did what, to what, when, and from which face."""

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from zope.component import queryUtility

from malonewatch import acting
from malonewatch.application.facts import now
from malonewatch.application.references import get_part
from malonewatch.application.remote import remote
from malonewatch.interfaces import AuditEntry, IAuditLog, Scope

#: How many entries are read in one transaction.
PAGE = 500


def record(action: str, target: str, detail: str = "") -> None:
    """Keep that who acts now does this, in the transaction that does it.

    Nothing is kept where the database was made by an earlier version.
    """
    log = queryUtility(IAuditLog)
    if log is not None:
        actor = acting.current()
        log.record(now(), actor.face, actor.name, action, target, detail)


def note(database: Any, action: str, target: str, detail: str = "") -> None:
    """Keep that who acts now does something that changes nothing else.

    :raises DatabaseError: the database cannot be written.
    """
    database.write(lambda trackers: record(action, target, detail))


def list_entries(
    database: Any, since: datetime | None = None, limit: int | None = None
) -> Iterator[list[AuditEntry]]:
    """What was done since then, the latest first, `limit` at most; page after page, each read in
    a transaction of its own.  No page is empty.

    :raises DatabaseError: the database cannot be read.
    """
    before, left = None, limit
    while True:
        size = PAGE if left is None else min(PAGE, left)
        page = find_page(database, since, before, size)
        if page:
            yield page
        if len(page) < size or left == size:
            return
        before = page[-1].number
        left = None if left is None else left - size


@remote(Scope.ADMIN)
def find_page(
    database: Any, since: datetime | None = None, before: int | None = None, size: int = 50
) -> list[AuditEntry]:
    """At most `size` of what was done since then, and before the entry of that number; the latest
    first.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> list[AuditEntry]:
        return list(itertools.islice(get_part(IAuditLog).entries(since, before), size))

    page: list[AuditEntry] = database.read(step)
    return page
