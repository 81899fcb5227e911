"""The operations on people who log in, and on what they did."""

from typing import Any

from malonewatch.application import audit, people
from malonewatch.interfaces import BadInput, Role
from malonewatch.web.rest.calls import Call, Made, Page, after_of, cut, operation, page_of

#: No number of an entry is greater.
_GREATEST = 2**63 - 1


@operation(people.list_people)
def list_people(call: Call) -> Page:
    return page_of(call, people.list_people(call.database), lambda each: each.name)


@operation(people.add)
def add(call: Call) -> Made:
    given = call.body
    role = Role[given.get("role", Role.WATCHER.name)]
    added = people.add(call.database, given["name"], given.get("email", ""), role)
    return Made(added, f"people/{added.name}")


@operation(people.find)
def find(call: Call) -> Any:
    return people.find(call.database, call.text("person"))


@operation(people.edit)
def edit(call: Call) -> Any:
    role = call.body.get("role")
    given = call.body.get("email"), None if role is None else Role[role]
    return people.edit(call.database, call.text("person"), *given)


@operation(people.remove)
def remove(call: Call) -> Any:
    return people.remove(call.database, call.text("person"))


@operation(people.set_password)
def set_password(call: Call) -> Any:
    return people.set_password(call.database, call.text("person"), call.body["password"])


@operation(people.enable)
def enable(call: Call) -> Any:
    return people.enable(call.database, call.text("person"))


@operation(people.disable)
def disable(call: Call) -> Any:
    return people.disable(call.database, call.text("person"))


@operation(audit.find_page)
def find_page(call: Call) -> Page:
    before = after_of(call)
    if before is not None and not (type(before) is int and 0 < before <= _GREATEST):
        raise BadInput("The cursor is not one of this list.")
    found = audit.find_page(call.database, call.query.get("since"), before, call.limit + 1)
    return cut(call, found, lambda each: each.number)
