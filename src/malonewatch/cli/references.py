"""What a person names on the command line: watches, by number or URL, and bug trackers.

All of this runs in a transaction, with the site set.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from zope.component import getUtility

from malonewatch.interfaces import BadInput, IBugSet, IBugWatchSet, NotFoundError

#: How many watches are looked at in one go.
_PORTION = 500


class Refused(BadInput):
    """Several things that were given cannot be used; `sentences` has one for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def check_url(url: str) -> str:
    """`url` without the white space around it.

    :raises BadInput: it holds credentials, which no message may show.
    """
    url = url.strip()
    try:
        has_credentials = urlsplit(url).username is not None
    except ValueError:
        has_credentials = "@" in url
    if has_credentials:
        raise BadInput("A URL may not hold credentials; put them into the credentials file.")
    return url


def is_url(what: str) -> bool:
    """Whether a person means a URL, be it a good one or not."""
    return "/" in what or ":" in what


def is_number(what: str) -> bool:
    """Whether a person means the number of a watch."""
    return what.isascii() and what.isdigit()


def watch_by_number(what: str) -> Any:
    """The watch of that number.

    :raises NotFoundError: there is none.
    """
    # No number is longer, and Python balks at very long ones.
    if len(what) > 19:
        raise NotFoundError(f"There is no bug watch {what}.")
    return getUtility(IBugWatchSet).get(int(what))


def watches_on(tracker: Any, remotebug: str) -> list[Any]:
    """All watches on a remote bug, in order of their bugs."""
    return [bug.getBugWatch(tracker, remotebug) for bug in tracker.getBugsWatching(remotebug)]


def find_watches(what: str) -> list[Any]:
    """The watches that `what` names, a number or the URL of a remote bug; one at least.

    :raises NotFoundError: there is none.
    :raises BadInput: it is neither, or not the URL of a bug.
    """
    if is_number(what):
        return [watch_by_number(what)]
    if not is_url(what):
        raise BadInput(f"{what!r} is neither the number of a watch nor the URL of a bug.")
    url = check_url(what)
    tracker, remotebug = getUtility(IBugWatchSet).extractBugTrackerAndBug(url)
    watches = watches_on(tracker, remotebug)
    if not watches:
        raise NotFoundError(f"Bug {remotebug} of {tracker.title} is not watched.")
    return watches


def find_watch(what: str, bug_id: int | None) -> Any:
    """The one watch that `what` names, of that bug if a URL is watched for several.

    :raises NotFoundError: there is none.
    :raises BadInput: there are several, or as for `find_watches`.
    """
    watches = find_watches(what)
    if bug_id is not None:
        watches = [watch for watch in watches if watch.bug.id == bug_id]
        if not watches:
            raise NotFoundError(f"{what} is not watched for bug {bug_id}.")
    if len(watches) > 1:
        bugs = ", ".join(str(watch.bug.id) for watch in watches)
        raise BadInput(f"{what} is watched for several bugs ({bugs}); name one with --bug.")
    return watches[0]


def oldest_first(watches: Any) -> Iterator[Any]:
    """The watches of an `IResultSet`, which has the newest first, the other way round."""
    for end in range(watches.count(), 0, -_PORTION):
        yield from reversed(watches[max(end - _PORTION, 0) : end])


def ensure_bug(bug_id: int | None, title: str | None) -> tuple[Any, bool]:
    """The bug of that number, or of the next free one, and whether it is a new one."""
    bugs = getUtility(IBugSet)
    bug = None if bug_id is None else bugs.query(bug_id)
    if bug is None:
        return bugs.createBug(title or "", None, bug_id), True
    if title is not None:
        bug.title = title
    return bug, False
