"""The operations on what the words of bug trackers mean."""

from typing import Any

from malonewatch.application import words
from malonewatch.web.rest.calls import Call, Page, operation
from malonewatch.web.security import MANAGE_TRACKERS


@operation(words.list_mappings)
def list_mappings(call: Call) -> Any:
    name, mappings = words.list_mappings(call.database, call.text("tracker"))
    statuses, importances = dict(mappings.statuses), dict(mappings.importances)
    return {"tracker": name, "statuses": statuses, "importances": importances}


@operation(words.map_word, permission=MANAGE_TRACKERS)
def map_word(call: Call) -> Any:
    given = call.body
    is_importance = given.get("is_importance", False)
    meaning = given["meaning"]
    if meaning is not None:
        meaning = words.meaning_named(meaning, is_importance)
    what = call.text("tracker")
    return words.map_word(call.database, what, given["word"], meaning, is_importance)


@operation(words.check_vocabulary, waits=True, permission=MANAGE_TRACKERS)
def check_vocabulary(call: Call) -> Any:
    with call.detached() as database:
        return words.check_vocabulary(database, call.text("tracker"))


@operation(words.unknown_words)
def unknown_words(call: Call) -> Page:
    return Page(list(words.unknown_words(call.database, call.query.get("tracker"))))


@operation(words.reread_words, permission=MANAGE_TRACKERS)
def reread_words(call: Call) -> Any:
    return {"reread": words.reread_words(call.database, call.body.get("tracker"))}
