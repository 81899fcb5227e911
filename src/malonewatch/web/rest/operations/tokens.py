"""The operations on tokens."""

from typing import Any

from malonewatch.application import tokens
from malonewatch.interfaces import Scope
from malonewatch.web.rest.calls import Call, Made, Page, operation, page_of


@operation(tokens.list_tokens)
def list_tokens(call: Call) -> Page:
    found = tokens.list_tokens(call.database, call.query.get("owner"))
    return page_of(call, found, lambda each: each.id)


@operation(tokens.issue)
def issue(call: Call) -> Made:
    given = call.body
    expires = given.get("expires")
    scope = Scope[given["scope"]]
    return Made(tokens.issue(call.database, given["owner"], given["title"], scope, expires))


@operation(tokens.revoke)
def revoke(call: Call) -> Any:
    return tokens.revoke(call.database, call.number("token"))
