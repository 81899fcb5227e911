"""What was answered to requests that may be sent again."""

from typing import NamedTuple

from zope.interface import Interface


class Reply(NamedTuple):
    """What was answered to a request.

    - `request`: a digest of the request,
    - `status`: of HTTP; None as long as it is at work,
    - `location`: where what was made is, None if nowhere,
    - `body`: what was said.
    """

    request: bytes
    status: int | None = None
    location: str | None = None
    body: bytes = b""


class IReplySet(Interface):
    """Utility: the replies of the last day, by the number of the token that they were for and the
    key that came along.  There are at most some thousands; the oldest go first."""

    def query(token: int, key: str) -> Reply | None:
        """The reply, or None if there is none.

        One that is at work for an hour is none: whoever did that is gone.
        """

    def keep(token: int, key: str, reply: Reply) -> None:
        """Keep a reply, in place of the one that there may be."""

    def forget(token: int, key: str) -> None:
        """Forget a reply, if there is one."""

    def __len__() -> int:
        """How many are kept."""
