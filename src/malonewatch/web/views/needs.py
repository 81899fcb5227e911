"""What waits for a person."""

from typing import Any

from malonewatch.application import trackers, words
from malonewatch.application.facts import TROUBLE
from malonewatch.application.links import list_projects
from malonewatch.application.subscribing import list_destinations
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Needs

#: Of how many watches the words are looked at, and of how many of each bug tracker at least.
_LOOKS, _FEWEST = 2000, 50

#: Of how many remote bugs that something is held of it is told.
_HELD = 20


@page(Needs, "needs")
def waiting(context: Needs, request: Any) -> dict[str, Any]:
    """Words that no table knows, changes that are held, what was guessed or only proposed, and
    what fails."""
    database = RequestDatabase()
    all_trackers = trackers.list_lines(database)
    looks = max(_LOOKS // max(len(all_trackers), 1), _FEWEST)
    return shown(
        request,
        "Needs you",
        unknown=words.unknown_words(database, most=looks),
        is_partial=any(each.watches > looks for each in all_trackers),
        looks=looks,
        proposed=[
            (project.name, each) for project in list_projects(database) for each in project.proposed
        ],
        held=[
            trackers.show(database, each.name, 0, _HELD) for each in all_trackers if each.held_count
        ],
        guessed=[each for each in all_trackers if each.guessed],
        troubled=[each for each in all_trackers if each.state == TROUBLE],
        destinations=[
            each
            for each in list_destinations(database)
            if each.disabled or each.failures or each.refused
        ],
        statuses=list(BugTaskStatus),
        importances=list(BugTaskImportance),
    )
