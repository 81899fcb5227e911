"""SourceForge, and other sites that run its software, Apache Allura.

Asked with its API, https://sourceforge.net/p/forge/documentation/Allura%20API/#tracker.

The id of a ticket is ``project/tool#12`` or ``project/part/tool#12``, after the neighbourhood
that the project is in if it is not the usual ``p``, as in ``u/name/tool#12``.  Bare numbers are
those of before Allura, when they were unique across the site; they still lead to the tickets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.forge import Forge, by_place, split_id
from malonewatch.externalbugtracker.driver.times import parse_time
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, by_state, importances_with
from malonewatch.interfaces import BugTaskStatus, BugTrackerConnectError, RecognisedURL, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IMoves, IValidators

BASE = "https://sourceforge.net"
NEIGHBOURHOODS = ("p", "u", "adobe")
NAME = r"\w[\w.+-]{0,99}"
# What else has numbers in its URLs: forums, messages, revisions and so on.
OTHER_TOOLS = (
    r"\d+|activity|admin|blog|code|discussion|files|git|hg|mailman|milestone|news|reviews|stats"
    "|svn|wiki"
)
TOOL = f"(?!(?:{OTHER_TOOLS})/){NAME}"
PATH = rf"(?:{'|'.join(NEIGHBOURHOODS)})/{NAME}(?:/{TOOL}){{1,2}}"
# Where nobody says that it is Allura, only these names make it likely.
USUAL_PATH = rf"p/{NAME}(?:/{TOOL})?/(?:bugs|feature-requests|patches|support-requests|tickets)"
TICKET = re.compile(rf".*/{PATH}/\d+/?", re.ASCII)
TRACKER = re.compile(rf"(.*?)/{PATH}/?", re.ASCII)
FORMER = (
    "/support/tracker.php",
    *(f"/tracker{number}{page}" for number in ("", "2") for page in ("", "/index.php")),
)

# What came over from the former tracker is "<state>-<resolution>"; whether it is over.
STATES = {"open": False, "closed": True, "pending": None}
# Beside those, a new Allura tracker has unread, accepted and wont-fix; the
# others are names that projects commonly add.
STATUSES = {
    BugTaskStatus.NEW: "unread, new",
    BugTaskStatus.CONFIRMED: "accepted, confirmed",
    BugTaskStatus.INPROGRESS: "assigned, in-progress, started, code-review, review, in-review",
    BugTaskStatus.INCOMPLETE: "needinfo, needs info, feedback, waiting",
    BugTaskStatus.FIXCOMMITTED: "testing, validation",
    BugTaskStatus.FIXRELEASED: "verified, released",
}


@implementer(IBatches, IMoves, IValidators)
class SourceForge(Forge):
    """SourceForge or another Allura; https://allura.apache.org/."""

    title = "SourceForge"
    dialect_name = "allura"
    # A ticket by itself comes with its discussion.
    bytes_base = 1024 * 1024
    asks_what = "/rest/"
    knows_people = True
    id_field = "ticket_num"
    hosts = {
        **{f"{www}{name}.net": BASE for www in ("", "www.") for name in ("sourceforge", "sf")},
        "forge-allura.apache.org": "https://forge-allura.apache.org",
    }
    urls = (
        URLShape("/{place}/{id}", "{place}#{id}", at_root=True, place=USUAL_PATH),
        URLShape("/{place}/{id}", "{place}#{id}", registered=True, at_root=True, place=PATH),
        URLShape("/rest/{place}/{id}", "{place}#{id}", registered=True, at_root=True, place=PATH),
        *(URLShape(f"{path}?aid={{id}}", registered=True, at_root=True) for path in FORMER),
    )
    place_pattern = rf"(?!(?:{'|'.join(NEIGHBOURHOODS)})/[^/]+\Z)(?:{NAME}/){{1,3}}{NAME}|"
    file_link = "/{product:path}/new/?summary={summary}&description={description}"
    search_link = "/{product:path}/search/?q={words}"
    statuses = Workflow((STATUSES, by_state(), RESOLUTIONS))
    # The custom field _priority: on SourceForge 9 is the highest, 5 what a ticket begins with.
    importances = importances_with("9, 8", "7, 6", "5", "4, 3, 2, 1")

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        tracker = TRACKER.fullmatch(baseurl or "")
        if tracker is not None:
            # Once each tracker of a project was a bug tracker of its own.
            baseurl = None if url.netloc in cls.hosts else tracker[1]
        return super().parseBugURL(url, baseurl)

    @classmethod
    def canonical_place(cls, place: str) -> str:
        path = path_of(place.strip("/"))
        neighbourhood, _, rest = path.partition("/")
        is_usual = neighbourhood == "p" and rest.partition("/")[0] not in NEIGHBOURHOODS
        return rest if is_usual else path

    def getBugURL(self, remotebug: str) -> str:
        place, number = split_id(remotebug)
        if place:
            return f"{self.baseurl}/{path_of(place)}/{number}/"
        return f"{self.baseurl}{FORMER[0]}?aid={number}"

    def link_values(
        self, remote_product: str | None, summary: str, description: str
    ) -> dict[str, str | None]:
        place = self.canonical_place(remote_product or "")
        path = path_of(place) if place and self.is_valid(f"{place}#1") else None
        # In Solr's syntax, whatever signs are in it.
        words = re.sub(r'([-+&|!(){}\[\]^"~*?:\\/])', r"\\\1", summary)
        return {**super().link_values(path, summary, description), "words": words}

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for place, some in by_place(ids).items():
            query = f"ticket_num_i:({' OR '.join(map(self.called, some))})"
            parameters = (("q", query), ("limit", str(len(some))), ("page", "0"))
            yield Ask(f"/rest/{path_of(place)}/search", parameters, tuple(some))

    def ask_one(self, remotebug: str) -> Ask:
        place, number = split_id(remotebug)
        if place:
            return Ask(f"/rest/{path_of(place)}/{number}/", (), (remotebug,), alone=True)
        return Ask(FORMER[0], (("aid", number),), (remotebug,), alone=True, form=Form.PAGE)

    def identity(self, answer: Any) -> str | None:
        return "Apache Allura" if answer.keys() <= {"site_stats"} else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if isinstance(answer, dict) and answer.get("solr_error"):
            # There are no tickets in it either, which would mean something.
            raise BugTrackerConnectError(f"The search of {self.baseurl} is out of order.")
        path = urlsplit(response.url).path
        if ask.form is Form.PAGE and response.status < 400:
            if path.startswith("/auth/"):
                return Finding.PRIVATE
            if path.endswith(ask.path):
                return Finding.SPOILED
            return None if TICKET.fullmatch(path) else Finding.MISSING
        return super().judge(ask, response, answer)

    def led_to(self, ask: Ask, response: Response) -> str | None:
        parts, asked = urlsplit(response.url), ask.path
        path = parts.path
        if ask.form is not Form.PAGE:
            path, asked = (each.replace("/rest/", "/", 1) for each in (path, asked))
        if path.rstrip("/").endswith(asked.rstrip("/")) or TICKET.fullmatch(path) is None:
            return None
        return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}/"

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # All are on the first page, but that a site may allow shorter ones only.
        page, size = int(ask.query[-1][1]) + 1, len(answer["tickets"])
        count = answer.get("count")
        is_cut = type(count) is int and size and page * size < count <= len(ask.ids)
        return ask.for_next_page() if is_cut else None

    def records(self, answer: Any) -> Iterable[Any]:
        if "tickets" not in answer:
            return [answer["ticket"]]
        # An old Allura lists no more than titles; then each is asked for alone.
        return [ticket for ticket in answer["tickets"] if "status" in ticket]

    def read(self, record: Mapping[str, Any]) -> Read:
        status = record["status"].strip()
        state, _, resolution = status.partition("-")
        # A field of the project's own making; it may hold anything.
        priority = (record.get("custom_fields") or {}).get("_priority")
        # Of what a ticket duplicates there is no field: people write it in a comment.
        return Read(
            status,
            record["summary"],
            str(priority).strip() if isinstance(priority, (int, str)) else "",
            resolution if state.lower() in STATES else "",
            parse_time(record.get("mod_date") or ""),
            STATES.get(state.lower()),
            private=record.get("private") is True,
        )


def path_of(place: str) -> str:
    """Where a tracker is, below the base URL: with the neighbourhood."""
    first, *rest = place.split("/")
    return place if first in NEIGHBOURHOODS and len(rest) > 1 else f"p/{place}"
