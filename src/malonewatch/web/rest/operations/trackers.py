"""The operations on bug trackers."""

import dataclasses
from typing import Any

from malonewatch.application import migrating, moving, trackers
from malonewatch.application.plain import joined
from malonewatch.application.trackers import TrackerChanges
from malonewatch.web.rest.calls import Call, Made, Page, both, operation, page_of
from malonewatch.web.security import MANAGE_TRACKERS


@operation(trackers.list_trackers)
def list_trackers(call: Call) -> Page:
    found = sorted(trackers.list_trackers(call.database), key=lambda each: each.name)
    return page_of(call, found, lambda each: each.name)


@operation(trackers.add, waits=True, permission=MANAGE_TRACKERS)
def add(call: Call) -> Made:
    given = dict(call.body)
    with call.detached() as database:
        facts, found = trackers.add(database, given.pop("url"), TrackerChanges(**given))
    return Made({"tracker": facts, "found": found}, f"trackers/{facts.name}")


@operation(trackers.show)
def show(call: Call) -> Any:
    details = trackers.show(call.database, call.text("tracker"), call.query.get("days", 7))
    # How old all is differs at every moment, and what was seen would never be as it was.
    return joined(dataclasses.replace(details, staleness=None))


@operation(trackers.edit, permission=MANAGE_TRACKERS)
def edit(call: Call) -> Any:
    return both(trackers.edit(call.database, call.text("tracker"), TrackerChanges(**call.body)))


@operation(trackers.remove, permission=MANAGE_TRACKERS)
def remove(call: Call) -> Any:
    return trackers.remove(call.database, call.text("tracker"))


@operation(trackers.accept_changes, permission=MANAGE_TRACKERS)
def accept_changes(call: Call) -> Any:
    facts, changes = trackers.accept_changes(call.database, call.text("tracker"))
    return {"tracker": facts, "changes": changes}


@operation(moving.move, permission=MANAGE_TRACKERS)
def move(call: Call) -> Any:
    given = call.body
    what, is_dry = call.text("tracker"), call.is_dry()
    return both(moving.move(call.database, what, given["url"], given.get("type_name"), is_dry))


@operation(moving.merge, permission=MANAGE_TRACKERS)
def merge(call: Call) -> Any:
    return moving.merge(call.database, call.text("tracker"), call.body["target"], call.is_dry())


@operation(migrating.migrate, permission=MANAGE_TRACKERS)
def migrate(call: Call) -> Any:
    rule = migrating.Rule(**{name: each for name, each in call.body.items() if name != "dry_run"})
    return migrating.migrate(call.database, call.text("tracker"), rule, call.is_dry())
