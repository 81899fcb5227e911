"""GitLab, from 9.0 on: gitlab.com, and the many sites that run it themselves.

Dialects: ``graphql``, https://docs.gitlab.com/api/graphql/reference/, from 15.1 on, bugs of
several projects in one request, and the only one that tells where an issue moved to; ``rest``,
https://docs.gitlab.com/api/issues/ and merge_requests/, those of one project.

A bug is an issue of whatever type, ``group/project#12``, or a merge request,
``group/project!12``.  Each has numbers of its own.
"""

import dataclasses
import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Judgement, Read
from malonewatch.externalbugtracker.driver.forge import ByPlace, Forge, by_place, join_id, split_id
from malonewatch.externalbugtracker.driver.graphql import GraphQLDialect
from malonewatch.externalbugtracker.driver.labels import issue_workflow, status_of, weight_of
from malonewatch.externalbugtracker.driver.times import format_time, parse_time
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https, query_of
from malonewatch.externalbugtracker.driver.vocabulary import join
from malonewatch.interfaces import BugTaskStatus, Certainty, RecognisedURL, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, IMoves, ISweeps

API, GRAPHQL = "/api/v4", "/api/graphql"
MARKS = {"issues": "", "mergeRequests": "!"}
# A query may be of a complexity of 200 for those without credentials.  A project with all that
# is asked for is one of 22: 1 for each field, and of the labels half as much again.
PLACES_PER_QUERY = 8
# The names are REST's.
COMMON = "iid title state updated_at:updatedAt labels(first:50){nodes{title}} milestone{title}"
FRAGMENTS = {
    "issues": (
        f"fragment issues on Issue{{{COMMON} closed_at:closedAt severity confidential "
        "moved_to:movedTo{web_url:webUrl} "
        "closed_as_duplicate_of:closedAsDuplicateOf{reference(full:true)}}"
    ),
    "mergeRequests": f"fragment mergeRequests on MergeRequest{{{COMMON} merged_at:mergedAt}}",
}
REFUSAL = {"message": "401 Unauthorized"}
DUPLICATE = re.compile(r"/projects/(\d+)/issues/(\d+)")

NAME = r"[\w.][\w.-]{0,254}"
PLACE = rf"(?!(?:api|groups|users)/){NAME}(?:/{NAME}){{1,20}}"
ENCODED_PLACE = rf"{NAME}(?:%2[Ff]{NAME}){{1,20}}"
# What a merge request has pages of its own for.
TAB = r"(?:/(?:commits|conflicts|designs(?:/[\w.-]+)?|diffs|pipelines|reports)|\.diff|\.patch)?"
# As what an issue has been shown.
KIND = r"issues(?:/incident)?|work_items"
KNOWN_HOSTS = (
    *("0xacab.org", "code.videolan.org", "foss.heptapod.net", "framagit.org", "gitlab.com"),
    *("gitlab.alpinelinux.org", "gitlab.archlinux.org", "gitlab.freedesktop.org"),
    *("gitlab.gnome.org", "gitlab.haskell.org", "gitlab.isc.org", "gitlab.kitware.com"),
    *("gitlab.postmarketos.org", "gitlab.torproject.org", "gitlab.winehq.org"),
    *("gitlab.xfce.org", "invent.kde.org", "salsa.debian.org", "source.puri.sm"),
)

_page = partial(URLShape, at_root=True, place=PLACE, tab=TAB)
_resource = partial(URLShape, place=ENCODED_PLACE)


