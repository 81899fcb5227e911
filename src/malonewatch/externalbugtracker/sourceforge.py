"""SourceForge, and other sites that run its software, Apache Allura.

Asked with Allura's REST API,
https://sourceforge.net/p/forge/documentation/Allura%20API/#tracker.

There are two kinds of base URL.  ``https://sourceforge.net/p/project/bugs``
is one tracker of one project; its ids are the numbers that people see.
``http://sourceforge.net`` is the whole site as it was before Allura, when
numbers were unique across it; those numbers still lead to the tickets.

The one dialect is ``allura``, learnt from the first answer that made sense:
only then does "not found" tell something of a bug.
"""

import dataclasses
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from malonewatch.externalbugtracker.base import (
    ExternalBugTracker,
    build_url,
    format_time,
    is_number,
    parse_time,
    query_of,
)
from malonewatch.interfaces import (
    Batch,
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugWatchErrorType,
    Outcome,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    Response,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)

SOURCEFORGE = "sourceforge.net"
OTHER_NAMES = dict.fromkeys(("www.sourceforge.net", "sf.net", "www.sf.net"), SOURCEFORGE)
ALLURA_HOSTS = frozenset({SOURCEFORGE, "forge-allura.apache.org"})

# <tracker>/<number>, for people or, after /rest, for programs.  A tracker has
# a neighbourhood, a project, maybe a subproject, and where it is mounted.
TICKET_PATH = re.compile(r"(?:/rest)?((?:/[\w.+-]+){3,})/(\d+)/?", re.ASCII)
NEIGHBOURHOODS = frozenset({"p", "u", "adobe"})
# Tools with numbers in their URLs too: of forums, messages and revisions.
OTHER_TOOLS = frozenset(
    [
        *("activity", "admin", "blog", "code", "discussion", "files", "git", "hg", "mailman"),
        *("milestone", "news", "reviews", "stats", "svn", "wiki"),
    ]
)
# Where nobody says that it is Allura, only these names make it likely.
USUAL_TRACKERS = frozenset({"bugs", "feature-requests", "patches", "support-requests", "tickets"})

FORMER_PATHS = frozenset(
    ["/tracker", "/tracker/index.php", "/tracker2", "/tracker2/index.php", "/support/tracker.php"]
)

# Ticket numbers are 32 bits wide in the search index.
HIGHEST_NUMBER = 2**31 - 1

# What came over from SourceForge's former tracker is "<status>-<resolution>".
# Per resolution: what it means if open, closed, pending.
RESOLUTIONS = {
    "": (BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED, BugTaskStatus.INCOMPLETE),
    "accepted": (BugTaskStatus.CONFIRMED, BugTaskStatus.FIXCOMMITTED, BugTaskStatus.CONFIRMED),
    # The system that these tables come from had "Confirmed" for all three.
    # Nothing more happens to a closed duplicate, so it is invalid, as it is
    # in the other types here; one not yet closed is still somebody's bug.
    "duplicate": (BugTaskStatus.CONFIRMED, BugTaskStatus.INVALID, BugTaskStatus.CONFIRMED),
    # Put off, but not refused.
    "later": (BugTaskStatus.CONFIRMED,) * 3,
    "remind": (BugTaskStatus.CONFIRMED,) * 3,
    "postponed": (BugTaskStatus.CONFIRMED, BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX),
    "fixed": (BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED, BugTaskStatus.FIXCOMMITTED),
    "invalid": (BugTaskStatus.INVALID,) * 3,
    "out-of-date": (BugTaskStatus.INVALID,) * 3,
    "works-for-me": (BugTaskStatus.INVALID,) * 3,
    "rejected": (BugTaskStatus.WONTFIX,) * 3,
    "wont-fix": (BugTaskStatus.WONTFIX,) * 3,
}
STATES = ("open", "closed", "pending")

# Beside those, a new Allura tracker has unread, accepted and wont-fix; the
# others are names that projects commonly add.
SINGLE_WORDS = {
    "unread": BugTaskStatus.NEW,
    "new": BugTaskStatus.NEW,
    "accepted": BugTaskStatus.CONFIRMED,
    "assigned": BugTaskStatus.INPROGRESS,
    "in-progress": BugTaskStatus.INPROGRESS,
    "code-review": BugTaskStatus.INPROGRESS,
    "review": BugTaskStatus.INPROGRESS,
    "fixed": BugTaskStatus.FIXRELEASED,
    "invalid": BugTaskStatus.INVALID,
    "duplicate": BugTaskStatus.INVALID,
    "wont-fix": BugTaskStatus.WONTFIX,
}


