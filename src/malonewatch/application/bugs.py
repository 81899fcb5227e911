"""Bugs of ours: listing them, giving them titles, forgetting them."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.application.audit import record
from malonewatch.application.facts import BugFacts
from malonewatch.application.privacy import is_hidden, title_of
from malonewatch.application.references import check_title
from malonewatch.application.remote import remote
from malonewatch.interfaces import BadInput, IBugSet, IMayBePrivate, NotFoundError, Refused, Scope

#: How many bugs are read in one transaction.
PAGE = 500


def list_bugs(database: Any, limit: int | None = None) -> Iterator[list[BugFacts]]:
    """The bugs by number, the first `limit` of them, page after page; no page is empty.

    Each page is read in a transaction of its own.
    """
    first, left = 1, limit
    while True:
        size = PAGE if left is None else min(PAGE, left)
        page = database.read(lambda trackers, first=first, size=size: _page(first, size))
        if page:
            yield page
        if len(page) < size or left == size:
            return
        first = page[-1].id + 1
        left = None if left is None else left - size


@remote(Scope.READ)
def list_page(database: Any, first: int = 1, size: int = 50) -> list[BugFacts]:
    """At most `size` bugs by number, from that number on."""
    page: list[BugFacts] = database.read(lambda trackers: _page(first, size))
    return page


def _page(first: int, size: int) -> list[BugFacts]:
    bugs = getUtility(IBugSet).getBugsFrom(first)
    return [BugFacts.of(bug) for bug in itertools.islice(bugs, size)]


@remote(Scope.READ)
def find(database: Any, bug_ids: Sequence[int]) -> tuple[BugFacts, ...]:
    """The bugs of those numbers, each once.

    :raises Refused: some are not there.
    """

    def step(trackers: Any) -> tuple[BugFacts, ...]:
        return tuple(map(BugFacts.of, _all_of(bug_ids)))

    found: tuple[BugFacts, ...] = database.read(step)
    return found


@remote(Scope.WATCH)
def retitle(database: Any, bug_id: int, title: str) -> tuple[BugFacts, BugFacts]:
    """Give a bug another title; the bug before and after that.

    :raises NotFoundError: there is no such bug.
    :raises BadInput: as for `check_title`; or it is private, and not for who asks.
    """
    title = check_title(title)

    def step(trackers: Any) -> tuple[BugFacts, BugFacts]:
        bug = getUtility(IBugSet).get(bug_id)
        _check_sight(bug)
        before = BugFacts.of(bug)
        bug.title = title
        if title != before.title:
            record("retitle", f"bug {bug.id}", f"was {before.title!r}, is {title!r}")
        return before, BugFacts.of(bug)

    both: tuple[BugFacts, BugFacts] = database.write(step)
    return both


@remote(Scope.WATCH)
def delete(database: Any, bug_ids: Sequence[int]) -> None:
    """Forget the bugs of those numbers, with their watches and the history of these.

    :raises Refused: some are not there.
    """

    def step(trackers: Any) -> None:
        bugs = getUtility(IBugSet)
        for bug in _all_of(bug_ids):
            record("delete", f"bug {bug.id}", title_of(bug))
            bugs.removeBug(bug)

    database.write(step)


@remote(Scope.ADMIN)
def set_private(database: Any, bug_id: int, private: bool) -> tuple[BugFacts, BugFacts]:
    """Let the titles of a bug, and of what is watched for it, be for those only who may see
    private bugs; or for everybody.  The bug before and after that.

    :raises NotFoundError: there is no such bug.
    :raises BadInput: it is not for who asks; or it is a bug of the application's that cannot be
        private.
    """

    def step(trackers: Any) -> tuple[BugFacts, BugFacts]:
        bug = getUtility(IBugSet).get(bug_id)
        _check_sight(bug)
        if not IMayBePrivate.providedBy(bug):
            raise BadInput(f"Bug {bug_id} is of a kind that cannot be private.")
        before = BugFacts.of(bug)
        if before.private != private:
            bug.private = private
            record("make private" if private else "make public", f"bug {bug_id}")
        return before, BugFacts.of(bug)

    both: tuple[BugFacts, BugFacts] = database.write(step)
    return both


def _check_sight(bug: Any) -> None:
    if is_hidden(bug):
        raise BadInput(f"Bug {bug.id} is private, and only who may see it changes it.")


def _all_of(bug_ids: Sequence[int]) -> list[Any]:
    bugs, found, refused = getUtility(IBugSet), [], []
    for bug_id in dict.fromkeys(bug_ids):
        try:
            found.append(bugs.get(bug_id))
        except NotFoundError as error:
            refused.append(str(error))
    if refused:
        raise Refused(refused, len(bug_ids))
    return found
