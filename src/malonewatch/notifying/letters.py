"""Mails, as they go over the wire.

They are put together here rather than by the package `email`, whose messages
take longer to build than to send; what they say of themselves is as RFC 5322,
2045 to 2047, 2369, 2919, 3834 and 8058 have it.
"""

import re
import secrets
from datetime import datetime
from email.utils import format_datetime

from zope.component import getUtility

from malonewatch.cleaning import clean
from malonewatch.interfaces import DeliverySettings, ITexts, Message, Notice
from malonewatch.notifying.mime import header, part
from malonewatch.notifying.texts import one_click_url, values_of

#: Longer subjects are cut off.
LONGEST_SUBJECT = 200

#: A plain address (RFC 5321), without quotes, comments and literals.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_ADDRESS = 254

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


class Letters:
    """Makes mails as a site sends them; its sender is an address.

    `secret` is what the links to unsubscribe by are signed with.
    """

    def __init__(self, delivery: DeliverySettings, secret: str = "") -> None:
        self._delivery = delivery
        self._secret = secret
        self._texts = getUtility(ITexts)
        self._domain = delivery.sender.rpartition("@")[2]
        # It is known to nobody before, so no text can have it in it.
        boundary = secrets.token_hex(16)
        self._foot = (
            f"List-Id: malonewatch <{delivery.sender.replace('@', '.')}>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            # For answering machines that are older than that.
            "Precedence: bulk\r\n"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
        )
        self._boundary = f"--{boundary}".encode()

    def letter(self, message: Message, moment: datetime) -> bytes:
        """A message as a mail of that moment; lines end as they do on the wire.

        :raises DeliveryFailed: a template of the site's cannot be used.
        """
        name = "digest" if message.is_digest else "message"
        values = values_of(message, self._delivery, self._secret)
        folder = self._delivery.templates
        plain = self._texts(f"{name}.txt", folder, values)
        page = self._texts(f"{name}.html", folder, values)
        plain = _BLANK_LINES.sub("\n\n", plain).strip("\n") + "\n"
        head = (
            f"From: malonewatch <{self._delivery.sender}>\r\n"
            f"To: {message.destination.settings.address}\r\n"
            f"{header('Subject', clean(values['headline'], LONGEST_SUBJECT))}"
            f"Date: {format_datetime(moment)}\r\n"
            f"{self._ids(message)}{_labels(message.notices)}{self._unsubscribe(message)}"
            f"{self._foot}\r\n"
        )
        return b"\r\n".join(
            (
                *(head.encode("ascii") + self._boundary, part("plain", plain)),
                *(self._boundary, part("html", page), self._boundary + b"--", b""),
            )
        )

    def _ids(self, message: Message) -> str:
        """What tells mails apart, and what holds together those on a bug or a bug tracker."""
        own = f"Message-ID: <{_id(*message.key.split('.'))}@{self._domain}>\r\n"
        subjects = {_subject(notice) for notice in message.notices}
        if len(subjects) > 1:
            return own
        identity = message.key.partition(".")[0]
        root = f"<{_id(identity, *subjects.pop())}@{self._domain}>"
        # There is no such mail; all are answers to it.
        return f"{own}In-Reply-To: {root}\r\nReferences: {root}\r\n"

    def _unsubscribe(self, message: Message) -> str:
        """The headers by which mail readers can unsubscribe; none if it is not clear from what."""
        url = one_click_url(message, self._delivery, self._secret)
        if not url:
            return ""
        # That is done without asking, and so not in clear text.
        post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        return f"List-Unsubscribe: <{url}>\r\n{post if url.startswith('https:') else ''}"


def _subject(notice: Notice) -> tuple[str, str]:
    """What a notice is about: a bug of ours or a bug tracker; or only itself."""
    if notice.bug is not None:
        return "bug", str(notice.bug)
    return ("tracker", notice.tracker) if notice.tracker else ("notice", str(notice.id))


def _id(*pieces: str) -> str:
    """What stands before the @ in the identifier of a mail."""
    return ".".join(_NOT_IN_IDS.sub("-", piece) or "-" for piece in pieces)


def _labels(notices: tuple[Notice, ...]) -> str:
    """Headers to filter by: what happened, and to what if that is one."""
    happenings = sorted({notice.happening.value for notice in notices})
    bugs = {notice.bug for notice in notices}
    trackers = {notice.tracker for notice in notices}
    said = f"X-Malonewatch-Happening: {', '.join(happenings)}\r\n"
    if len(bugs) == 1 and None not in bugs:
        said += f"X-Malonewatch-Bug: {bugs.pop()}\r\n"
    if len(trackers) == 1 and "" not in trackers:
        said += header("X-Malonewatch-Tracker", trackers.pop())
    return said
