"""Tokens: by which a program says on whose behalf it asks, and what it may."""

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from zope.interface import Attribute, Interface

#: What each token begins with, so that it is known for what it is where it has leaked.
TOKEN_PREFIX = "mw_"


class Scope(enum.Enum):
    """What a token is good for.  The value is how it is written."""

    READ = "read"  #: see what is watched
    WATCH = "watch"  #: watch, check, unwatch and subscribe as well
    ADMIN = "admin"  #: everything that can be done from elsewhere
    METRICS = "metrics"  #: the figures, and nothing else
    FEEDS = "feeds"  #: the feeds of its owner, and nothing else

    def allows(self, scope: "Scope") -> bool:
        """Whether a token of this scope is good for what wants `scope`."""
        return scope in _ALLOWED[self]


_ALLOWED = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.WATCH: frozenset({Scope.READ, Scope.WATCH}),
    Scope.ADMIN: frozenset(Scope),
    Scope.METRICS: frozenset({Scope.METRICS}),
    Scope.FEEDS: frozenset({Scope.FEEDS}),
}


class TokenFacts(NamedTuple):
    """A token, without what it says.

    - `title`: what it is for, in a person's words,
    - `owner`: an e-mail address, or the name by which somebody logs in,
    - `created`, and `expires` (None: never), both aware, in UTC.
    """

    id: int
    title: str
    owner: str
    scope: Scope
    created: datetime
    expires: datetime | None


class IToken(Interface):
    """A token.  What it says is known to whoever it was given to, and not kept."""

    id = Attribute("Its number, which no other one gets.")
    facts = Attribute("The `TokenFacts`.")


class ITokenSet(Interface):
    """Utility: the tokens that were given out."""

    def issue(
        owner: str, title: str, scope: Scope, expires: datetime | None = None
    ) -> tuple[IToken, str]:
        """Make a token; with what it says, which is shown once and kept nowhere: ``mw_`` and 43
        letters, digits, ``-`` and ``_``.

        :raises BadInput: `owner` or `title` is not one line of 1 to 200 characters, or `expires`
            is not in the future.
        """

    def query(text: str) -> IToken | None:
        """The token that says `text`; None if there is none, or if it has expired.

        How long that takes tells nothing about what is kept.
        """

    def get(id: int) -> IToken:
        """The token of that number, expired or not.

        :raises NotFoundError: there is none.
        """

    def revoke(token: IToken) -> None:
        """Forget a token, so that it is good for nothing."""

    def __iter__() -> Iterator[IToken]:
        """All tokens by number, the expired ones too."""

    def __len__() -> int:
        """How many there are."""
