"""GitHub: github.com, and GitHub Enterprise on hosts of its own.

Dialects:

``graphql``
    A hundred issues and pull requests of any repositories in one request, for those who have
    credentials.  https://docs.github.com/en/graphql
``rest``
    One by one on condition that it changed, or what changed in a repository since a time;
    sixty requests in an hour without credentials.  https://docs.github.com/en/rest/issues

A bug is an issue or a pull request, which have numbers of one row: ``owner/project#12``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    ISSUE_STATUSES,
    Ask,
    ByPlace,
    Dialect,
    Finding,
    Forge,
    Instead,
    Read,
    URLShape,
    by_place,
    format_time,
    join,
    parse_time,
    split_id,
    status_of,
    weight_of,
)
from malonewatch.interfaces import (
    BugTrackerRateLimited,
    Certainty,
    IBatches,
    IBugTrackerFacts,
    IChangesSince,
    IDuplicates,
    IMoves,
    IValidators,
    Response,
)

PAGE_SIZE = 100
# A query costs a point for each hundred connections in it, and each issue has one: its labels.
QUERY_SIZE = 100
# The names are REST's.
COMMON = (
    "__typename number title html_url:url updated_at:updatedAt closed_at:closedAt state "
    "milestone{title}"
)
FRAGMENTS = (
    # Of both, so that they count once.
    "fragment labels on Labelable{labels(first:20){nodes{name}}} "
    f"fragment issue on Issue{{{COMMON} state_reason:stateReason(enableDuplicate:true)}} "
    f"fragment pull on PullRequest{{{COMMON} draft:isDraft}}"
)
# Asked for those alone that are said to duplicate another.
CANONICAL = (
    "fragment same on Issue{"
    "timelineItems(itemTypes:[MARKED_AS_DUPLICATE_EVENT],last:1){nodes{...mark}}} "
    "fragment mark on MarkedAsDuplicateEvent{canonical{...issue ...pull}} "
    "fragment issue on Issue{url} fragment pull on PullRequest{url}"
)
# How an old GitHub Enterprise says that it has another schema than the query is made for.
UNLIKE = ("undefinedField", "argumentNotAccepted", "doesn't accept argument", "doesn't exist on")

NAME = r"[\w.-]{1,100}"
# It keeps these for itself, and people have short names.
OWNER = r"(?!(?:api|apps|gist|orgs|repos|search|settings|topics|users)/)[\w-]{1,39}"
PLACE = f"{OWNER}/{NAME}"
# What a pull request has pages of its own for.
TAB = r"/(?:checks|commits|files|changes)(?:/[\w.-]{1,100})?|\.diff|\.patch"
BOARD = r"(?:orgs|users)/[\w-]{1,39}/projects/\d{1,9}(?:/views/\d{1,9})?"
HOSTS = ("github.com", "www.github.com", "redirect.github.com", "api.github.com")

_page = partial(URLShape, at_root=True, place=PLACE, tab=TAB, board=BOARD, owner=OWNER, name=NAME)


class Rest(ByPlace):
    """Bugs one by one, or what changed in a repository."""

    dialect_name = "rest"
    with_credentials = False
    # A page has all their descriptions, whichever of them were asked for.
    bugs_at_once = PAGE_SIZE
    bytes_per_bug = 64 * 1024
    values_per_bug = 2000

    @property
    def api(self) -> str:
        """Where it is, below where programs are answered."""
        return "" if self.tracker.service != self.tracker.baseurl else "/api/v3"

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        return map(self.ask_one, ids)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for place, some in by_place(ids).items():
            if since is None or len(some) == 1:
                yield from map(self.ask_one, some)
            else:
                changed = ("since", format_time(since))
                query = (("state", "all"), changed, ("per_page", str(PAGE_SIZE)))
                path = f"{self.api}/repos/{place}/issues"
                yield Ask(path, query, tuple(some), since=since)

    def ask_one(self, remotebug: str) -> Ask:
        place, number = split_id(remotebug)
        return Ask(f"{self.api}/repos/{place}/issues/{number}", (), (remotebug,), alone=True)

    def ask_identity(self) -> Ask:
        # Where its addresses are listed, too, but there are thousands.
        return Ask(f"{self.api}/")

    def identity(self, answer: Any) -> str | None:
        if "current_user_repositories_url" not in answer:
            return None
        return "GitHub Enterprise" if self.api else "GitHub"

    def ask_whoami(self) -> Ask:
        return Ask(f"{self.api}/user")

    def whoami(self, answer: Any) -> str | None:
        name: str = answer["login"]
        return name

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        is_off = response.status == 410 and "disabled" in answer["message"]
        if is_off or response.status == 451:
            # The repository has no issues for now; or somebody's rights keep it from all.
            return Finding.PRIVATE
        # Of a list it is the repository that the HTTP status is about.
        return super().judge(ask.for_one() if ask.ids else ask, response, answer)

    def led_to(self, ask: Ask, response: Response) -> str | None:
        # It was transferred, or the repository was renamed; it leads to the number of that.
        if not response.moved or response.status != 200:
            return None
        url: str = json.loads(response.body)["html_url"]
        return None if self.tracker.id_at(url) in ask.ids else url

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        for link in response.headers.get("link", "")[:4000].split(","):
            target, _, kind = link.partition(">")
            if kind.strip() == '; rel="next"':
                return Ask(target.strip().removeprefix("<"), ids=ask.ids, since=ask.since)
        return None

    def records(self, answer: Any) -> Iterable[Any]:
        return answer if isinstance(answer, list) else [answer]

    def ids_of(self, record: Any) -> Iterable[str]:
        return (str(record["number"]),)

    def read(self, record: Mapping[str, Any]) -> Read:
        get, state = record.get, record["state"].lower()
        labels, milestone = record["labels"], get("milestone")
        names = [
            label["name"] for label in (labels if isinstance(labels, list) else labels["nodes"])
        ]
        pull = get("pull_request")
        is_pull = pull is not None or get("__typename") == "PullRequest"
        if pull is not None and pull.get("merged_at"):
            state = "merged"
        is_open = state == "open"
        reason = (get("state_reason") or "").lower().replace("_", " ")
        resolution = ""
        if state == "closed":
            # Before there were reasons, labels told them; such bugs count as completed.
            told = status_of(names, True) if reason in ("", "completed") else ""
            resolution = "unmerged" if is_pull else told or reason
        more = "draft" if is_open and get("draft") else ""
        words = join(state, (more or status_of(names, False)) if is_open else resolution)
        is_fixed = state == "merged" or resolution in ("", "completed")
        return Read(
            words,
            record["title"],
            weight_of(names, self.tracker.importances),
            resolution,
            parse_time(record["updated_at"]),
            not is_open,
            self.duplicate(record),
            self.moved(record),
            date_closed=parse_time(get("closed_at") or ""),
            fixed_in=milestone["title"] if milestone and is_fixed and not is_open else "",
        )

    def duplicate(self, record: Mapping[str, Any]) -> str | None:
        """What a bug duplicates, as far as that is told."""
        url = record.get("canonical")
        return None if url is None else self.tracker.id_at(url) or url

    def moved(self, record: Mapping[str, Any]) -> str | None:
        """Where a bug is now, if it was asked for by another id."""
        place, number = split_id(record.get("asked", ""))
        # A page is that of an issue or of a pull request.
        pages = tuple(f"/{place}/{kind}/{number}" for kind in ("issues", "pull"))
        url: str = record["html_url"]
        return None if not place or url.lower().endswith(pages) else url


class GraphQL(Rest):
    """Bugs of any repositories at once; what is missing by itself, in the other dialect."""

    dialect_name = "graphql"
    with_credentials = True
    bugs_at_once = 1
    bytes_per_bug = 4 * 1024

    @property
    def path(self) -> str:
        return f"{self.api.removesuffix('/v3')}/graphql"

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        return self.ask_many(ids, None)

    def plan(self, ids: Sequence[str], situation: Any) -> Iterable[Ask]:
        # To ask what changed would not take fewer.
        return self.in_full(ids)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        # Those of a repository together, so that it is named once.
        ordered = [remotebug for some in by_place(ids).values() for remotebug in some]
        for start in range(0, len(ordered), QUERY_SIZE):
            some = ordered[start : start + QUERY_SIZE]
            yield self.query(fields_for(some, "...issue ...pull ...labels"), FRAGMENTS, some)

    def query(self, fields: str, fragments: str, ids: Sequence[str]) -> Ask:
        text = f"query{{{fields}}} {fragments}"
        return Ask(self.path, ids=tuple(ids), method="POST", json={"query": text})

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        if len(answers) > 1 or ask.path != self.path:
            return None
        found = list(self.nodes(answers[0]))
        same = [id for id, node in found if node.get("state_reason") == "DUPLICATE"]
        return self.query(fields_for(same, "...same"), CANONICAL, same) if same else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if ask.path != self.path or response.status == 401:
            return super().judge(ask, response, answer)
        if response.status == 404:
            return Instead(Rest.dialect_name, certain=False)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if any(str(each.get("type")).startswith("RATE_LIMIT") for each in errors or ()):
            raise BugTrackerRateLimited(f"{self.tracker.baseurl} wants no more requests this hour.")
        if errors and not answer.get("data"):
            is_other = any(words in str(errors)[:4000] for words in UNLIKE)
            return Instead(Rest.dialect_name) if is_other else Finding.SPOILED
        return Dialect.judge(self, ask, response, answer)

    def called(self, remotebug: str) -> str:
        return remotebug

    def nodes(self, answer: Any) -> Iterator[tuple[str, Any]]:
        """The bugs in an answer to a query, by the ids that they were asked for."""
        for repository in answer["data"].values():
            for alias, node in (repository or {}).items():
                if alias != "place" and node:
                    yield f"{repository['place'].lower()}#{alias[1:]}", node

    def records(self, answer: Any) -> Iterable[Any]:
        answers = answer if isinstance(answer, tuple) else (answer,)
        if "data" not in answers[0]:
            return super().records(answer)
        canonical = {
            id: event["canonical"]["url"]
            for each in answers[1:]
            for id, node in self.nodes(each)
            for event in node["timelineItems"]["nodes"]
            if event.get("canonical")
        }
        return [
            {**node, "asked": id, "canonical": canonical.get(id)}
            for id, node in self.nodes(answers[0])
        ]

    def ids_of(self, record: Any) -> Iterable[str]:
        # What was asked for alone says itself what it is.
        found = record.get("asked") or self.tracker.id_at(record["html_url"])
        return () if found is None else (found,)


@implementer(IBatches, IChangesSince, IDuplicates, IMoves, IValidators)
class GitHub(Forge):
    """GitHub; https://github.com/."""

    title = "GitHub"
    request_size = 500
    multi_product = True
    protocols = (GraphQL, Rest)
    hosts = dict.fromkeys(HOSTS, "https://github.com")
    services = {"github.com": "https://api.github.com"}
    place_pattern = PLACE
    highest_id = 2**31 - 1
    urls = (
        _page("/{place}/issues/{id}", "{place}#{id}", certainty=Certainty.GUESS),
        _page("/{place}/pull/{id}", "{place}#{id}"),
        _page("/{place}/pull/{id}{tab}", "{place}#{id}"),
        _page("/{board}?issue={owner}|{name}|{id}", "{owner}/{name}#{id}"),
        URLShape("/api/v3/repos/{place}/issues/{id}", "{place}#{id}", place=PLACE),
        URLShape("/api/v3/repos/{place}/pulls/{id}", "{place}#{id}", place=PLACE),
        _page("/repos/{place}/issues/{id}", "{place}#{id}", certainty=Certainty.GUESS),
        _page("/repos/{place}/pulls/{id}", "{place}#{id}", certainty=Certainty.GUESS),
    )
    file_link = "/{product:path}/issues/new?title={summary}&body={description}"
    search_link = (
        "/{product:path}/issues?q=is%3Aissue%20{summary}",
        "/search?type=issues&q={summary}",
    )
    statuses = ISSUE_STATUSES

    def __init__(self, facts: IBugTrackerFacts) -> None:
        super().__init__(facts)
        host = urlsplit(self.baseurl).netloc
        if host.endswith(".ghe.com"):
            # GitHub's own as well, where data stay in a country.
            self.service = f"https://api.{host}"

    @classmethod
    def canonical_place(cls, place: str) -> str:
        return place.strip("/").lower()


def fields_for(ids: Sequence[str], wanted: str) -> str:
    """What a query asks for: `wanted` of each bug, repository by repository."""
    fields = []
    for number, (place, some) in enumerate(by_place(ids).items()):
        # There is nothing in a name that would have to be quoted in it.
        owner, name = place.split("/")
        bugs = " ".join(
            f"i{called}:issueOrPullRequest(number:{called}){{{wanted}}}"
            for _, called in map(split_id, some)
        )
        fields.append(
            f'r{number}:repository(owner:"{owner}",name:"{name}"){{place:nameWithOwner {bugs}}}'
        )
    return " ".join(fields)
