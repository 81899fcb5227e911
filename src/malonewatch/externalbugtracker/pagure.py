"""Pagure: pagure.io, and other sites that run it.

Asked with its API, https://pagure.io/api/0/: issues and pull requests one by one, and what
changed in a project since a time.

A bug is an issue of a project, ``project#12``, ``namespace/project#12`` or, in somebody's fork,
``fork/user/project#12``; or a pull request, ``project!12``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    OPEN_LABELS,
    RESOLUTIONS,
    STATUSES,
    Ask,
    Finding,
    Forge,
    Instead,
    Read,
    URLShape,
    Workflow,
    by_place,
    from_epoch,
    in_state,
    invert,
    join,
    split_id,
    status_of,
    weight_of,
)
from malonewatch.interfaces import (
    BugTaskStatus,
    Certainty,
    Credentials,
    IChangesSince,
    Response,
)

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
class Pagure(Forge):
    """A Pagure; https://docs.pagure.org/pagure/."""

    title = "Pagure"
    request_size = 500
    bytes_base = 4 * 1024 * 1024
    multi_product = True
    hosts = {
        host: f"https://{host}" for host in ("pagure.io", "src.fedoraproject.org", "git.centos.org")
    }
    folds_places = True
    place_pattern = rf"{PLACE}!?"
    highest_id = 2**31 - 1
    urls = (
        # Others have such URLs, too.
        _page("/{place}/issue/{id}", "{place}#{id}", certainty=Certainty.GUESS),
        _page("/{place}/pull-request/{id}", "{place}!{id}"),
        _resource("/api/0/{place}/issue/{id}", "{place}#{id}"),
        _resource("/api/0/{place}/pull-request/{id}", "{place}!{id}"),
    )
    file_link = "/{product:path}/new_issue?title={summary}&content={description}"
    search_link = "/{product:path}/issues?status=all&search_pattern={summary}"
    statuses = Workflow(
        invert(
            {
                BugTaskStatus.NEW: "Open",
                BugTaskStatus.FIXCOMMITTED: "Merged",
                BugTaskStatus.WONTFIX: "Closed unmerged",
            },
            # A tag beside the status says more.
            in_state("Open", OPEN_LABELS, STATUSES),
            # Before 2.12 the reason stood in the place of the status.
            RESOLUTIONS,
        ),
        {BugTaskStatus.FIXRELEASED: "Closed"},
        # Reasons are a project's own; these are of Fedora's.
        invert(
            {
                BugTaskStatus.FIXRELEASED: "fixed with explanation, granted",
                BugTaskStatus.WONTFIX: (
                    "get back later, caused by other project, will not can not fix, will not fix"
                ),
                BugTaskStatus.INVALID: "it is not a bug",
            },
            RESOLUTIONS,
        ),
    )

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        return {"Authorization": f"token {credentials.token}"} if credentials.token else {}

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        return map(self.ask_one, ids)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for place, some in by_place(ids).items():
            # Of pull requests there is no such list.
            if since is None or len(some) == 1 or place.endswith("!"):
                yield from map(self.ask_one, some)
            else:
                changed = ("since", str(int(since.timestamp())))
                pages = (("per_page", str(PAGE_SIZE)), ("page", "1"))
                query = (("status", "all"), changed, *pages)
                yield Ask(f"{API}/{place}/issues", query, tuple(some), since=since)

    def ask_one(self, remotebug: str) -> Ask:
        place, number = split_id(remotebug)
        kind = "pull-request" if place.endswith("!") else "issue"
        path = f"{API}/{place.removesuffix('!')}/{kind}/{number}"
        return Ask(path, (("comments", "0"),), (remotebug,), alone=True)

    def ask_identity(self) -> Ask:
        return Ask(f"{API}/-/version")

    def identity(self, answer: Any) -> str | None:
        # It is the version of the API.
        return f"Pagure (API {answer['version']})" if answer.keys() == {"version"} else None

    def ask_whoami(self) -> Ask:
        return Ask(f"{API}/-/whoami", method="POST", body=b"")

    def whoami(self, answer: Any) -> str | None:
        name: str = answer["username"]
        return name

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        # Of a list it is the project that the HTTP status is about.
        return super().judge(ask.for_one() if ask.ids else ask, response, answer)

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # Old ones have no pages.
        if (answer.get("pagination") or {}).get("next") is None:
            return None
        *rest, (_, page) = ask.query
        return replace(ask, query=(*rest, ("page", str(int(page) + 1))))

    def records(self, answer: Any) -> Iterable[Any]:
        found: Iterable[Any] = answer.get("issues", [answer])
        return found

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