class SourceForge(ExternalBugTracker):
    """A tracker on SourceForge or another Allura; https://allura.apache.org/."""

    title = "SourceForge"
    request_size = 100
    changed_since = True
    status_table = {
        **SINGLE_WORDS,
        **{
            f"{state}-{resolution}".rstrip("-"): meaning
            for resolution, meanings in RESOLUTIONS.items()
            for state, meaning in zip(STATES, meanings, strict=True)
        },
    }
    # The custom field _priority: 9 is the highest, 5 what a ticket begins with.
    importance_table = {
        **dict.fromkeys("98", BugTaskImportance.CRITICAL),
        **dict.fromkeys("76", BugTaskImportance.HIGH),
        **dict.fromkeys("5", BugTaskImportance.MEDIUM),
        **dict.fromkeys("4321", BugTaskImportance.LOW),
    }

    @property
    def is_site(self) -> bool:
        """Whether this is a whole site, with the numbers of before Allura."""
        return not _is_tracker_path(urlsplit(self.baseurl).path)

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        base = urlsplit(baseurl or "")
        # Registered, and for the whole site; then any tracker on it is one.
        own_host = baseurl is not None and _host(base) == _host(url)
        own_site = own_host and not _is_tracker_path(base.path)
        ticket = TICKET_PATH.fullmatch(url.path)
        if ticket is None:
            path = url.path.removeprefix(base.path.rstrip("/")) if own_site else url.path
            remotebug = cls.canonicalRemoteBug(query_of(url).get("aid", ""))
            if path.rstrip("/") in FORMER_PATHS and _is_ticket_number(remotebug):
                if baseurl is not None and own_site:
                    return baseurl, remotebug
                if _host(url) == SOURCEFORGE:
                    return f"{url.scheme}://{SOURCEFORGE}", remotebug
            return None
        tracker, number = ticket.groups()
        remotebug = cls.canonicalRemoteBug(number)
        if not _is_ticket_number(remotebug):
            return None
        if baseurl is not None and own_host and tracker == base.path.rstrip("/"):
            return baseurl, remotebug
        neighbourhood, _, *tools = tracker.split("/")[1:]
        if len(tools) > 2 or not OTHER_TOOLS.isdisjoint(tools):
            return None
        if _host(url) in ALLURA_HOSTS and neighbourhood in NEIGHBOURHOODS:
            return f"https://{_host(url)}{tracker}", remotebug
        if neighbourhood == "p" and (own_site or tools[-1] in USUAL_TRACKERS):
            return f"{url.scheme}://{url.netloc}{tracker}", remotebug
        return None

    def getBugURL(self, remotebug: str) -> str:
        if self.is_site:
            return f"{self.baseurl}/support/tracker.php?aid={quote(remotebug, safe='')}"
        return f"{self.baseurl}/{quote(remotebug, safe='')}/"

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        if not self.is_site:
            return BugFilingAndSearchLinks(
                build_url(
                    f"{self.baseurl}/new/", [("summary", summary), ("description", description)]
                ),
                build_url(f"{self.baseurl}/search/", [("q", _as_words(summary))]),
            )
        # A product is "<group_id>&<atid>".
        group_id, _, atid = (remote_product or "").partition("&")
        if not (is_number(group_id) and is_number(atid)):
            return BugFilingAndSearchLinks(None, None)
        page = "tracker2" if _host(urlsplit(self.baseurl)) == SOURCEFORGE else "tracker"
        return BugFilingAndSearchLinks(
            build_url(
                f"{self.baseurl}/{page}/", [("func", "add"), ("group_id", group_id), ("atid", atid)]
            ),
            build_url(
                f"{self.baseurl}/search/",
                [
                    ("group_id", group_id),
                    ("some_word", summary),
                    ("type_of_search", "artifact"),
                ],
            ),
        )

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        return super().convertRemoteStatus(remotestatus.lower())

    def is_valid(self, remotebug: str) -> bool:
        return _is_ticket_number(remotebug)

    async def fetch(self, session: Any, batch: Batch) -> AsyncIterator[Outcome]:
        # A search costs less than two tickets, and more than one: a ticket can
        # be asked for on condition, and says itself that it moved.  Of a whole
        # site each bug is somewhere else.
        alone = batch.remotebugs if self.is_site or len(batch.remotebugs) == 1 else ()
        alone = tuple(filter(self.is_valid, alone))
        others = tuple(name for name in batch.remotebugs if name not in alone)
        try:
            for remotebug in alone:
                yield await self.fetch_one(session, remotebug, batch.validators.get(remotebug))
            async for outcome in super().fetch(
                session, dataclasses.replace(batch, remotebugs=others)
            ):
                yield outcome
        except UnparsableBugTracker:
            if self.dialect is not None:
                raise
            raise self._unsupported() from None

    async def fetch_many(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome]:
        query = f"ticket_num_i:({' OR '.join(remotebugs)})"
        if since is not None:
            query += f" AND mod_date_dt:[{format_time(since)} TO *]"
        found: dict[str, Outcome] = {}
        # All are on the first page, but that a site may allow shorter ones only.
        for page in range(len(remotebugs)):
            answer = await self._search(session, query, len(remotebugs), page)
            news = self.parse_search(answer, remotebugs)
            more = not news.keys() <= found.keys()
            found.update(news)
            count = answer.get("count")
            if not more or not isinstance(count, int) or count <= len(found):
                break
        return found

    async def _search(self, session: Any, query: str, limit: int, page: int) -> Any:
        # In a form's way of quoting, " OR " takes no more than four bytes.
        parameters = urlencode({"q": query, "limit": limit, "page": page}, safe=":*")
        response = await session.request(
            "GET",
            f"{_rest_url(self.baseurl)}/search?{parameters}",
            headers={"Accept": "application/json"},
        )
        if response.status in (401, 403):
            raise self.credentials_refused(session)
        if response.status in (404, 410):
            raise self._unsupported()
        answer = self.load_json(response)
        if isinstance(answer, dict) and answer.get("solr_error"):
            # There are no tickets in it either, which would mean something.
            raise BugTrackerConnectError(f"The search of {self.baseurl} is out of order.")
        return answer

    async def fetch_one(
        self, session: Any, remotebug: str, validator: str | None = None
    ) -> Outcome:
        if not self.is_site:
            return await self._fetch_ticket(
                session, remotebug, self.getBugURL(remotebug), validator
            )
        response = await session.request(
            "GET", self.getBugURL(remotebug), headers={"Accept": "text/html"}, html=True
        )
        place = urlsplit(response.url)
        if TICKET_PATH.fullmatch(place.path):
            url = _human_url(response.url)
            if _host(place) != _host(urlsplit(self.baseurl)):
                # It would be asked without what guards a redirect.
                return self._moved(remotebug, url)
            return await self._fetch_ticket(
                session, remotebug, url, validator, url if response.moved else None
            )
        if response.status in (401, 403) or place.path.startswith("/auth/"):
            return self.private(remotebug)
        await self._make_sure(session, remotebug)
        return self.not_found(remotebug)

    async def _fetch_ticket(
        self,
        session: Any,
        remotebug: str,
        url: str,
        validator: str | None,
        moved_to: str | None = None,
    ) -> Outcome:
        """Ask for the ticket that people see at `url`."""
        rest = _rest_url(url)
        try:
            response = await session.request(
                "GET", rest, headers={"Accept": "application/json", **_condition(validator)}
            )
        except BugTrackerCredentialsRefused:
            # It led to a log-in page.
            return self.private(remotebug)
        if response.status == 304 and validator is not None:
            self.dialect = "allura"
            return RemoteBugUnchanged(remotebug)
        # Another scheme or host alone is the same ticket still.
        if response.moved and _path(response.url) != _path(rest):
            moved_to = _human_url(response.url)
        if response.status in (401, 403, 404, 410):
            if moved_to is not None:
                return self._moved(remotebug, moved_to)
            if response.status in (401, 403):
                if response.status == 401 and response.url == rest and _has_token(session):
                    # Allura says 403 to those it knows, 401 to tokens it does not.
                    raise self.credentials_refused(session)
                return self.private(remotebug)
            await self._make_sure(session, remotebug)
            return self.not_found(remotebug)
        outcome = self.parse_ticket(self.load_json(response), remotebug)
        if isinstance(outcome, RemoteBug):
            return outcome._replace(moved_to=moved_to, validator=_validator(response))
        return outcome

    async def _make_sure(self, session: Any, remotebug: str) -> None:
        """Raise if this is no Allura, whose "not found" would mean nothing."""
        if self.dialect is not None:
            return
        if not self.is_site:
            await self.fetch_many(session, [remotebug], None)
            return
        response = await session.request(
            "GET", f"{self.baseurl}/rest/", headers={"Accept": "application/json"}
        )
        if response.status != 200 or not isinstance(self.load_json(response), dict):
            raise self._unsupported()
        self.dialect = "allura"

    def parse_search(self, answer: Any, remotebugs: Sequence[str]) -> dict[str, Outcome]:
        """Outcomes by remote id from the value of the answer to a search.

        :raises UnparsableBugTracker: it holds no list of tickets.
        """
        tickets = answer.get("tickets") if isinstance(answer, dict) else None
        if not isinstance(tickets, list):
            raise self.unparsable("there is no list of tickets in it")
        self.dialect = "allura"
        found: dict[str, Outcome] = {}
        asked = set(remotebugs)
        for ticket in tickets:
            number = ticket.get("ticket_num") if isinstance(ticket, dict) else None
            if isinstance(number, (int, str)) and str(number) in asked:
                found[str(number)] = self._bug(str(number), ticket)
        return found

    def parse_ticket(self, answer: Any, remotebug: str) -> Outcome:
        """The outcome from the value of the answer for one ticket.

        :raises UnparsableBugTracker: it holds no ticket.
        """
        ticket = answer.get("ticket") if isinstance(answer, dict) else None
        if not isinstance(ticket, dict):
            raise self.unparsable("there is no ticket in it")
        self.dialect = "allura"
        return self._bug(remotebug, ticket)

    def _bug(self, remotebug: str, ticket: dict[str, Any]) -> Outcome:
        try:
            status = ticket["status"].strip()
            summary = ticket["summary"]
            priority = (ticket.get("custom_fields") or {}).get("_priority")
            modified = parse_time(ticket.get("mod_date") or "")
        except KeyError as error:
            return self.unparsable_bug(remotebug, f"it has no {error.args[0]}")
        except (AttributeError, TypeError):
            return self.unparsable_bug(remotebug, "a field is of the wrong kind")
        if not isinstance(summary, str):
            return self.unparsable_bug(remotebug, "its summary is no text")
        if not status:
            return self.unparsable_bug(remotebug, "its status is empty")
        # A field of the project's own making; it may hold anything.
        importance = str(priority).strip() if isinstance(priority, (int, str)) else ""
        state, _, resolution = status.partition("-")
        return RemoteBug(
            remotebug,
            status,
            self.convertRemoteStatus(status),
            importance,
            self.convertRemoteImportance(importance),
            summary,
            resolution if state.lower() in STATES else "",
            modified,
        )

    def _moved(self, remotebug: str, moved_to: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.BUG_MOVED,
            f"Bug {remotebug} on {self.baseurl} moved to {moved_to}, and cannot be had here.",
            moved_to,
        )

    def _unsupported(self) -> UnsupportedBugTracker:
        return UnsupportedBugTracker(
            f"{self.baseurl} is no bug tracker on SourceForge or another Apache Allura."
        )