class Rest(ByPlace):
    """Bugs project by project."""

    dialect_name = "rest"
    # All of the description comes along.
    bytes_per_bug = 32 * 1024
    asks_what = f"{API}/version"
    asks_who = (f"{API}/user", "username")
    id_field = "iid"
    page_field = "web_url"
    swept_at_once = 0

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for place, some in by_place(ids).items():
            query = [("iids[]", self.called(remotebug)) for remotebug in some]
            limits = (("scope", "all"), ("state", "all"), ("per_page", "100"))
            yield Ask(path_of(place), (*query, *limits), tuple(some))

    def ask_one(self, remotebug: str) -> Ask:
        place, number = split_id(remotebug)
        return Ask(f"{path_of(place)}/{number}", (), (remotebug,), alone=True)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        changed = (("updated_after", format_time(since)), ("order_by", "updated_at"))
        # By default there are none from archived projects, and what somebody filed themselves.
        every = (("scope", "all"), ("state", "all"), ("non_archived", "false"))
        pages = (("per_page", "100"), ("page", "1"))
        return Ask(f"{API}/issues", (*changed, *every, *pages), expected=100)

    def changed(self, answer: Any) -> Iterator[tuple[str]]:
        for record in answer:
            yield (record["references"]["full"],)

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        if ask.ids:
            return None
        # A page has fewer than it could where some may not be seen.
        if response.headers["x-next-page"]:
            return ask.for_next_page()
        if not ask.path.endswith("/issues"):
            return None
        # Merge requests are in a list of their own.
        query = (*ask.query[:-1], ("page", "1"))
        return dataclasses.replace(ask, path=f"{API}/merge_requests", query=query)

    def identity(self, answer: Any) -> str | None:
        # It tells its version to people that it knows only.
        return "GitLab" if answer == REFUSAL else f"GitLab {answer['version']}"

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if not ask.signed and ask.path == self.asks_what and answer == REFUSAL:
            return None
        return super().judge(ask, response, answer)

    def read(self, record: Mapping[str, Any]) -> Read:
        get, state = record.get, record["state"]
        labels, milestone = record["labels"], get("milestone")
        if not isinstance(labels, list):
            labels = [label["title"] for label in labels["nodes"]]
        is_closed, moved = state == "closed", get("moved_to")
        duplicate_of, resolution = None, ""
        if is_closed:
            duplicate_of, is_duplicate = self.duplicate(record)
            if is_duplicate:
                resolution = "duplicate"
            elif moved or get("moved_to_id"):
                resolution = "moved"
            else:
                resolution = "unmerged" if "merged_at" in record else status_of(labels, True)
        more = status_of(labels, False) if state == "opened" else resolution
        severity = (get("severity") or "").replace("UNKNOWN", "")
        is_over = is_closed or state == "merged"
        return Read(
            join(state, more) if state else "",
            record["title"],
            weight_of(labels, self.tracker.importances) or severity,
            resolution,
            parse_time(record["updated_at"]),
            is_over,
            duplicate_of,
            moved["web_url"] if moved else None,
            get("confidential") is True,
            parse_time(get("merged_at") or get("closed_at") or ""),
            milestone["title"] if milestone and is_over and not resolution else "",
        )

    def duplicate(self, record: Mapping[str, Any]) -> tuple[str | None, bool]:
        """What an issue duplicates, as far as that is told, and whether it duplicates any."""
        other = record.get("closed_as_duplicate_of")
        if other:
            return self.tracker.canonicalRemoteBug(other["reference"]), True
        found = DUPLICATE.search((record.get("_links") or {}).get("closed_as_duplicate_of") or "")
        if found is None:
            return None, False
        # Of another project there is only a number.
        itself = self.tracker.id_at(record["web_url"])
        if found[1] != str(record["project_id"]) or itself is None:
            return None, True
        return join_id(split_id(itself)[0], found[2]), True


