"""Debbugs, the bug tracking system of Debian and of GNU.

Asked in SOAP, https://wiki.debian.org/DebbugsSoapInterface.  What its
severities and tags mean: https://www.debian.org/Bugs/Developer.

Dialects, which differ in the folder that the CGI scripts are in:

``cgi-bin``
    Debian's, and what Debbugs is installed with.
``cgi``
    That of debbugs.gnu.org.

A bug's state is never one word in Debbugs.  `RemoteBug.remotestatus` is put
together here: ``open``, ``forwarded`` or ``done``, then those tags that make a
difference to what that means, weightiest last.
"""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import SplitResult, quote
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from malonewatch.externalbugtracker.base import (
    ExternalBugTracker,
    build_url,
    is_number,
    query_of,
)
from malonewatch.interfaces import (
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    Outcome,
    RemoteBug,
    UnsupportedBugTracker,
)

DIALECTS = ("cgi-bin", "cgi")

# Where <host>/<number> is a bug, whether or not the host is registered.
SHORT_FORM_HOSTS = frozenset({"bugs.debian.org", "debbugs.gnu.org"})
OTHER_NAMES = {"bugs.gnu.org": "debbugs.gnu.org"}

# Tags that make a difference, lightest first.  Not every site has them all:
# newcomer and those about upstream are Debian's, easy and notabug are GNU's.
NOT_UNDERSTOOD = dict.fromkeys(("moreinfo", "unreproducible"), BugTaskStatus.INCOMPLETE)
UNDERSTOOD = dict.fromkeys(
    ("help", "newcomer", "easy", "upstream", "confirmed"), BugTaskStatus.CONFIRMED
)
ON_ITS_WAY = {
    "fixed-upstream": BugTaskStatus.CONFIRMED,
    **dict.fromkeys(("pending", "fixed-in-experimental", "fixed"), BugTaskStatus.FIXCOMMITTED),
}
REFUSED = {"notabug": BugTaskStatus.INVALID, "wontfix": BugTaskStatus.WONTFIX}

# What a state means by itself, and the tags that make it mean another thing.
# Debbugs itself ranks the tag pending above forwarded.  A refused bug is
# closed as done like a fixed one; only the tag tells that nothing was fixed.
STATES: dict[str, tuple[BugTaskStatus, dict[str, BugTaskStatus]]] = {
    "open": (BugTaskStatus.NEW, {**NOT_UNDERSTOOD, **UNDERSTOOD, **ON_ITS_WAY, **REFUSED}),
    "forwarded": (BugTaskStatus.CONFIRMED, {**ON_ITS_WAY, **REFUSED}),
    "done": (BugTaskStatus.FIXRELEASED, REFUSED),
}

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    '<soap:Body><debbugs:get_status xmlns:debbugs="Debbugs/SOAP/V1">'
    '<bugs xsi:type="soapenc:Array" soapenc:arrayType="xsd:int[{count}]">{items}</bugs>'
    "</debbugs:get_status></soap:Body></soap:Envelope>"
)


