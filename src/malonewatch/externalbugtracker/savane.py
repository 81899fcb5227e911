"""Savane, which runs Savannah.

It has no interface for programs, so each item is read from its page:
``frontend/php/include/trackers_run/mod.php`` in the sources, which are at
https://git.savannah.nongnu.org/cgit/administration/savane.git.

There is a page with the digest of many, too.  But it is for the items of one group
only, which their ids do not tell; and to it those that are not there look like such
as were closed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from malonewatch.externalbugtracker.driver import (
    IMPORTANCES,
    RESOLUTIONS,
    STATUSES,
    Ask,
    ExternalBugTracker,
    Finding,
    Form,
    Instead,
    Read,
    Workflow,
    by_state,
    in_state,
    invert,
    is_number,
    query_of,
    text_of,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    Certainty,
    Politeness,
    RecognisedURL,
    Response,
)

BASE = "https://savannah.gnu.org"
#: What a tracker is called, in URLs and where people speak of an item of it.
TRACKERS = {
    "bugs": "bugs",
    "bug": "bugs",
    "patch": "patch",
    "support": "support",
    "sr": "support",
    "task": "task",
}
_NAMES = "|".join(TRACKERS)
_PATH = re.compile(rf"(.*)/({_NAMES})(?:/(?:index|item)\.php)?/?")
_ID = re.compile(rf"({_NAMES})[\s/#]{{0,9}}([0-9]{{1,18}})", re.IGNORECASE)
_HEADING = re.compile(r"\s*(bug|patch|sr|task) #([0-9]{1,18})\s*[:,]\s*(.*)", re.DOTALL)
#: Where nothing was chosen for a field.
NONE = "None"

# The statuses that come with the software, beside those that are common, which groups add.
OPEN = {
    BugTaskStatus.CONFIRMED: "Confirmed, Postponed",
    BugTaskStatus.INPROGRESS: "In Progress, Patch Submitted, Patch Reviewed",
    BugTaskStatus.INCOMPLETE: "Need Info",
    BugTaskStatus.FIXCOMMITTED: "Ready For Test, Done, Fixed",
    BugTaskStatus.WONTFIX: "Wont Do, Cancelled",
}
CLOSED = {
    BugTaskStatus.FIXRELEASED: (
        "Confirmed, In Progress, Patch Submitted, Patch Reviewed, Ready For Test, Done, Fixed"
    ),
    BugTaskStatus.WONTFIX: "Wont Do, Cancelled",
    BugTaskStatus.EXPIRED: "Need Info",
}


class Savane(ExternalBugTracker):
    """A Savane; https://savannah.nongnu.org/p/administration."""

    title = "Savane"
    dialect_name = "page"
    # Savannah is slow, and wary of robots.
    politeness = Politeness(concurrency=1, gap=2)
    # An item's page has all its comments.
    bytes_base = 4 * 1024 * 1024
    multi_product = True
    hosts = {
        # One database; a redirect tells which of the two hosts a group belongs to.
        **{
            f"{name}.{domain}": BASE
            for name in ("savannah", "sv")
            for domain in ("gnu.org", "nongnu.org")
        },
        "puszcza.gnu.org.ua": "https://puszcza.gnu.org.ua",
        **dict.fromkeys(("gna.org", "www.gna.org"), "https://gna.org"),
    }
    shut_down = {"gna.org": "Gna! was shut down for good in 2017."}
    id_pattern = r"(?:bugs|patch|support|task)/[1-9][0-9]{0,17}"
    # Whatever its group has as fields can be filled in from the URL.
    file_link = (
        "/bugs/?func=additem&group={product}"
        "&prefill%5Bsummary%5D={summary}&prefill%5Bdetails%5D={description}"
    )
    search_link = "/search/?type_of_search=bugs&words={summary}"
    statuses = Workflow(
        invert(
            in_state("Open", OPEN),
            in_state("Closed", CLOSED),
            by_state(
                {"Open": BugTaskStatus.NEW, "Closed": BugTaskStatus.FIXRELEASED},
                {"Open": 0, "Closed": 1},
            ),
            in_state("Open", STATUSES),
            in_state("Closed", RESOLUTIONS),
        )
    )
    # Words come with a number, "5 - Normal", and some numbers without a word.
    importances = IMPORTANCES.plus(
        {
            BugTaskImportance.CRITICAL: "Security, 9",
            BugTaskImportance.HIGH: "Important, 8, 7",
            BugTaskImportance.MEDIUM: "6, 5",
            BugTaskImportance.LOW: "Later, 4, 3, 2",
            BugTaskImportance.WISHLIST: "1",
        }
    )

    # URLs and ids.

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        remotebug = super().canonicalRemoteBug(remotebug)
        if is_number(remotebug):
            return f"bugs/{remotebug}"
        found = _ID.fullmatch(remotebug)
        if found is None:
            return remotebug
        return f"{TRACKERS[found[1].lower()]}/{super().canonicalRemoteBug(found[2])}"

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        found = _PATH.fullmatch(url.path) if url.query else None
        if found is None:
            return None
        query = query_of(url)
        # The number may be all that there is.
        numbers = [name for name, value in query.items() if is_number(name) and not value]
        number = (query.get("item_id") or (numbers or [""])[0]).strip().removeprefix("#")
        remotebug = cls.canonicalRemoteBug(f"{found[2]}/{number}")
        if not cls.is_valid(remotebug):
            return None
        if baseurl is not None:
            is_there = found[1] == urlsplit(baseurl).path.rstrip("/")
            return RecognisedURL(baseurl, remotebug, Certainty.REGISTERED) if is_there else None
        known = cls.hosts.get(url.netloc.lower())
        if known is not None:
            return RecognisedURL(known, remotebug, Certainty.KNOWN_HOST)
        base = f"{url.scheme}://{url.netloc}{found[1]}"
        return RecognisedURL(base, remotebug, Certainty.SHAPE)

    def getBugURL(self, remotebug: str) -> str:
        tracker, _, number = remotebug.partition("/")
        return f"{self.baseurl}/{tracker}/?{number}"

    # The page.

    def ask_one(self, remotebug: str) -> Ask:
        tracker, _, number = remotebug.partition("/")
        return Ask(
            f"/{tracker}/index.php",
            (("func", "detailitem"), ("item_id", number)),
            (remotebug,),
            alone=True,
            form=Form.PAGE,
            # The labels are in the reader's language.
            headers={"Accept-Language": "en"},
        )

    def ask_identity(self) -> Ask:
        return Ask("/", form=Form.PAGE)

    def identity(self, answer: str) -> str | None:
        _, _, rest = answer.rpartition("Powered by Savane")
        if not rest or rest == answer:
            return None
        return f"Savane {rest.partition('<')[0].strip()}".strip()

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if not ask.alone:
            return super().judge(ask, response, answer)
        if urlsplit(response.url).path.endswith("/account/login.php"):
            return Finding.PRIVATE
        # Nearly all that goes wrong has the HTTP status of something that is not there, or
        # had none once.
        _, _, rest = (answer or "").partition('class="feedbackerror')
        error = text_of(rest.partition(">")[2].partition("</div")[0])
        if error and item_of(answer) is None:
            return Finding.PRIVATE if "private" in error else Finding.MISSING
        return super().judge(ask, response, answer)

    def records(self, answer: str) -> Iterable[Any]:
        item = item_of(answer)
        if item is None:
            raise LookupError("the page of no item")
        return (item,)

    def ids_of(self, record: Any) -> Iterable[str]:
        return (record["id"],)

    def read(self, record: Mapping[str, str]) -> Read:
        state, status, severity, priority, release = (
            "" if (value := record.get(label, "")) == NONE else value
            for label in ("Open/Closed", "Status", "Severity", "Priority", "Fixed Release")
        )
        if not state:
            raise KeyError("Open/Closed")
        closed = {"Open": False, "Closed": True}.get(state)
        # The page tells when there was a comment, and not when anything else was changed; what
        # an item duplicates is told in a comment, too.
        return Read(
            f"{state} {status}".strip(),
            record["title"],
            severity or priority,
            status if closed else "",
            closed=closed,
            private=record.get("Privacy") == "Private",
            fixed_in=release,
        )


def item_of(page: str) -> dict[str, str] | None:
    """The fields of an item by the labels on its page, with its id and its title; None if it is
    the page of none."""
    for part in page.split("<h1")[1:]:
        heading, _, rest = part.partition(">")[2].partition("</h1")
        found = _HEADING.fullmatch(text_of(heading))
        if found is not None:
            break
    else:
        return None
    fields = {"id": f"{TRACKERS[found[1]]}/{found[2]}", "title": found[3]}
    label = ""
    # People can write no quotation marks into a field, but as entities.
    for cell in rest.partition("</table")[0].split("<td")[1:]:
        text = text_of(cell.partition(">")[2].partition("</td")[0])
        if '"preinput"' in cell or "'preinput'" in cell:
            label = text.rstrip("* ").removesuffix(":")
        elif label:
            fields.setdefault(label, text)
            label = ""
    return fields