class GraphQL(GraphQLDialect, Rest):
    """Bugs of several projects at once; what is missing by itself, in the other dialect."""

    # How it says that it has another schema, or other limits.
    unlike = re.compile(
        "complexity|exist on type|accept argument|isn't a defined|query size|too large"
    )

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        portions = list(self.portions(ids))
        for start in range(0, len(portions), PLACES_PER_QUERY):
            some = portions[start : start + PLACES_PER_QUERY]
            asked = tuple(remotebug for portion in some for remotebug in portion)
            yield Ask(GRAPHQL, ids=asked, method="POST", json=query_for(some))

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        # That a project is not there is told once.
        return Rest(self.tracker).in_full(ids)

    def nodes(self, answer: Any) -> Iterator[tuple[str, Any]]:
        for project in filter(None, answer["data"].values()):
            for kind, mark in MARKS.items():
                place = project["fullPath"].lower() + mark
                for node in (project.get(kind) or {"nodes": ()})["nodes"]:
                    yield join_id(place, node["iid"]), node


@implementer(IBatches, IDuplicates, IMoves, ISweeps)
class GitLab(Forge):
    """A GitLab; https://about.gitlab.com/."""

    title = "GitLab"
    protocols = (GraphQL, Rest)
    hosts = {**by_https(*KNOWN_HOSTS), "www.gitlab.com": "https://gitlab.com"}
    folds_places = True
    place_pattern = rf"{PLACE}!?"
    urls = (
        _page("/{place}/-/issues/{id}", "{place}#{id}"),
        _page("/{place}/-/merge_requests/{id}", "{place}!{id}"),
        _page("/{place}/-/{kind}/{id}{tab}", "{place}#{id}", kind=KIND),
        # As they were before 12, and still lead there.
        _page("/{place}{dash}/merge_requests/{id}{tab}", "{place}!{id}", dash="(?:/-)?"),
        _page("/{place}/issues/{id}", "{place}#{id}", certainty=Certainty.GUESS),
        _resource("/api/v4/projects/{place}/issues/{id}", "{place}#{id}"),
        _resource("/api/v4/projects/{place}/merge_requests/{id}", "{place}!{id}"),
    )
    file_link = (
        "/{product:path}/-/issues/new?issue%5Btitle%5D={summary}"
        "&issue%5Bdescription%5D={description}"
    )
    search_link = (
        "/{product:path}/-/issues/?state=all&search={summary}",
        "/search?scope=issues&search={summary}",
    )
    signatures = {"X-Gitlab-Token": None}
    named_in = ("object_attributes.url",)
    # What is locked is being merged.
    statuses = issue_workflow(
        "opened", {BugTaskStatus.NEW: "reopened", BugTaskStatus.INPROGRESS: "locked"}
    )

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        show = query_of(url).get("show") if "/-/" in url.path else None
        if show:
            # Beside a list, or a board, one of its items is shown.
            with suppress(ValueError, LookupError, TypeError, RecursionError):
                item = json.loads(b64decode(show.replace(" ", "+")))
                base = urlsplit(baseurl or "").path.rstrip("/")
                url = url._replace(path=f"{base}/{item['full_path']}/-/issues/{item['iid']}")
        return super().parseBugURL(url, baseurl)


def path_of(place: str) -> str:
    """Where REST has the issues, or the merge requests, of a project."""
    kind = "merge_requests" if place.endswith("!") else "issues"
    return f"{API}/projects/{quote(place.removesuffix('!'), safe='')}/{kind}"


def query_for(portions: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The query for bugs, each portion of one place."""
    variables: dict[str, Any] = {}
    fields, kinds = [], {}
    for number, portion in enumerate(portions):
        place = split_id(portion[0])[0]
        kind = "mergeRequests" if place.endswith("!") else "issues"
        kinds[kind] = FRAGMENTS[kind]
        variables[f"p{number}"] = place.removesuffix("!")
        variables[f"i{number}"] = [split_id(remotebug)[1] for remotebug in portion]
        what = f"{kind}(iids:$i{number}){{nodes{{...{kind}}}}}"
        fields.append(f"p{number}:project(fullPath:$p{number}){{fullPath {what}}}")
    named = ",".join(f"$p{number}:ID!,$i{number}:[String!]" for number in range(len(portions)))
    query = f"query({named}){{{' '.join(fields)}}} {' '.join(kinds.values())}"
    return {"query": query, "variables": variables}