def _host(url: SplitResult) -> str:
    """The host by its one name."""
    host = (url.hostname or "").lower()
    return OTHER_NAMES.get(host, host)


def _is_tracker_path(path: str) -> bool:
    """Whether it goes as deep as a tracker's: /neighbourhood/project/tool."""
    return path.strip("/").count("/") >= 2


def _is_ticket_number(text: str) -> bool:
    return is_number(text) and int(text) <= HIGHEST_NUMBER


def _rest_url(url: str) -> str:
    """Where a program reads what a person sees at `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/rest{parts.path}"


def _human_url(url: str) -> str:
    """Where a person sees what a program reads at `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.removeprefix('/rest').rstrip('/')}/"


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _has_token(session: Any) -> bool:
    return session.credentials is not None and bool(session.credentials.token)


def _validator(response: Response) -> str | None:
    """The ETag, or the time of Last-Modified; which of them it is can be seen."""
    for name in ("etag", "last-modified"):
        value = response.headers.get(name, "").strip()
        if value and len(value) <= 200 and value.isascii() and value.isprintable():
            return value
    return None


def _condition(validator: str | None) -> dict[str, str]:
    """The header that asks for a ticket only if it is not as it was."""
    if validator is None:
        return {}
    is_etag = validator.startswith(('"', 'W/"'))
    return {"If-None-Match" if is_etag else "If-Modified-Since": validator}


def _as_words(text: str) -> str:
    """A search in Solr's syntax for what `text` says, whatever signs are in it."""
    return re.sub(r'([-+&|!(){}\[\]^"~*?:\\/])', r"\\\1", text)
