"""Bugzilla, from 2.18 on.

Dialects:

``rest``
    The REST interface of Bugzilla 5.0 and later, and of the forks.
    https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html
``xml``
    The XML export of ``show_bug.cgi``, which older ones have, and the only
    request for many bugs that says of each why it cannot be shown.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import SplitResult, quote
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from malonewatch.externalbugtracker.base import (
    ExternalBugTracker,
    build_url,
    by_word,
    format_time,
    is_number,
    parse_time,
    query_of,
)
from malonewatch.interfaces import (
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerChallenge,
    BugTrackerCredentialsRefused,
    Outcome,
    RemoteBug,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)

REST_FIELDS = "id,alias,status,resolution,summary,severity,priority,last_change_time,dupe_of"
XML_FIELDS = (
    "bug_id",
    "alias",
    "bug_status",
    "resolution",
    "short_desc",
    "bug_severity",
    "priority",
    "delta_ts",
    "dup_id",
)

# Codes of Bugzilla's web services.
NO_SUCH_BUG = (100, 101)
ACCESS_DENIED = 102
CREDENTIAL_ERRORS = (300, 301, 302, 303, 304, 305, 306, 307, 410)


def _statuses(status: BugTaskStatus, *names: str) -> dict[str, BugTaskStatus]:
    return dict.fromkeys(names, status)


# Statuses that mean the same whatever the resolution.  Beside Bugzilla's own
# there are those of Red Hat, KDE, GNOME, the Linux kernel, WineHQ and others.
OPEN_STATUSES = {
    **_statuses(BugTaskStatus.NEW, "UNCONFIRMED", "REPORTED"),
    **_statuses(BugTaskStatus.CONFIRMED, "CONFIRMED", "NEW", "REOPENED", "UPSTREAM", "DEFERRED"),
    **_statuses(
        BugTaskStatus.INPROGRESS,
        *("IN_PROGRESS", "ASSIGNED", "STARTED", "ON_DEV", "FAILS_QA", "POST"),
    ),
    **_statuses(
        BugTaskStatus.INCOMPLETE,
        *("NEEDINFO", "NEEDINFO_REPORTER", "NEEDSINFO", "WAITING", "SUSPENDED", "PLEASETEST"),
    ),
    **_statuses(
        BugTaskStatus.FIXCOMMITTED,
        *("MODIFIED", "ON_QA", "PENDINGUPLOAD", "RELEASE_PENDING", "STAGED"),
    ),
    **_statuses(BugTaskStatus.INVALID, "REJECTED"),
}
CLOSED_STATUSES = ("RESOLVED", "VERIFIED", "CLOSED")
RESOLUTIONS = {
    **_statuses(
        BugTaskStatus.FIXRELEASED,
        *("FIXED", "CODE_FIX", "CURRENTRELEASE", "ERRATA", "NEXTRELEASE", "RAWHIDE"),
        *("PATCH_ALREADY_AVAILABLE", "DOCUMENTED", "ANSWERED"),
    ),
    **_statuses(
        BugTaskStatus.WONTFIX,
        *("WONTFIX", "WILL_NOT_FIX", "WILL_FIX_LATER", "NOTOURBUG", "UPSTREAM", "DOWNSTREAM"),
        *("EOL", "DEFERRED", "LATER", "REMIND", "INTENTIONAL", "UNMAINTAINED", "MOVED"),
    ),
    **_statuses(
        BugTaskStatus.EXPIRED,
        *("OBSOLETE", "INSUFFICIENT_DATA", "INCOMPLETE", "EXPIRED", "INACTIVE"),
        *("WAITINGFORINFO", "BACKTRACE", "NEEDINFO"),
    ),
    **_statuses(
        BugTaskStatus.INVALID,
        *("INVALID", "WORKSFORME", "NOTABUG", "NOT A BUG", "NOT_A_BUG", "NOTGNOME", "CANTFIX"),
        *("UNREPRODUCIBLE", "DUPLICATE", "TEST-REQUEST"),
    ),
}

IMPORTANCES = by_word(
    {
        BugTaskImportance.CRITICAL: "blocker critical immediate urgent highest vhi p1 s1",
        BugTaskImportance.HIGH: "crash grave major high hi p2 s2",
        BugTaskImportance.MEDIUM: "normal nor medium p3 s3",
        BugTaskImportance.LOW: "minor low lo lowest vlo trivial p4 p5 s4",
        BugTaskImportance.WISHLIST: "enhancement wishlist feature",
        BugTaskImportance.UNDECIDED: "unspecified task -- --- n/a",
    }
)


class Bugzilla(ExternalBugTracker):
    """A Bugzilla; https://www.bugzilla.org/."""

    title = "Bugzilla"
    request_size = 500
    changed_since = True
    status_table = {
        **OPEN_STATUSES,
        **{
            f"{status} {resolution}": meaning
            for status in CLOSED_STATUSES
            for resolution, meaning in RESOLUTIONS.items()
        },
        # Closed without a word why.
        **_statuses(BugTaskStatus.FIXRELEASED, "VERIFIED", "CLOSED"),
    }
    importance_table = IMPORTANCES

    def __init__(self, facts):
        super().__init__(facts)
        # The same few words come again and again in a batch.
        self._statuses: dict[tuple[str, str], tuple[str, BugTaskStatus]] = {}
        self._importances: dict[tuple[str, str], tuple[str, BugTaskImportance]] = {}

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        head, page, rest = url.path.rpartition("show_bug.cgi")
        if page and not rest and head.endswith("/"):
            query = query_of(url)
            # Issuezilla said "issue".
            remotebug = cls.canonicalRemoteBug(query.get("id") or query.get("issue") or "")
            if is_number(remotebug) or (baseurl is not None and _is_alias(remotebug)):
                return f"{url.scheme}://{url.netloc}{head.rstrip('/')}", remotebug
        elif baseurl is not None:
            # The short form, which some sites have: <base>/12345.
            remotebug = url.path.rpartition("/")[2]
            if is_number(remotebug) and url.geturl().rstrip("/") == f"{baseurl}/{remotebug}":
                return baseurl, cls.canonicalRemoteBug(remotebug)
        return None

    def getBugURL(self, remotebug: str) -> str:
        return f"{self.baseurl}/show_bug.cgi?id={quote(remotebug)}"

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        if remote_product is None:
            return BugFilingAndSearchLinks(
                None, build_url(f"{self.baseurl}/query.cgi", [("short_desc", summary)])
            )
        return BugFilingAndSearchLinks(
            build_url(
                f"{self.baseurl}/enter_bug.cgi",
                [
                    ("product", remote_product),
                    ("short_desc", summary),
                    ("comment", description),
                ],
            ),
            build_url(
                f"{self.baseurl}/query.cgi",
                [("product", remote_product), ("short_desc", summary)],
            ),
        )

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        status, _, _ = remotestatus.partition(" ")
        if status in OPEN_STATUSES:
            return OPEN_STATUSES[status]
        return super().convertRemoteStatus(remotestatus)

    def convertRemoteImportance(self, remote_importance: str) -> BugTaskImportance:
        """The last word, the severity, decides unless it says nothing."""
        meaning = BugTaskImportance.UNKNOWN
        for word in reversed(remote_importance.lower().split()):
            found = self.importance_table.get(word, BugTaskImportance.UNKNOWN)
            if found not in (BugTaskImportance.UNKNOWN, BugTaskImportance.UNDECIDED):
                return found
            if meaning is BugTaskImportance.UNKNOWN:
                meaning = found
        return meaning

    def is_valid(self, remotebug: str) -> bool:
        return is_number(remotebug) or _is_alias(remotebug)

    def tells_changes(self) -> bool:
        return self.dialect != "xml"

    async def fetch_many(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome]:
        if self.dialect == "xml":
            return await self._fetch_xml(session, remotebugs)
        found = await self._fetch_rest(session, remotebugs, since)
        if found is not None:
            self.dialect = "rest"
            return found
        # No REST here, or not any more.
        try:
            found = await self._fetch_xml(session, remotebugs)
        except UnparsableBugTracker:
            raise UnsupportedBugTracker(
                f"{self.baseurl} answers neither like a Bugzilla with REST nor like an older one."
            ) from None
        self.dialect = "xml"
        return found

    async def fetch_missing(
        self, session: Any, remotebugs: Sequence[str]
    ) -> AsyncIterator[Outcome]:
        if self.dialect == "rest" and len(remotebugs) > 1:
            try:
                found = await self._fetch_xml(session, remotebugs)
            except (UnparsableBugTracker, BugTrackerCredentialsRefused, BugTrackerChallenge):
                # Some sites close this page to robots; ask one by one.
                found = {}
        else:
            found = {}
        for remotebug in remotebugs:
            yield found.get(remotebug) or await self.fetch_one(session, remotebug)

    async def fetch_one(self, session: Any, remotebug: str) -> Outcome:
        if self.dialect != "rest":
            found = await self._fetch_xml(session, [remotebug])
            return found.get(remotebug) or self.not_found(remotebug)
        response = await session.request(
            "GET",
            build_url(
                f"{self.baseurl}/rest/bug/{quote(remotebug, safe='')}",
                [("include_fields", REST_FIELDS)],
            ),
            headers=self._headers(session),
        )
        if response.status == 404:
            return self.not_found(remotebug)
        answer = self.load_json(response)
        code = answer.get("code") if isinstance(answer, dict) else None
        if code == ACCESS_DENIED:
            return self.private(remotebug)
        if code in NO_SUCH_BUG:
            return self.not_found(remotebug)
        found = self.parse_rest(self._checked(session, answer), [remotebug])
        return found.get(remotebug) or self.not_found(remotebug)

    # REST

    def _headers(self, session: Any) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if session.credentials is not None and session.credentials.token:
            # Mozilla's way; Red Hat takes the Bearer that is sent anyway.
            headers["X-BUGZILLA-API-KEY"] = session.credentials.token
        return headers

    async def _fetch_rest(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome] | None:
        """Outcomes, or None if there is no REST interface."""
        parameters = [("id", ",".join(remotebugs)), ("include_fields", REST_FIELDS)]
        if since is not None:
            parameters.append(("last_change_time", format_time(since)))
        parameters.append(("limit", str(len(remotebugs))))
        try:
            response = await session.request(
                "GET",
                build_url(f"{self.baseurl}/rest/bug", parameters),
                headers=self._headers(session),
            )
        except UnparsableBugTracker:
            # A page; an older Bugzilla may show its front page for anything.
            return None
        if response.status == 404 and not response.body.lstrip().startswith(b"{"):
            return None
        return self.parse_rest(self._checked(session, self.load_json(response)), remotebugs)

    def _checked(self, session: Any, answer: Any) -> Any:
        """`answer`, if it is not an error."""
        if isinstance(answer, dict) and answer.get("error"):
            code = answer.get("code")
            if code in CREDENTIAL_ERRORS:
                raise self.credentials_refused(session)
            raise self.unparsable(f"error {code!r:.20}, where there should be bugs")
        return answer

    def parse_rest(self, answer: Any, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes by remote id from the value of a REST answer.

        :raises UnparsableBugTracker: it holds no list of bugs.
        """
        bugs = answer.get("bugs") if isinstance(answer, dict) else None
        if not isinstance(bugs, list):
            raise self.unparsable("there is no list of bugs in it")
        asked = set(remotebugs)
        found: dict[str, Outcome] = {}
        for bug in bugs:
            try:
                names = [str(bug["id"])]
                aliases = bug.get("alias")
                if aliases:
                    # A string in Bugzilla 4, a list since.
                    names += [aliases] if isinstance(aliases, str) else aliases
                for name in names:
                    if name in asked:
                        found[name] = self._bug_from_rest(name, bug)
            except (TypeError, KeyError, AttributeError):
                # Nothing that was asked for.
                continue
        return found

    def _bug_from_rest(self, remotebug: str, bug: dict[str, Any]) -> Outcome:
        try:
            dupe_of = bug.get("dupe_of")
            return self._bug(
                remotebug,
                bug["status"],
                bug["resolution"],
                bug.get("priority", ""),
                bug.get("severity", ""),
                bug.get("summary", ""),
                parse_time(bug.get("last_change_time") or ""),
                None if dupe_of is None else str(dupe_of),
            )
        except KeyError as error:
            return self.unparsable_bug(remotebug, f"it has no {error.args[0]}")
        except (TypeError, AttributeError):
            return self.unparsable_bug(remotebug, "a field is of the wrong kind")

    def _bug(
        self,
        remotebug: str,
        status: str,
        resolution: str,
        priority: str,
        severity: str,
        summary: str,
        modified: datetime | None,
        duplicate_of: str | None,
    ) -> RemoteBug:
        if type(summary) is not str:
            raise TypeError(summary)
        words = status, resolution
        try:
            remotestatus, meaning = self._statuses[words]
        except KeyError:
            remotestatus = " ".join(words).strip()
            meaning = self.convertRemoteStatus(remotestatus)
            self._statuses[words] = remotestatus, meaning
        words = priority, severity
        try:
            remote_importance, importance = self._importances[words]
        except KeyError:
            remote_importance = " ".join(words).strip()
            importance = self.convertRemoteImportance(remote_importance)
            self._importances[words] = remote_importance, importance
        return RemoteBug(
            remotebug,
            remotestatus,
            meaning,
            remote_importance,
            importance,
            summary,
            resolution,
            modified,
            duplicate_of,
        )

    # XML

    async def _fetch_xml(self, session: Any, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        response = await session.request(
            "GET",
            build_url(
                f"{self.baseurl}/show_bug.cgi",
                [
                    ("ctype", "xml"),
                    ("id", ",".join(remotebugs)),
                    *(("field", field) for field in XML_FIELDS),
                ],
            ),
            headers={"Accept": "application/xml, text/xml"},
        )
        if response.status in (401, 403):
            raise self.credentials_refused(session)
        return self.parse_xml(response.body, remotebugs)

    def parse_xml(self, body: bytes, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes by remote id from a ``show_bug.cgi?ctype=xml`` answer.

        :raises UnparsableBugTracker: it is not Bugzilla's XML.
        """
        try:
            # Bugzilla names a DTD, and older ones let control characters through.
            root = defusedxml.ElementTree.fromstring(
                body.translate(None, CONTROL_CHARACTERS), forbid_dtd=False
            )
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise self.unparsable("it should be XML and is not") from None
        if root.tag not in ("bugzilla", "issuezilla"):
            raise self.unparsable("it is not Bugzilla's XML")
        asked = set(remotebugs)
        found: dict[str, Outcome] = {}
        for bug in root.iterfind("bug"):
            for name in (_text(bug, "bug_id"), *_texts(bug, "alias")):
                if name in asked:
                    found[name] = self._bug_from_xml(name, bug)
        return found

    def _bug_from_xml(self, remotebug: str, bug: Element) -> Outcome:
        error = bug.get("error")
        if error == "NotPermitted":
            return self.private(remotebug)
        if error is not None:
            # "NotFound", and "InvalidBugId", which newer ones say of both.
            return self.not_found(remotebug)
        status = _text(bug, "bug_status")
        if not status:
            return self.unparsable_bug(remotebug, "it has no bug_status")
        return self._bug(
            remotebug,
            status,
            _text(bug, "resolution"),
            _text(bug, "priority"),
            _text(bug, "bug_severity"),
            _text(bug, "short_desc"),
            parse_delta_ts(_text(bug, "delta_ts")),
            _text(bug, "dup_id") or None,
        )


# All below space but tab, line feed and carriage return: not XML at all.
CONTROL_CHARACTERS = bytes(set(range(32)) - {9, 10, 13})


def parse_delta_ts(text: str) -> datetime | None:
    """The time that ``2024-01-02 03:04:05 +0100`` gives; None if it gives none."""
    for form in ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        try:
            moment = datetime.strptime(text, form)
            if moment.tzinfo is not None:
                return moment.astimezone(timezone.utc)
        except (ValueError, OverflowError):
            continue
    # Without an offset it is in the server's own zone, which nobody tells.
    return None


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _texts(element: Element, name: str) -> list[str]:
    return [(found.text or "").strip() for found in element.iterfind(name)]


def _is_alias(text: str) -> bool:
    """Whether `text` may be a Bugzilla alias: no white space, no comma, not a number."""
    return (
        0 < len(text) <= 40
        and text.isprintable()
        and not any(character.isspace() or character == "," for character in text)
        and not text.isdigit()
    )
