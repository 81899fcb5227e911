"""Tokens: given out, listed, and taken back."""

from datetime import datetime
from typing import Any, NamedTuple

from malonewatch.application.audit import record
from malonewatch.application.references import get_part
from malonewatch.application.remote import remote
from malonewatch.interfaces import ITokenSet, Scope, TokenFacts


class Issued(NamedTuple):
    """A token that was made: what is known of it, and what it says, which is not kept."""

    token: TokenFacts
    text: str


@remote(Scope.ADMIN)
def issue(
    database: Any, owner: str, title: str, scope: Scope, expires: datetime | None = None
) -> Issued:
    """Make a token for somebody.

    :raises BadInput: as `ITokenSet.issue`.
    """

    def step(trackers: Any) -> Issued:
        token, text = get_part(ITokenSet).issue(owner, title, scope, expires)
        record("issue", f"token {token.id}", f"{scope.value}, for {owner}: {title}")
        return Issued(token.facts, text)

    issued: Issued = database.write(step)
    return issued


@remote(Scope.ADMIN)
def list_tokens(database: Any, owner: str | None = None) -> list[TokenFacts]:
    """The tokens by number, the expired ones too; those of one owner only.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> list[TokenFacts]:
        tokens = (token.facts for token in get_part(ITokenSet))
        return [facts for facts in tokens if owner is None or facts.owner == owner]

    found: list[TokenFacts] = database.read(step)
    return found


@remote(Scope.ADMIN)
def revoke(database: Any, number: int) -> TokenFacts:
    """Take a token back, for good; what it was.

    :raises NotFoundError: there is no such token.
    """

    def step(trackers: Any) -> TokenFacts:
        tokens = get_part(ITokenSet)
        token = tokens.get(number)
        facts: TokenFacts = token.facts
        tokens.revoke(token)
        record("revoke", f"token {facts.id}", f"of {facts.owner}: {facts.title}")
        return facts

    revoked: TokenFacts = database.write(step)
    return revoked
