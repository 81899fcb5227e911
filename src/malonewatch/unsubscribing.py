"""The links in mails by which people unsubscribe, without a log-in.  Pure.

A link says what it is for and is signed, so nothing has to be kept of it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from malonewatch.interfaces import BadInput

#: One that is shorter could be found out from a link.
SHORTEST_SECRET = 16

_PARTS = re.compile(r"(subscription|destination)/([0-9]{1,18})/([0-9]{1,18})", re.ASCII)


def check_secret(secret: str) -> None:
    """See that links can be signed with that.

    :raises BadInput: it is too short.
    """
    if len(secret) < SHORTEST_SECRET:
        raise BadInput(
            f"The secret that links are signed with has less than {SHORTEST_SECRET} characters; "
            "let it be a long one that nobody guesses."
        )


class UnsubscribeLink(NamedTuple):
    """What a link is for.

    - `kind`: ``subscription``, or ``destination`` for all that lead there,
    - `number`: of that,
    - `created`: the second in which the destination was made, 0 if that is not
      known: where a database went back to a copy, a number is given again.
    """

    kind: str
    number: int
    created: int

    @classmethod
    def of(cls, kind: str, number: int, created: datetime | None) -> "UnsubscribeLink":
        return cls(kind, number, 0 if created is None else int(created.timestamp()))

    def is_of(self, created: datetime | None) -> bool:
        """Whether the destination that was made then is the one that is meant."""
        return UnsubscribeLink.of(self.kind, self.number, created) == self

    def path(self, identity: str, secret: str) -> str:
        """The last parts of the link's path, for the database of that identity."""
        return f"{self._text}/{_signature(identity, self._text, secret)}"

    @property
    def _text(self) -> str:
        return f"{self.kind}/{self.number}/{self.created}"


def read_link(parts: Sequence[str], identity: str, secret: str) -> UnsubscribeLink | None:
    """What a link is for whose path ends with these parts; None if it is not one of ours."""
    *said, signature = parts or [""]
    text = "/".join(said)
    expected = _signature(identity, text, secret)
    found = _PARTS.fullmatch(text)
    if found is None or not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    kind, number, created = found.groups()
    return UnsubscribeLink(kind, int(number), int(created))


def _signature(identity: str, text: str, secret: str) -> str:
    said = f"unsubscribe\0{identity}\0{text}".encode(errors="surrogatepass")
    digest = hmac.digest(secret.encode(), said, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
