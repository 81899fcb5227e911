"""The operations on bugs of ours."""

from typing import Any

from malonewatch.application import bugs
from malonewatch.application.references import MOST_DIGITS
from malonewatch.interfaces import BadInput
from malonewatch.web.rest.calls import Call, Page, after_of, both, cut, operation, single


@operation(bugs.list_page)
def list_page(call: Call) -> Page:
    after = after_of(call)
    if after is None:
        after = 0
    if type(after) is not int or not 0 <= after < 10**MOST_DIGITS:
        raise BadInput("The cursor is not one of this list.")
    found = bugs.list_page(call.database, after + 1, call.limit + 1)
    return cut(call, found, lambda each: each.id)


@operation(bugs.find)
def find(call: Call) -> Any:
    with single():
        return bugs.find(call.database, [call.number("bug")])[0]


@operation(bugs.retitle)
def retitle(call: Call) -> Any:
    return both(bugs.retitle(call.database, call.number("bug"), call.body["title"]))


@operation(bugs.set_private)
def set_private(call: Call) -> Any:
    return both(bugs.set_private(call.database, call.number("bug"), call.body["private"]))


@operation(bugs.delete)
def delete(call: Call) -> None:
    with single():
        bugs.delete(call.database, [call.number("bug")])
