"""Programs, which say by a token on whose behalf they ask."""

import base64
import binascii
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from pyramid.authorization import ACLHelper
from zope.component import queryUtility

from malonewatch.application import people
from malonewatch.interfaces import TOKEN_PREFIX, ITokenSet, Scope, TokenFacts
from malonewatch.web.database import RequestDatabase
from malonewatch.web.security import ADMINISTER, VIEW, Identity


def sent_token(request: Any) -> str:
    """The token in the header ``Authorization``: after ``Bearer``, or as the password of basic
    authentication, whatever the name is; empty if there is none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return str(value.strip())
    if scheme.lower() != "basic":
        return ""
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    password = pair.partition(":")[2]
    # Another one is for the proxy before us, which says itself who that is.
    return password if password.startswith(TOKEN_PREFIX) else ""


def token_in(request: Any) -> str:
    """The token in a link, or what `sent_token` finds if there is none.

    It stands in the query, which is written to no log of ours.
    """
    return request.GET.get("token") or sent_token(request)


class Bearer(NamedTuple):
    """Who asks by a token: that, and on whose behalf; who may less than before may no more with
    it."""

    token: TokenFacts
    identity: Identity

    def may(self, permission: str, place: Any) -> bool:
        """Whether that is permitted at a place of the desk, whatever the token is good for."""
        return bool(ACLHelper().permits(place, self.identity.principals, permission))


def find_bearer(text: str) -> Bearer | None:
    """Who asks by the token that says `text`; None if there is none, or whose it is may not come
    in."""
    tokens = queryUtility(ITokenSet)
    token = None if tokens is None or not text else tokens.query(text)
    if token is None:
        return None
    facts: TokenFacts = token.facts
    known = people.known_owner(RequestDatabase(), facts.owner)
    if known is None:
        return Bearer(facts, Identity(facts.owner, facts.scope is Scope.ADMIN))
    return Bearer(facts, Identity.of(known.account)) if known.account.enabled else None


def bearer_for(text: str, *scopes: Scope) -> Bearer | None:
    """Who asks by the token that says `text`, if there is one and it is good for one of those."""
    bearer = find_bearer(text)
    if bearer is None or not any(map(bearer.token.scope.allows, scopes)):
        return None
    return bearer


class Reader(NamedTuple):
    """Who reads feeds.

    - `address`: by which the person is told of things,
    - `is_administrator`: whether what is for other people may be seen,
    - `may_view`: says whether what is at a place of the desk may be.
    """

    address: str
    is_administrator: bool
    may_view: Callable[[Any], Any]

    def is_for(self, owner: str | None) -> bool:
        """Whether what is for the person with that address only, None for all, may be seen."""
        return self.is_administrator or owner is None or owner.lower() == self.address.lower()


def reader_of(request: Any) -> Reader | None:
    """Who reads feeds; None if nobody is known, and strangers may see nothing."""
    text = token_in(request)
    if text:
        return _reader_by(bearer_for(text, Scope.FEEDS))
    if request.authenticated_userid is None and not request.has_permission(VIEW):
        return None
    is_administrator = bool(request.has_permission(ADMINISTER))

    def may_view(located: Any) -> Any:
        return request.has_permission(VIEW, located)

    return Reader(own_address(request), is_administrator, may_view)


def _reader_by(bearer: Bearer | None) -> Reader | None:
    if bearer is None:
        return None
    may_view = functools.partial(bearer.may, VIEW)
    return Reader(bearer.identity.address, bearer.identity.is_administrator, may_view)


def own_address(request: Any) -> str:
    """The address by which who makes a request is told of things; empty if there is none."""
    identity: Identity | None = request.identity
    return "" if identity is None else identity.address
