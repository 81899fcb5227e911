"""Who makes a request, by a session or with a token, and what that one sees."""

import functools
from collections.abc import Callable
from typing import Any

from malonewatch.application import privacy
from malonewatch.interfaces import Scope
from malonewatch.web.security import MANAGE_TRACKERS, VIEW_PRIVATE
from malonewatch.web.tokens import Bearer, bearer_for, token_in


def sight_of(request: Any, place_of: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """Whether who makes a request may see the titles of a private bug, whose place on the desk is
    `place_of` it."""
    known: dict[int, bool] = {}
    # Most requests see no private bug.
    bearer = functools.cache(lambda: bearer_for(token_in(request), Scope.READ, Scope.FEEDS))

    def may_see(bug: Any) -> bool:
        if bug.id not in known:
            known[bug.id] = _may_see(request, bearer(), bug, place_of(bug))
        return known[bug.id]

    return may_see


def trust_of(request: Any, place_of: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """Whether who makes a request may see where the secrets are of a bug tracker, whose place on
    the desk is `place_of` it: who may change that, or whose the bug tracker is."""
    bearer = functools.cache(lambda: bearer_for(token_in(request), Scope.READ))

    def is_trusted(tracker: Any) -> bool:
        found, place = bearer(), place_of(tracker)
        if found is None:
            identity: Any = request.identity
            is_permitted = bool(request.has_permission(MANAGE_TRACKERS, place))
        else:
            identity = found.identity
            is_permitted = found.token.scope.allows(Scope.ADMIN) and found.may(
                MANAGE_TRACKERS, place
            )
        address = getattr(identity, "address", "").lower()
        owner = "" if tracker.owner is None else tracker.owner.email.lower()
        return is_permitted or (owner != "" and owner == address)

    return is_trusted


def _may_see(request: Any, bearer: Bearer | None, bug: Any, place: Any) -> bool:
    if bearer is not None:
        identity: Any = bearer.identity
        is_permitted = bearer.may(VIEW_PRIVATE, place)
    else:
        identity = request.identity
        is_permitted = request.has_permission(VIEW_PRIVATE, place)
    if is_permitted:
        return True
    address = getattr(identity, "address", "")
    return bool(address) and privacy.is_told(bug, address)
