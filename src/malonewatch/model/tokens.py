"""Tokens, as they are kept: by a digest of what they say."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import (
    TOKEN_PREFIX,
    BadInput,
    IToken,
    ITokenSet,
    NotFoundError,
    Scope,
    TokenFacts,
)
from malonewatch.model.numbers import Numbered
from malonewatch.model.times import from_optional, from_seconds, now, to_optional, to_seconds

#: Nobody guesses so many, so a plain digest keeps what they are.
_BYTES = 32
_LONGEST = 200


@implementer(IToken)
class Token(Persistent):
    """See `IToken`."""

    def __init__(
        self, id: int, digest: bytes, title: str, owner: str, scope: Scope, created: datetime
    ) -> None:
        self.id = id
        self.digest = digest
        self.title = title
        self.owner = owner
        self.scope = scope.name
        self.created = to_seconds(created)
        self.expires: float | None = None

    def __repr__(self) -> str:
        return f"<Token {self.id}>"

    @property
    def facts(self) -> TokenFacts:
        return TokenFacts(
            self.id,
            self.title,
            self.owner,
            Scope[self.scope],
            from_seconds(self.created),
            from_optional(self.expires),
        )


@implementer(ITokenSet)
class TokenSet(Numbered):
    """See `ITokenSet`."""

    def __init__(self) -> None:
        self._tokens = LOBTree()
        self._by_digest = OLBTree()

    def issue(
        self, owner: str, title: str, scope: Scope, expires: datetime | None = None
    ) -> tuple[Token, str]:
        owner, title = _line(owner, "A token's owner"), _line(title, "What a token is for")
        created = now()
        if expires is not None and to_seconds(expires) <= to_seconds(created):
            raise BadInput("A token that is to expire in the past would be good for nothing.")
        text = TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)
        token = Token(self._next_number(self._tokens), _digest(text), title, owner, scope, created)
        token.expires = to_optional(expires)
        self._tokens[token.id] = token
        self._by_digest[token.digest] = token.id
        return token, text

    def query(self, text: str) -> Token | None:
        # What is compared is digests, so that time tells nothing of a token.
        number = self._by_digest.get(_digest(text))
        if number is None:
            return None
        token: Token = self._tokens[number]
        if token.expires is not None and token.expires <= to_seconds(now()):
            return None
        return token

    def get(self, id: int) -> Token:
        token: Token | None = self._tokens.get(id)
        if token is None:
            raise NotFoundError(f"There is no token {id}.")
        return token

    def revoke(self, token: Any) -> None:
        self._retire_number(self._tokens, token.id)
        del self._tokens[token.id]
        del self._by_digest[token.digest]

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens.values())

    def __len__(self) -> int:
        return len(self._tokens)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _line(text: str, what: str) -> str:
    text = text.strip()
    if not text or not text.isprintable() or len(text) > _LONGEST:
        raise BadInput(f"{what} is said in one line of at most {_LONGEST} characters.")
    return text
