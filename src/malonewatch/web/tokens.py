"""Programs, which say by a token on whose behalf they ask."""

import base64
import binascii
from typing import Any

from zope.component import queryUtility

from malonewatch.interfaces import ITokenSet, Scope, TokenFacts


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
    return pair.partition(":")[2]


def token_for(text: str, scope: Scope) -> TokenFacts | None:
    """The token that says `text`, if there is one and it is good for `scope`."""
    tokens = queryUtility(ITokenSet)
    token = None if tokens is None or not text else tokens.query(text)
    facts: TokenFacts | None = None if token is None else token.facts
    return facts if facts is not None and facts.scope.allows(scope) else None
