"""What a person names: watches by number or URL, bug trackers by name or URL, bugs by number.

All of this runs in a transaction, with the site set.
"""

from typing import Any
from urllib.parse import urlsplit

from zope.component import getUtility, queryUtility

from malonewatch.interfaces import (
    BadInput,
    DatabaseError,
    IBugSet,
    IBugWatchSet,
    NoBugTrackerFound,
    NotFoundError,
    UnrecognizedBugTrackerURL,
)

#: No number has more digits, and Python balks at very long ones.
MOST_DIGITS = 18

#: How long a text that is quoted in a sentence may be.
_QUOTED = 200


def get_part(interface: Any) -> Any:
    """The utility of the site that provides `interface`, which not every database has.

    :raises DatabaseError: this one was made by an earlier version, before there was such a thing.
    """
    part = queryUtility(interface)
    if part is None:
        raise DatabaseError(
            "The database was made by an earlier version of malonewatch, which knew nothing of "
            "this; bring it up to date with 'malonewatch upgrade'."
        )
    return part


def shortened(text: str, length: int = _QUOTED) -> str:
    """`text`, cut off for a sentence."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


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


def check_title(title: str) -> str:
    """`title` without the white space around it.

    :raises BadInput: it is not one line, or far too long.
    """
    title = title.strip()
    if not title.isprintable() or len(title) > 1000:
        raise BadInput("A bug's title is one line of at most 1000 characters.")
    return title


def is_url(what: str) -> bool:
    """Whether a person means a URL, be it a good one or not."""
    return "/" in what or ":" in what


def is_number(what: str) -> bool:
    """Whether a person means the number of a watch."""
    return what.isascii() and what.isdigit()


def is_id(text: str) -> bool:
    """Whether something of ours may have that number."""
    return is_number(text) and len(text) <= MOST_DIGITS


def watch_by_number(what: str) -> Any:
    """The watch of that number.

    :raises NotFoundError: there is none.
    """
    digits = what.lstrip("0") or "0"
    if len(digits) > MOST_DIGITS:
        raise NotFoundError(f"There is no bug watch of a number of {len(digits)} digits.")
    return getUtility(IBugWatchSet).get(int(digits))


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
        raise BadInput(
            f"{shortened(what)!r} is neither the number of a watch nor the URL of a bug."
        )
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
            raise NotFoundError(f"{shortened(what)} is not watched for bug {bug_id}.")
    if len(watches) > 1:
        bugs = ", ".join(str(watch.bug.id) for watch in watches)
        raise BadInput(
            f"{shortened(what)} is watched for several bugs ({shortened(bugs)}); name one with "
            "--bug."
        )
    return watches[0]


def find_tracker(trackers: Any, what: str) -> Any:
    """The bug tracker that `what` names: its name, a base URL of it, or the URL of a bug there.

    :raises NotFoundError: there is none.
    :raises BadInput: it is a URL with credentials.
    """
    found = trackers.getByName(what)
    if found is not None:
        return found
    if not is_url(what):
        raise NotFoundError(f"There is no bug tracker named {shortened(what)!r}.")
    url = check_url(what)
    found = trackers.getByBaseURL(url)
    if found is not None:
        return found
    try:
        found, _ = getUtility(IBugWatchSet).extractBugTrackerAndBug(url)
    except (UnrecognizedBugTrackerURL, NoBugTrackerFound):
        raise NotFoundError(f"No bug tracker is registered for {shortened(url)}.") from None
    return found


def ensure_bug(bug_id: int | None, title: str | None) -> tuple[Any, bool]:
    """The bug of that number, or of the next free one, and whether it is a new one.

    It gets the title if it has none.
    """
    bugs = getUtility(IBugSet)
    bug = None if bug_id is None else bugs.query(bug_id)
    if bug is None:
        return bugs.createBug(title or "", None, bug_id), True
    if title and not bug.title:
        bug.title = title
    return bug, False
