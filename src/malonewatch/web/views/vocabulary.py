"""The words of a bug tracker: whether the tables know them all, and reading them anew."""

from typing import Any

from malonewatch.application import words
from malonewatch.interfaces import IBugTracker
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.page import action, done, shown
from malonewatch.web.security import MANAGE_TRACKERS
from malonewatch.wording import count_of


@action(IBugTracker, "vocabulary", MANAGE_TRACKERS, template="vocabulary")
def check_words(context: Any, request: Any) -> dict[str, Any]:
    """Ask a bug tracker which words it has, and show those that no table knows."""
    name, title = context.__name__, context.title
    with detached(request) as database:
        check = words.check_vocabulary(database, name)
    return shown(request, f"Words of {title}", check=check)


@action(IBugTracker, "reread", MANAGE_TRACKERS)
def reread(context: Any, request: Any) -> Any:
    """Read what is known of the remote bugs by the tables as they are."""
    (found,) = words.reread_words(RequestDatabase(), context.__name__)
    count = count_of(len(found.changes), "watch means", "watches mean")
    return done(request, [f"{count} another thing now."], "trackers", found.tracker)
