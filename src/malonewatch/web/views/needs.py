"""What waits for a person."""

from typing import Any

from malonewatch.application import trackers, words
from malonewatch.application.facts import TROUBLE
from malonewatch.application.subscribing import list_destinations
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Needs

#: Of how many remote bugs that something is held of it is told.
_HELD = 20


@page(Needs, "needs")
def waiting(context: Needs, request: Any) -> dict[str, Any]:
    """Words that no table knows, changes that are held, what was guessed, and what fails."""
    database = RequestDatabase()
    all_trackers = trackers.list_lines(database)
    return shown(
        request,
        "Needs you",
        unknown=words.unknown_words(database),
        held=[
            trackers.show(database, each.name, 0, _HELD) for each in all_trackers if each.held_count
        ],
        guessed=[each for each in all_trackers if each.guessed],
        troubled=[each for each in all_trackers if each.state == TROUBLE],
        destinations=[
            each for each in list_destinations(database) if each.disabled or each.failures
        ],
        statuses=list(BugTaskStatus),
        importances=list(BugTaskImportance),
    )