class Debbugs(ExternalBugTracker):
    """A Debbugs; https://bugs.debian.org/debbugs-source/."""

    title = "Debbugs"
    request_size = 500
    # The ids are in the body of a POST, not in the URL.
    url_budget = 1_000_000
    status_table = {
        **{state: meaning for state, (meaning, _) in STATES.items()},
        **{
            f"{state} {tag}": meaning
            for state, (_, tags) in STATES.items()
            for tag, meaning in tags.items()
        },
    }
    # Critical and grave ones destroy data or make a package useless; a
    # serious one breaks a rule, which holds up a release but nobody's work.
    importance_table = {
        "critical": BugTaskImportance.CRITICAL,
        "grave": BugTaskImportance.CRITICAL,
        "serious": BugTaskImportance.HIGH,
        "important": BugTaskImportance.HIGH,
        "normal": BugTaskImportance.MEDIUM,
        "minor": BugTaskImportance.LOW,
        "wishlist": BugTaskImportance.WISHLIST,
    }

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        if baseurl is None:
            url = url._replace(netloc=OTHER_NAMES.get(url.netloc, url.netloc))
        folder, page, rest = url.path.rpartition("/bugreport.cgi")
        if page and not rest:
            head, slash, name = folder.rpartition("/")
            remotebug = cls.canonicalRemoteBug(query_of(url).get("bug", ""))
            if slash and name in DIALECTS and is_number(remotebug):
                return f"{url.scheme}://{url.netloc}{head.rstrip('/')}", remotebug
            return None
        # The short form: <base>/12345, maybe with a message's #45.
        address = url._replace(query="", fragment="").geturl().rstrip("/")
        base, _, remotebug = address.rpartition("/")
        if is_number(remotebug) and (
            (base == f"{url.scheme}://{url.netloc}" and url.netloc.lower() in SHORT_FORM_HOSTS)
            or (baseurl is not None and base == baseurl.rstrip("/"))
        ):
            return base, cls.canonicalRemoteBug(remotebug)
        return None

    @property
    def _cgi(self) -> str:
        """The folder that the CGI scripts are in, as far as is known."""
        if self.dialect in DIALECTS:
            return self.dialect
        return "cgi" if self.baseurl.lower().endswith("://debbugs.gnu.org") else "cgi-bin"

    def getBugURL(self, remotebug: str) -> str:
        return f"{self.baseurl}/{self._cgi}/bugreport.cgi?bug={quote(remotebug)}"

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        """Bugs are filed by e-mail, so only the search is a link; a product is a package."""
        parameters = [("phrase", summary)]
        if remote_product is not None:
            parameters += [
                ("attribute_field", "package"),
                ("attribute_operator", "STROREQ"),
                ("attribute_value", remote_product),
            ]
        return BugFilingAndSearchLinks(
            None, build_url(f"{self.baseurl}/{self._cgi}/search.cgi", parameters)
        )

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        """The last tag decides, if there is one."""
        state, _, tags = remotestatus.partition(" ")
        return super().convertRemoteStatus(f"{state} {tags.rpartition(' ')[2]}".strip())

    async def fetch_many(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome]:
        body = self._request(remotebugs)
        for cgi in sorted(DIALECTS, key=lambda dialect: dialect != self._cgi):
            response = await session.request(
                "POST",
                f"{self.baseurl}/{cgi}/soap.cgi",
                body=body,
                headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
            )
            # Some servers know no POST for what is not there.
            if response.status in (404, 405):
                continue
            if response.status in (401, 403):
                raise self.credentials_refused(session)
            if response.status != 200:
                raise self.unparsable(f"HTTP status {response.status}, where there should be bugs")
            found = self.parse(response.body, remotebugs)
            self.dialect = cgi
            return found
        raise UnsupportedBugTracker(
            f"{self.baseurl} has no SOAP interface where a Debbugs has one."
        )

    async def fetch_missing(
        self, session: Any, remotebugs: Sequence[str]
    ) -> AsyncIterator[Outcome]:
        # Debbugs just leaves out what it does not have, whether it is asked
        # for one bug or for many, so one more request for all is as good.
        if remotebugs:
            found = await self.fetch_many(session, remotebugs, None)
            for remotebug in remotebugs:
                yield found.get(remotebug) or self.not_found(remotebug)

    def _request(self, remotebugs: Sequence[str]) -> bytes:
        items = "".join(f'<item xsi:type="xsd:int">{remotebug}</item>' for remotebug in remotebugs)
        return ENVELOPE.format(count=len(remotebugs), items=items).encode("ascii")

    def parse(self, body: bytes, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes by remote id from the body of an answer to ``get_status``.

        :raises UnparsableBugTracker: it is not such an answer.
        """
        try:
            root = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise self.unparsable("it should be XML and is not") from None
        answer = _child(_child(root, "Body"), None)
        if answer is not None and _name(answer) == "Fault":
            raise self.unparsable("it is a SOAP fault, where there should be bugs")
        bugs = _child(answer, None)
        if answer is None or _name(answer) != "get_statusResponse" or bugs is None:
            raise self.unparsable("it is no answer to get_status")
        if (bugs.text or "").strip():
            raise self.unparsable("there is no map of bugs in it")
        asked = set(remotebugs)
        found: dict[str, Outcome] = {}
        for remotebug, record in _pairs(bugs):
            if remotebug in asked:
                found[remotebug] = self._bug(remotebug, record)
            elif not is_number(remotebug):
                # It might be about any bug, and none may count as missing for it.
                raise self.unparsable("it should tell bugs by their numbers")
        return found

    def _bug(self, remotebug: str, record: Element) -> Outcome:
        fields = dict(_pairs(record))
        try:
            subject = _text(fields["subject"])
            severity = _text(fields["severity"])
            done = _text(fields["done"])
            forwarded = _text(fields["forwarded"])
            tags = _text(fields["tags"]).split()
            merged = _text(fields.get("mergedwith")).split()
            modified = _moment(fields.get("last_modified")) or _moment(fields.get("log_modified"))
        except KeyError as error:
            return self.unparsable_bug(remotebug, f"it has no {error.args[0]}")
        except ValueError:
            return self.unparsable_bug(remotebug, "a field of it should be base64 and is not")
        state = "done" if _is_true(done) else "forwarded" if _is_true(forwarded) else "open"
        telling = " ".join(tag for tag in STATES[state][1] if tag in tags)
        remotestatus = f"{state} {telling}".strip()
        return RemoteBug(
            remotebug,
            remotestatus,
            self.convertRemoteStatus(remotestatus),
            severity,
            self.convertRemoteImportance(severity),
            subject,
            telling if state == "done" else "",
            modified,
            duplicate_of(remotebug, merged),
        )


def duplicate_of(remotebug: str, merged: Sequence[str]) -> str | None:
    """The bug that stands for all that `remotebug` was merged with; None if it does itself.

    Merged bugs are equals in Debbugs and share every change.  That the oldest
    stands for all is our convention, so that there is one and no circle.
    """
    numbers = [int(text) for text in merged if is_number(text)]
    oldest = min([*numbers, int(remotebug)])
    return str(oldest) if oldest < int(remotebug) else None


# SOAP, as SOAP::Lite for Perl writes it.  Names are told by their local part:
# which of the namespaces they are in depends on how old the server is.


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element | None, name: str | None) -> Element | None:
    """The first child of that name, or the first at all."""
    for child in element if element is not None else ():
        if name is None or _name(child) == name:
            return child
    return None


def _pairs(element: Element) -> Iterator[tuple[str, Element]]:
    """Keys and values of a Perl hash: a Map of items, or a struct of named elements.

    It is a struct if all the keys can be names of elements.
    """
    for child in element:
        key, value = _child(child, "key"), _child(child, "value")
        if key is not None and value is not None:
            yield (key.text or "").strip(), value
        else:
            yield _name(child), child


def _text(element: Element | None) -> str:
    """A scalar's text, or that of an array's scalars with spaces between.

    What type is announced depends on what the text looks like, so a number
    is as good as a string.

    :raises ValueError: it is announced as base64 and is not.
    """
    if element is None:
        return ""
    return " ".join(_scalar(child) for child in element) if len(element) else _scalar(element)


def _scalar(element: Element) -> str:
    text = (element.text or "").strip()
    for name, value in element.attrib.items():
        # Whatever is not plain ASCII comes like this.
        if name.endswith("}type") and value.rpartition(":")[2].lower().startswith("base64"):
            octets = base64.b64decode("".join(text.split()), validate=True)
            try:
                return octets.decode("utf-8").strip()
            except UnicodeDecodeError:
                # From before mail headers were converted.
                return octets.decode("latin-1").strip()
    return text


def _is_true(text: str) -> bool:
    """Whether Perl takes `text` for true."""
    return text not in ("", "0")


def _moment(element: Element | None) -> datetime | None:
    """The time that seconds since the epoch give; None if they give none."""
    seconds = _text(element)
    if not is_number(seconds) or not _is_true(seconds):
        return None
    try:
        return datetime.fromtimestamp(int(seconds), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
