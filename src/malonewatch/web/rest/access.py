"""Who asks, and what that allows."""

from typing import Any, NamedTuple

from malonewatch.interfaces import Scope
from malonewatch.web.rest.problems import Problem
from malonewatch.web.security import ADMINISTER, VIEW, WATCH
from malonewatch.web.tokens import Bearer, find_bearer, own_address

#: What has to be permitted to whoever asks for what takes a scope.
PERMISSIONS = {Scope.READ: VIEW, Scope.WATCH: WATCH, Scope.ADMIN: ADMINISTER}

_CHALLENGE = 'Bearer realm="malonewatch"'


class Access(NamedTuple):
    """Who asks.

    - `name`: of the person, or the program,
    - `address`: by which the person is told of things, empty without one,
    - `token`: the number of the token, None for somebody who is logged in,
    - `is_admin`: whether all is allowed.
    """

    name: str
    address: str
    token: int | None
    is_admin: bool


def access_for(request: Any, scope: Scope, permission: str, is_read: bool) -> Access:
    """Who asks, if that one may: the token has to be good for `scope`, and the person permitted.

    A session of the desk is good for reading: what changes something takes a
    token, which no browser sends by itself.

    :raises Problem: it is not known who asks, or not allowed.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    place = _place(request)
    if scheme.lower() == "bearer":
        bearer = _bearer(text.strip(), scope)
        token, identity = bearer
        is_allowed = bearer.may(permission, place)
        is_admin = identity.is_administrator and token.scope is Scope.ADMIN
        access = Access(identity.name, identity.address, token.id, is_admin)
    elif is_read and request.authenticated_userid is not None:
        is_allowed = request.has_permission(permission, place)
        is_admin = bool(request.has_permission(ADMINISTER, place))
        access = Access(request.authenticated_userid, own_address(request), None, is_admin)
    else:
        raise Problem(
            401,
            "no-token",
            f"This takes a token for {scope.value!r}, in a header 'Authorization: Bearer mw_...'.",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    if not is_allowed:
        raise Problem(403, "forbidden", "You may not do that here.")
    return access


def _place(request: Any) -> Any:
    """The place of the desk that a request is about, which may have a law of its own."""
    for kind, branch in (("bug", "bugs"), ("watch", "watches"), ("tracker", "trackers")):
        if kind in request.matchdict:
            try:
                return request.context[branch][request.matchdict[kind]]
            except KeyError:
                break
    return request.context


def _bearer(text: str, scope: Scope) -> Bearer:
    bearer = find_bearer(text)
    if bearer is None:
        raise Problem(
            401,
            "bad-token",
            "There is no such token, or not any more.",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )
    good_for = bearer.token.scope
    if not good_for.allows(scope):
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope.value}"'
        raise Problem(
            403,
            "forbidden",
            f"This takes a token for {scope.value!r}, and this one is for {good_for.value!r}.",
            headers={"WWW-Authenticate": challenge},
        )
    return bearer
