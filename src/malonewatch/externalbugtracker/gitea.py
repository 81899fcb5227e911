"""Gitea, and Forgejo: codeberg.org, and the many sites that run either themselves.

Asked with their API, https://docs.gitea.com/api/: issues and pull requests one by one, and what
changed since a time, in a repository or in all.  There is no way to ask for certain ones.

A bug is an issue or a pull request, which share their numbers: ``owner/project#12``.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read
from malonewatch.externalbugtracker.driver.forge import Forge, OneByOne, join_id, next_link
from malonewatch.externalbugtracker.driver.labels import ISSUE_STATUSES, status_of, weight_of
from malonewatch.externalbugtracker.driver.times import format_time, parse_time
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import join
from malonewatch.interfaces import Certainty, IChangesSince, ISweeps, Response

API = "/api/v1"
# No page is longer, unless a site allows it.
PAGE_SIZE = 50
# What it says to all whom it does not know, where it is for members only; and to whoever shows a
# token that is not for this.
MEMBERS_ONLY, OTHER_SCOPE = b"Only signed in user", b"required scope"
# Forgejo says of which Gitea it is a like.
FORGEJO = re.compile(r"\+gitea-|forgejo", re.IGNORECASE)

NAME = r"[\w.-]{1,100}"
# It keeps these for itself.
OWNER = r"(?!(?:-|api|admin|explore|org|repo|user)/)[\w.-]{1,100}"
PLACE = f"{OWNER}/{NAME}"
# What a pull request has pages of its own for.
TAB = r"(?:/(?:commits|files)(?:/[\w.-]{1,100})?|\.diff|\.patch)?"

# Others have such URLs, too.
_page = partial(
    URLShape, remotebug="{place}#{id}", certainty=Certainty.GUESS, at_root=True, place=PLACE
)
_resource = partial(URLShape, remotebug="{place}#{id}", place=PLACE)


@implementer(IChangesSince, ISweeps)
class Gitea(OneByOne, Forge):
    """A Gitea, https://about.gitea.com/, or a Forgejo, https://forgejo.org/."""

    title = "Gitea"
    # A page has all their descriptions, whichever of them were asked for.
    bugs_at_once = PAGE_SIZE
    swept_at_once = 0
    bytes_per_bug = 64 * 1024
    values_per_bug = 2000
    id_field = "number"
    bugs_of = f"{API}/repos/{{}}/issues"
    hosts = {
        "www.codeberg.org": "https://codeberg.org",
        **by_https("code.forgejo.org", "codeberg.org", "forge.fedoraproject.org"),
        **by_https("gitea.com", "projects.blender.org", "v10.next.forgejo.org"),
    }
    place_pattern = PLACE
    folds_places = True
    asks_what = f"{API}/version"
    asks_who = (f"{API}/user", "login")
    urls = (
        _page("/{place}/issues/{id}"),
        _page("/{place}/pulls/{id}{tab}", tab=TAB),
        _resource(f"{API}/repos/{{place}}/{{kind}}/{{id}}", kind="issues|pulls"),
    )
    file_link = "/{product:path}/issues/new?title={summary}&body={description}"
    search_link = (
        "/{product:path}/issues?state=all&q={summary}",
        "/issues?type=all&state=all&q={summary}",
    )
    signatures = {"X-Gitea-Signature": "", "X-Forgejo-Signature": ""}
    named_in = ("issue.html_url", "pull_request.html_url")
    statuses = ISSUE_STATUSES
    token_scheme = "token"

    def ask_changes(self, place: str, ids: Sequence[str], since: datetime) -> Ask:
        changed = self.ask_changed(since, 0)
        path = self.bugs_of.format(place)
        return dataclasses.replace(changed, path=path, ids=tuple(ids), since=since)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        changed = (("state", "all"), ("since", format_time(since)))
        pages = (("limit", str(PAGE_SIZE)), ("page", "1"))
        return Ask(f"{API}/repos/issues/search", (*changed, *pages))

    def changed(self, answer: Any) -> Iterator[tuple[str]]:
        for record in answer:
            yield (join_id(record["repository"]["full_name"], str(record["number"])),)

    def identity(self, answer: Any) -> str | None:
        if answer.keys() >= {"message"}:
            return "Gitea"
        version: str = answer["version"]
        return f"{'Forgejo' if FORGEJO.search(version) else 'Gitea'} {version}"

    def whoami(self, answer: Any) -> str | None:
        # A token may be somebody's, though not for telling whose.
        name: str = answer.get("login", "")
        return name

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if response.status == 403 and OTHER_SCOPE in response.body:
            return None if ask.path == self.asks_who[0] else Finding.REFUSED
        if response.status == 403 and MEMBERS_ONLY in response.body and not ask.ids:
            return None
        if ask.ids and not ask.alone and not urlsplit(response.url).path.endswith(ask.path):
            # The repository has another name now; each of its bugs is to learn that.
            return Finding.MISSING
        return super().judge(ask, response, answer)

    def merged_into(self, ask: Ask, answer: Any) -> str | None:
        # It redirects from a repository's old name as if that were for a while.
        found, (remotebug,) = self.id_at(answer["html_url"]), ask.ids
        if found is None or found == remotebug or self.called(found) != self.called(remotebug):
            return None
        return found

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # The host in the link may be the one that the server believes that it has.
        return None if next_link(response) is None else ask.for_next_page()

    def read(self, record: Mapping[str, Any]) -> Read:
        get, state = record.get, record["state"]
        names = [label["name"] for label in record["labels"] or ()]
        pull, milestone = get("pull_request") or {}, get("milestone")
        if pull and pull["merged"] is True:
            state = "merged"
        is_open, more = state == "open", ""
        if is_open:
            more = "draft" if pull.get("draft") is True else status_of(names, False)
        elif state != "merged":
            more = "unmerged" if pull else status_of(names, True)
        resolution = "" if is_open else more
        is_fixed = not is_open and not resolution
        # Of what an issue duplicates there is no field: people write it in a comment.
        return Read(
            join(state, more) if state else "",
            record["title"],
            weight_of(names, self.importances),
            resolution,
            parse_time(record["updated_at"]),
            not is_open,
            date_closed=parse_time(pull.get("merged_at") or get("closed_at") or ""),
            fixed_in=milestone["title"] if milestone and is_fixed else "",
        )
