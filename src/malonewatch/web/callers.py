"""Who makes a request, by a session or with a token, and what that one sees."""

from collections.abc import Callable
from typing import Any

from pyramid.authorization import ACLHelper

from malonewatch.application import privacy
from malonewatch.interfaces import Scope, TokenFacts
from malonewatch.web.security import VIEW_PRIVATE, Identity
from malonewatch.web.tokens import identity_of, token_for, token_in


def sight_of(request: Any, place_of: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """Whether who makes a request may see the titles of a private bug, whose place on the desk is
    `place_of` it."""
    known: dict[int, bool] = {}

    def may_see(bug: Any) -> bool:
        if bug.id not in known:
            known[bug.id] = _may_see(request, bug, place_of(bug))
        return known[bug.id]

    return may_see


def _may_see(request: Any, bug: Any, place: Any) -> bool:
    token = _token_of(request)
    if token is not None:
        identity: Identity | None = identity_of(token)
        assert identity is not None
        is_permitted = ACLHelper().permits(place, identity.principals, VIEW_PRIVATE)
    else:
        identity = request.identity
        is_permitted = request.has_permission(VIEW_PRIVATE, place)
    if is_permitted:
        return True
    address = getattr(identity, "address", "")
    return bool(address) and privacy.is_told(bug, address)


def _token_of(request: Any) -> TokenFacts | None:
    text = token_in(request)
    for scope in (Scope.READ, Scope.FEEDS):
        token = token_for(text, scope)
        if token is not None:
            return token
    return None
