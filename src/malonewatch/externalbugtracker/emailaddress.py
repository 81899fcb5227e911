"""Bugs that are followed by mail.

Their bug tracker is an e-mail address, of a developer or a mailing list, and
its base URL a ``mailto:``, https://www.rfc-editor.org/rfc/rfc6068.  The id of a
bug is the Message-ID of the mail that reported it, or whatever people call it.
"""

import re
from urllib.parse import SplitResult, quote, unquote

from malonewatch.externalbugtracker.driver import ExternalBugTracker
from malonewatch.interfaces import Certainty, Polling, RecognisedURL

# In a mail's header, a mid: URL (RFC 2392), or as notmuch writes it.
PREFIX = re.compile(r"(?:message-id:\s*|mid:|id:)(?=\S+@)", re.IGNORECASE)
# <left@right>, with or without the brackets, which are no part of it.
MESSAGE_ID = re.compile(r"<?([^\s<>@]+@[^\s<>@]+)>?")


class EmailAddress(ExternalBugTracker):
    """An e-mail address."""

    title = "E-mail address"
    schemes = ("mailto",)
    polling = Polling.NEVER
    not_polled = (
        "A bug that is followed by mail is asked for by nobody: "
        "there is no server which could tell how it is."
    )
    id_pattern = r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,198}[^\s\x00-\x1f\x7f])?"
    file_link = "?subject={summary}&body={description}"

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        remotebug = " ".join(remotebug.split())
        prefix = PREFIX.match(remotebug)
        found = MESSAGE_ID.fullmatch(remotebug, prefix.end() if prefix else 0)
        return remotebug if found is None else found[1]

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        if url.scheme != "mailto":
            return None
        # A plus sign is one here, which it is not on the web.
        fields = {
            name.lower(): unquote(value)
            for name, _, value in (each.partition("=") for each in url.query.split("&"))
        }
        said = fields.get("in-reply-to") or fields.get("subject") or ""
        remotebug = cls.canonicalRemoteBug(said)
        if not cls.is_valid(remotebug):
            return None
        certainty = Certainty.SHAPE if baseurl is None else Certainty.REGISTERED
        return RecognisedURL(baseurl or f"mailto:{url.path}", remotebug, certainty)

    def getBugURL(self, remotebug: str) -> str:
        """A mail about the bug: an answer to that which reported it, if its id tells which."""
        if MESSAGE_ID.fullmatch(remotebug):
            return f"{self.baseurl}?In-Reply-To={quote(f'<{remotebug}>', safe='')}"
        return f"{self.baseurl}?subject={quote(remotebug, safe='')}"
