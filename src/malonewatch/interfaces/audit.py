"""The audit trail: who did what."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from zope.interface import Interface


class AuditEntry(NamedTuple):
    """Something that somebody did.

    - `number`: greater than those of what was done before, but for some
      microseconds; never another's,
    - `moment`: aware, in UTC,
    - `face`: where it was done, such as ``command line``, ``desk`` or ``REST``,
    - `actor`: who did it, as that face knows people; empty where nobody is known,
    - `action`: what was done, such as ``retitle``,
    - `target`: what it was done to, such as ``bug 7``,
    - `detail`: what else there is to be said of it; never a secret.
    """

    number: int
    moment: datetime
    face: str
    actor: str
    action: str
    target: str
    detail: str


class IAuditLog(Interface):
    """Utility: what people did, of this month and some before it."""

    def record(
        moment: datetime, face: str, actor: str, action: str, target: str, detail: str = ""
    ) -> None:
        """Keep in this transaction that somebody did something.

        Texts are kept as one line each, and not without end.  Those who write
        at the same time do not disturb each other, but where a month begins.
        """

    def entries(since: datetime | None = None, before: int | None = None) -> Iterator[AuditEntry]:
        """What was done, the latest first: from `since` on, and before the entry of the number
        `before`."""
