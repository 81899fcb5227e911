"""Launchpad.

Asked with its web service, https://api.launchpad.net/1.0/, whose entries have ETags; collections
have none.  A bug has *tasks*, one for each project or package that it concerns, and only they
have a status.  The id of a task is ``target#12``, where the target is what stands before ``+bug``
in its URL, as in ``ubuntu/+source/linux#12``; a bare number is the bug with all its tasks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read
from malonewatch.externalbugtracker.driver.forge import Forge, OneByOne, join_id, split_id
from malonewatch.externalbugtracker.driver.times import format_time, parse_time
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import IMPORTANCES
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, Credentials, RecognisedURL
from malonewatch.interfaces.externalbugtracker import IDuplicates, IMoves, ISweeps, IValidators
from malonewatch.interfaces.http import Response

# The one that is in use, and those for tries.
SITES = ("", "qastaging.", "staging.")
NAME = r"[A-Za-z0-9][A-Za-z0-9+.-]{0,99}"
# A project or distribution, a series of it maybe, a package in that maybe.
TARGET = rf"{NAME}(?:/{NAME})?(?:/\+(?:source|oci)/{NAME})?"
SHORT = "pad.lv"
# A number alone is a bug's there.
NUMBERS = re.compile(r"/\d+/?\Z", re.ASCII)
VERSION = "/1.0"
BEFORE = re.compile(r"(?:/api)?/(?:1\.0|beta|devel)(?=/(?!\+))|/malone(?=/bugs/)")
AFTER = re.compile(
    r"/(?:comments/\d+|bug_tasks"
    r"|\+(?:activity|addcomment|duplicate|edit|editstatus|index|subscribe|text|viewstatus))/?\Z",
    re.ASCII,
)
# As targets were written before 2007.
FORMER = re.compile(r"(?:distros|products|projects)/(?=.)")
# What is said of credentials, and of nothing else.
NOBODY = re.compile(rb"\s*(?:Expired|Invalid|Inactive|Unauthorized|Unknown) \w")
#: How many tasks come at once, at most; and how often more are asked for.
TASKS = 300
MOST_PAGES = 5

# Ours are named after Launchpad's.
OWN_STATUSES = {status.value: status for status in BugTaskStatus if status.value != "Unknown"}
OTHER_STATUSES = {
    BugTaskStatus.INCOMPLETE: "Incomplete (with response), Incomplete (without response)",
    BugTaskStatus.CONFIRMED: "Deferred",
    # Nothing is, or was, released that would have the bug.
    BugTaskStatus.INVALID: "Does Not Exist",
    BugTaskStatus.WONTFIX: "Opinion",
}
#: What a task has that follows a bug elsewhere which has not been looked at.
UNKNOWN = "Unknown"
#: Of several tasks the one counts that has most before it.
ORDER = (
    *("New", "Incomplete", "Deferred", "Confirmed", "Triaged", "In Progress", "Fix Committed"),
    *(UNKNOWN, "Fix Released", "Won't Fix", "Opinion", "Expired", "Invalid", "Does Not Exist"),
)


@implementer(IDuplicates, IMoves, ISweeps, IValidators)
class Launchpad(OneByOne, Forge):
    """Launchpad; https://launchpad.net/."""

    title = "Launchpad"
    # One by one, wherever they are; what came is written after so many.
    request_size = 100
    dialect_name = "1.0"
    # A description may be long, and tasks many.
    bytes_base = 1024 * 1024
    swept_at_once = 0
    asks_what = f"{VERSION}/"
    asks_who = (f"{VERSION}/people/+me", "name")
    hosts = {
        # The latter for those who tried what was new.
        **dict.fromkeys((SHORT, "bugs.edge.launchpad.net"), "https://bugs.launchpad.net"),
        **{
            f"{name}{site}launchpad.net": f"https://bugs.{site}launchpad.net"
            for site in SITES
            for name in ("api.", "bugs.", "", "www.")
        },
    }
    services = {host: base.replace("//bugs.", "//api.") for host, base in hosts.items()}
    urls = (
        URLShape("/{place}/+bug/{id}", "{place}#{id}", at_root=True, place=TARGET),
        URLShape("/bugs/{id}", at_root=True, registered=True),
    )
    place_pattern = f"{TARGET}|"
    folds_places = True
    file_link = "/{product:path}/+filebug?field.title={summary}&field.comment={description}"
    search_link = (
        "/{product:path}/+bugs?field.searchtext={summary}",
        "/bugs/+bugs?field.searchtext={summary}",
    )
    statuses = Workflow((OWN_STATUSES, OTHER_STATUSES))
    importances = IMPORTANCES.plus({BugTaskImportance.UNDECIDED: "Undecided"})

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        if "bug" not in f"{url.netloc}{url.path.lower()}" and url.netloc != SHORT:
            # As nearly all URLs are.
            return None
        path = re.sub("%2[Bb]", "+", url.path)
        is_number = url.netloc.startswith("bugs.") and NUMBERS.fullmatch(path)
        is_short = url.netloc == SHORT or is_number
        path = f"/bugs{path}" if is_short else BEFORE.sub("", path, count=1)
        return super().parseBugURL(url._replace(path=AFTER.sub("", path)), baseurl)

    @classmethod
    def canonical_place(cls, place: str) -> str:
        return FORMER.sub("", super().canonical_place(place), count=1)

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        """OAuth without a signature: the name of the program, a token, and its secret."""
        if not credentials.token:
            return {}
        values = {
            "oauth_consumer_key": credentials.username or "malonewatch",
            "oauth_token": credentials.token,
            "oauth_signature_method": "PLAINTEXT",
            "oauth_signature": f"&{credentials.password or ''}",
        }
        pairs = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in values.items())
        return {"Authorization": f'OAuth realm="{self.service}/", {pairs}'}

    def ask_one(self, remotebug: str) -> Ask:
        # It changes whenever one of its tasks does, and knows what it duplicates.
        return Ask(f"{VERSION}/bugs/{self.called(remotebug)}", (), (remotebug,), alone=True)

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        bug, *more = answers
        place, number = split_id(ask.ids[0])
        if place:
            return None if more else Ask(f"{VERSION}/{place}/+bug/{number}")
        if more and ("next_collection_link" not in more[-1] or len(more) == MOST_PAGES):
            return None
        start = sum(len(each["entries"]) for each in more)
        query = (("ws.size", str(TASKS)), ("ws.start", str(start)))
        return Ask(f"{VERSION}/bugs/{bug['id']}/bug_tasks", query)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        changed = (("ws.op", "searchTasks"), ("modified_since", format_time(since)))
        # By default there are none that are done, are of duplicates, or of a series.
        statuses = (("status", word) for word in ORDER if word != UNKNOWN)
        every = (("omit_duplicates", "false"), ("omit_targeted", "false"))
        pages = (("order_by", "-date_last_updated"), ("ws.size", str(TASKS)), ("ws.start", "0"))
        return Ask(f"{VERSION}/bugs", (*changed, *statuses, *every, *pages))

    def changed(self, answer: Any) -> Iterator[tuple[str, str]]:
        for task in answer["entries"]:
            path = urlsplit(task["self_link"]).path.removeprefix(f"{VERSION}/")
            place, number = path.split("/+bug/")
            yield number, join_id(place, number)

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        link = answer.get("next_collection_link")
        return Ask(link) if link else None

    def identity(self, answer: Any) -> str | None:
        is_one = answer["resource_type_link"].endswith("#service-root")
        return "Launchpad" if is_one and "bugs_collection_link" in answer else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if response.status == 401 and ask.alone and not NOBODY.match(response.body):
            # To those whom it knows it says no other thing.
            return Finding.PRIVATE
        return super().judge(ask, response, answer)

    def led_to(self, ask: Ask, response: Response) -> str | None:
        # A task whose target was changed, or that there never was, leads to one that there is.
        path = urlsplit(response.url).path
        if path.endswith(ask.path) or "/+bug/" not in path:
            return None
        return self.baseurl + path.removeprefix(VERSION)

    def records(self, answer: Any) -> Iterable[Any]:
        bug, *more = answer
        tasks = [task for each in more for task in each.get("entries", [each])]
        return [{**bug, "tasks": tasks}]

    def read(self, record: Mapping[str, Any]) -> Read:
        task = min(record["tasks"], key=openness)
        status, closed = task["status"], task["is_complete"]
        dates = [parse_time(each["date_closed"] or "") for each in record["tasks"] if closed]
        milestone = task["milestone_link"] if status.startswith("Fix ") else None
        duplicate = record["duplicate_of_link"]
        return Read(
            status,
            record["title"],
            task["importance"],
            modified=parse_time(record["date_last_updated"]),
            closed=None if status == UNKNOWN else closed,
            duplicate_of=duplicate and duplicate.rpartition("/")[2],
            private=record["private"],
            date_closed=max(filter(None, dates), default=None),
            fixed_in=(milestone or "").rpartition("/")[2],
        )


def openness(task: Mapping[str, Any]) -> int:
    """How little there is left to do for a task; a status of another time is as others like it."""
    status = task["status"]
    if status in ORDER:
        return ORDER.index(status)
    return ORDER.index(UNKNOWN if task["is_complete"] else "New")
