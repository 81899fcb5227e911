"""GitHub: github.com, and GitHub Enterprise on hosts of its own.

Dialects: ``graphql``, https://docs.github.com/en/graphql, a hundred bugs of any repositories in
one request for those who have credentials; ``rest``, https://docs.github.com/en/rest/issues, one
by one on condition that it changed, or what changed in a repository, sixty requests in an hour.

A bug is an issue or a pull request, which have numbers of one row: ``owner/project#12``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read
from malonewatch.externalbugtracker.driver.forge import Forge, OneByOne, by_place, next_link
from malonewatch.externalbugtracker.driver.graphql import GraphQLDialect
from malonewatch.externalbugtracker.driver.labels import ISSUE_STATUSES, status_of, weight_of
from malonewatch.externalbugtracker.driver.times import format_time, parse_time
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import join
from malonewatch.interfaces import BugTrackerRateLimited, Certainty, IBugTrackerFacts, IChangesSince
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, IMoves, IValidators
from malonewatch.interfaces.http import Response

PAGE_SIZE = 100
# The names are REST's.
COMMON = (
    "__typename number title state milestone{title} "
    "html_url:url updated_at:updatedAt closed_at:closedAt"
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

NAME = r"[\w.-]{1,100}"
# It keeps these for itself, and people have short names.
OWNER = r"(?!(?:api|apps|gist|orgs|repos|search|settings|topics|users)/)[\w-]{1,39}"
PLACE = f"{OWNER}/{NAME}"
# What a pull request has pages of its own for.
TAB = r"(?:/(?:checks|commits|files|changes)(?:/[\w.-]{1,100})?|\.diff|\.patch)?"
BOARD = r"(?:orgs|users)/[\w-]{1,39}/projects/\d{1,9}(?:/views/\d{1,9})?"
# Where programs are answered on hosts of their own.
ENTERPRISE = "/api/v3"
HOSTS = ("github.com", "www.github.com", "redirect.github.com", "api.github.com")

_page = partial(URLShape, at_root=True, place=PLACE, tab=TAB, board=BOARD, owner=OWNER, name=NAME)
_resource = partial(URLShape, remotebug="{place}#{id}", place=PLACE, kind="issues|pulls")


class Rest(OneByOne):
    """Bugs one by one, or what changed in a repository."""

    dialect_name = "rest"
    with_credentials = False
    # A page has all their descriptions, whichever of them were asked for.
    bugs_at_once = PAGE_SIZE
    bytes_per_bug = 64 * 1024
    values_per_bug = 2000
    # Where its addresses are listed, too, but there are thousands.
    asks_what = "/"
    asks_who = ("/user", "login")
    id_field = "number"
    bugs_of = "/repos/{}/issues"
    page_field = "html_url"

    def ask_changes(self, place: str, ids: Sequence[str], since: datetime) -> Ask:
        changed = (("state", "all"), ("since", format_time(since)), ("per_page", str(PAGE_SIZE)))
        return Ask(self.bugs_of.format(place), changed, tuple(ids), since=since)

    def identity(self, answer: Any) -> str | None:
        if "current_user_repositories_url" not in answer:
            return None
        return "GitHub Enterprise" if self.tracker.service.endswith(ENTERPRISE) else "GitHub"

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        is_off = response.status == 410 and "disabled" in answer["message"]
        if is_off or response.status == 451:
            # The repository has no issues for now; or somebody's rights keep it from all.
            return Finding.PRIVATE
        return super().judge(ask, response, answer)

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        more = next_link(response)
        return None if more is None else Ask(more, ids=ask.ids, since=ask.since)

    def read(self, record: Mapping[str, Any]) -> Read:
        get, state = record.get, record["state"].lower()
        labels, milestone, pull = record["labels"], get("milestone"), get("pull_request")
        nodes = labels if isinstance(labels, list) else labels["nodes"]
        names = [label["name"] for label in nodes]
        is_pull = pull is not None or get("__typename") == "PullRequest"
        if pull is not None and pull.get("merged_at"):
            state = "merged"
        is_open = state == "open"
        words, resolution = state, ""
        if is_open:
            words = join(state, "draft" if get("draft") else status_of(names, False))
        elif state == "closed":
            reason = (get("state_reason") or "").lower().replace("_", " ")
            # Before there were reasons, labels told them; such bugs count as completed.
            told = status_of(names, True) if reason in ("", "completed") else ""
            resolution = "unmerged" if is_pull else told or reason
            words = join(state, resolution)
        is_fixed = not is_open and resolution in ("", "completed")
        return Read(
            words,
            record["title"],
            weight_of(names, self.tracker.importances),
            resolution,
            parse_time(record["updated_at"]),
            not is_open,
            get("duplicate_of"),
            get("moved_to"),
            date_closed=parse_time(get("closed_at") or ""),
            fixed_in=milestone["title"] if milestone and is_fixed else "",
        )


class GraphQL(GraphQLDialect, Rest):
    """Bugs of any repositories at once; what is missing by itself, in the other dialect."""

    with_credentials = True
    bugs_at_once = 1
    bytes_per_bug = 4 * 1024
    # How an old GitHub Enterprise says so.
    unlike = re.compile("undefinedField|argumentNotAccepted|doesn't accept argument|n't exist on")

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        # Those of a repository together, so that it is named once.
        ordered = [remotebug for some in by_place(ids).values() for remotebug in some]
        # A query costs a point for each hundred connections, as the labels of a bug are one.
        for start in range(0, len(ordered), PAGE_SIZE):
            some = ordered[start : start + PAGE_SIZE]
            yield self.query(some, "...issue ...pull ...labels", FRAGMENTS)

    def query(self, ids: Sequence[str], wanted: str, fragments: str) -> Ask:
        """The question for what is `wanted` of each bug, repository by repository."""
        fields = []
        for index, (place, some) in enumerate(by_place(ids).items()):
            # There is nothing in a name that would have to be quoted in it.
            owner, name = place.split("/")
            numbers = [remotebug[len(place) + 1 :] for remotebug in some]
            bugs = " ".join([f"i{n}:issueOrPullRequest(number:{n}){{{wanted}}}" for n in numbers])
            where = f'r{index}:repository(owner:"{owner}",name:"{name}")'
            fields.append(f"{where}{{place:nameWithOwner {bugs}}}")
        text = f"query{{{' '.join(fields)}}} {fragments}"
        path = f"{self.tracker.service.removesuffix('/v3')}/graphql"
        return Ask(path, ids=tuple(ids), method="POST", json={"query": text})

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        if len(answers) > 1 or ask.json is None:
            return None
        found = self.records(answers[0])
        same = [each["asked"] for each in found if each.get("state_reason") == "DUPLICATE"]
        return self.query(same, "...same", CANONICAL) if same else None

    def judge_errors(self, errors: Any) -> Judgement:
        if any(str(each.get("type")).startswith("RATE_LIMIT") for each in errors):
            raise BugTrackerRateLimited(f"{self.tracker.baseurl} wants no more requests this hour.")
        return super().judge_errors(errors)

    def nodes(self, answer: Any) -> Iterator[tuple[str, Any]]:
        for repository in filter(None, answer["data"].values()):
            place = repository["place"].lower()
            here = f"/{place}/"
            for alias, node in repository.items():
                if alias == "place" or not node:
                    continue
                number, is_here = alias[1:], here in node.get("html_url", here).lower()
                if not is_here:
                    # It was transferred.
                    node["moved_to"] = node["html_url"]
                # One of another number in the same repository did not move there.
                if not is_here or str(node.get("number", number)) == number:
                    yield f"{place}#{number}", node

    def records(self, answer: Any) -> Iterable[Any]:
        first, *more = answer if isinstance(answer, tuple) else (answer,)
        same = {
            id: event["canonical"]["url"]
            for each in more
            for id, node in self.nodes(each)
            for event in node["timelineItems"]["nodes"]
            if event.get("canonical")
        }
        records = super().records(first)
        for record in records if same else ():
            url = same.get(record["asked"])
            record["duplicate_of"] = url and (self.tracker.id_at(url) or url)
        return records


@implementer(IBatches, IChangesSince, IDuplicates, IMoves, IValidators)
class GitHub(Forge):
    """GitHub; https://github.com/."""

    title = "GitHub"
    protocols = (GraphQL, Rest)
    hosts = dict.fromkeys(HOSTS, "https://github.com")
    services = {"github.com": "https://api.github.com"}
    folds_places = True
    place_pattern = PLACE
    urls = (
        _page("/{place}/issues/{id}", "{place}#{id}", certainty=Certainty.GUESS),
        _page("/{place}/pull/{id}{tab}", "{place}#{id}"),
        _page("/{board}?issue={owner}|{name}|{id}", "{owner}/{name}#{id}"),
        _resource("/api/v3/repos/{place}/{kind}/{id}"),
        _resource("/repos/{place}/{kind}/{id}", at_root=True, certainty=Certainty.GUESS),
    )
    file_link = "/{product:path}/issues/new?title={summary}&body={description}"
    search_link = (
        "/{product:path}/issues?q=is%3Aissue%20{summary}",
        "/search?type=issues&q={summary}",
    )
    signatures = {"X-Hub-Signature-256": "sha256="}
    named_in = ("issue.html_url", "pull_request.html_url", "changes.new_issue.html_url")
    statuses = ISSUE_STATUSES

    def __init__(self, facts: IBugTrackerFacts) -> None:
        super().__init__(facts)
        host = urlsplit(self.baseurl).netloc
        if host.endswith(".ghe.com"):
            # GitHub's own as well, where data stay in a country.
            self.service = f"https://api.{host}"
        elif self.service == self.baseurl:
            self.service += ENTERPRISE
