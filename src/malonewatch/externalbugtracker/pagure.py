"""Pagure: pagure.io, and other sites that run it.

Asked with its API, https://pagure.io/api/0/: issues and pull requests one by one, and what
changed in a project since a time.

A bug is an issue of a project, ``project#12``, ``namespace/project#12`` or, in somebody's fork,
``fork/user/project#12``; or a pull request, ``project!12``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Read
from malonewatch.externalbugtracker.driver.forge import Forge, OneByOne, split_id
from malonewatch.externalbugtracker.driver.labels import issue_workflow, status_of, weight_of
from malonewatch.externalbugtracker.driver.times import from_epoch
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import join
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS
from malonewatch.interfaces import BugTaskStatus, Certainty, Credentials, IChangesSince, Response

API = "/api/0"
NAME = r"\w[\w.+-]{0,99}"
# It keeps these for itself.
RESERVED = r"(?:api|c|fork|group|groups|issues|pv|user)(?![\w.+-])"
PLACE = rf"(?:fork/{NAME}/)?(?!{RESERVED}){NAME}(?:/{NAME})?"
# Each issue of a list comes with all its comments.
PAGE_SIZE = 20

_page = partial(URLShape, at_root=True, place=PLACE)
_resource = partial(URLShape, place=PLACE)


@implementer(IChangesSince)
class Pagure(OneByOne, Forge):
    """A Pagure; https://docs.pagure.org/pagure/."""

    title = "Pagure"
    bytes_base = 4 * 1024 * 1024
    list_field = "issues"
    token_scheme = "token"
    asks_what = f"{API}/-/version"
    asks_who = (f"{API}/-/whoami", "username")
    hosts = by_https("pagure.io", "src.fedoraproject.org", "git.centos.org")
    place_pattern = rf"{PLACE}!?"
    folds_places = True
    urls = (
        # Others have such URLs, too.
        _page("/{place}/issue/{id}", "{place}#{id}", certainty=Certainty.GUESS),
        _page("/{place}/pull-request/{id}", "{place}!{id}"),
        _resource("/api/0/{place}/issue/{id}", "{place}#{id}"),
        _resource("/api/0/{place}/pull-request/{id}", "{place}!{id}"),
    )
    file_link = "/{product:path}/new_issue?title={summary}&content={description}"
    search_link = "/{product:path}/issues?status=all&search_pattern={summary}"
    statuses = issue_workflow(
        "Open",
        # Before 2.12 the reason stood in the place of the status.
        RESOLUTIONS,
        # Reasons are a project's own; these are of Fedora's.
        (
            {
                BugTaskStatus.FIXRELEASED: "fixed with explanation, granted",
                BugTaskStatus.WONTFIX: (
                    "get back later, caused by other project, will not can not fix, will not fix"
                ),
                BugTaskStatus.INVALID: "it is not a bug",
            },
        ),
    )

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        return super().authorization(credentials) if credentials.token else {}

    def ask_changes(self, place: str, ids: Sequence[str], since: datetime) -> Ask | None:
        if place.endswith("!"):
            # Of pull requests there is no such list.
            return None
        changed = (("status", "all"), ("since", str(int(since.timestamp()))))
        pages = (("per_page", str(PAGE_SIZE)), ("page", "1"))
        return Ask(f"{API}/{place}/issues", (*changed, *pages), tuple(ids), since=since)

    def ask_one(self, remotebug: str) -> Ask:
        place, number = split_id(remotebug)
        kind = "pull-request" if place.endswith("!") else "issue"
        path = f"{API}/{place.removesuffix('!')}/{kind}/{number}"
        return Ask(path, (("comments", "0"),), (remotebug,), alone=True)

    def ask_whoami(self) -> Ask:
        return Ask(f"{API}/-/whoami", method="POST", body=b"")

    def identity(self, answer: Any) -> str | None:
        # It is the version of the API.
        return f"Pagure (API {answer['version']})" if answer.keys() == {"version"} else None

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # Old ones have no pages.
        is_last = (answer.get("pagination") or {}).get("next") is None
        return None if is_last else ask.for_next_page()

    def read(self, record: Mapping[str, Any]) -> Read:
        get, status, tags = record.get, record["status"], record["tags"]
        is_open, is_request = status == "Open", "branch" in record
        resolution = get("close_status") or ""
        if is_request:
            resolution = "unmerged" if status == "Closed" else ""
        elif not is_open and not resolution:
            resolution = status_of(tags, True) if status == "Closed" else ""
        words = join(status, status_of(tags, False) if is_open else resolution)
        # What the numbers mean, each project says for itself.
        priority = get("priority")
        is_fixed = self.meaning(words, resolution, not is_open).status is BugTaskStatus.FIXRELEASED
        # Of what an issue duplicates there is no field: people write it in a comment.
        return Read(
            words,
            record["title"],
            weight_of(tags, self.importances) or ("" if priority is None else str(priority)),
            resolution,
            from_epoch(get("last_updated") or get("updated_on") or ""),
            not is_open,
            private=get("private") is True,
            date_closed=None if is_open else from_epoch(get("closed_at") or ""),
            fixed_in=(get("milestone") or "") if is_fixed else "",
        )
