"""People who log in: adding them, what they may do, their passwords."""

from collections.abc import Callable
from typing import Any, NamedTuple

from malonewatch.application import passwords
from malonewatch.application.audit import record
from malonewatch.application.references import get_part
from malonewatch.application.remote import remote
from malonewatch.interfaces import AccountFacts, BadInput, IAccountSet, ITokenSet, Role, Scope


class Known(NamedTuple):
    """Somebody who has an account; `stamp` is another one when sessions of it have ended."""

    account: AccountFacts
    stamp: str


class Removed(NamedTuple):
    """An account that was forgotten, or disabled, and how many tokens of the person went."""

    account: AccountFacts
    tokens: int


@remote(Scope.ADMIN)
def list_people(database: Any) -> list[AccountFacts]:
    """The people, by name.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> list[AccountFacts]:
        return [account.facts for account in get_part(IAccountSet)]

    found: list[AccountFacts] = database.read(step)
    return found


@remote(Scope.ADMIN)
def find(database: Any, name: str) -> AccountFacts:
    """Who has that name.

    :raises NotFoundError: nobody has.
    """
    found: AccountFacts = database.read(lambda trackers: get_part(IAccountSet).get(name).facts)
    return found


def known(database: Any, name: str) -> Known | None:
    """What is known of who has that name; None if nobody has.

    :raises DatabaseError: the database cannot be read.
    """

    found: Known | None = database.read(lambda trackers: _known(get_part(IAccountSet).query(name)))
    return found


def known_owner(database: Any, owner: str) -> Known | None:
    """What is known of whose a token is, by name or by address; None if nobody has either.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> Known | None:
        accounts = get_part(IAccountSet)
        return _known(accounts.query(owner) or accounts.queryByEmail(owner))

    found: Known | None = database.read(step)
    return found


def _known(account: Any) -> Known | None:
    return None if account is None else Known(account.facts, account.stamp)


@remote(Scope.ADMIN)
def add(database: Any, name: str, email: str = "", role: Role = Role.WATCHER) -> AccountFacts:
    """Let somebody be known by that name; without a password.

    :raises BadInput: the name or the address is no such, or another's.
    """

    def step(people: Any) -> Any:
        account = people.add(name, email, role)
        record("add", f"person {account.name}", role.value)
        return account

    return _change(database, step)


@remote(Scope.ADMIN)
def edit(
    database: Any, name: str, email: str | None = None, role: Role | None = None
) -> AccountFacts:
    """Change what is given; an empty address takes it away.

    :raises NotFoundError: there is nobody of that name.
    :raises BadInput: the address is none, or another's.
    """

    def step(people: Any) -> Any:
        account = people.get(name)
        before = account.facts
        people.edit(account, email, role)
        if role not in (None, before.role):
            record("edit", f"person {before.name}", f"role {account.facts.role.value}")
        if email not in (None, before.email):
            record("edit", f"person {before.name}", "e-mail address")
        return account

    return _change(database, step)


@remote(Scope.ADMIN)
def set_password(database: Any, name: str, password: str) -> AccountFacts:
    """Give somebody another password, which ends the sessions.

    :raises NotFoundError: there is nobody of that name.
    :raises BadInput: it cannot be a password.
    """
    passwords.check(password)

    def step(people: Any) -> Any:
        account = people.get(name)
        people.setPassword(account, made)
        record("give a password", f"person {account.name}")
        return account

    # Made before what writes, as it takes its time; and for who is there only.
    find(database, name)
    made = passwords.hashed(password)
    return _change(database, step)


def change_password(database: Any, name: str, old: str, new: str) -> AccountFacts:
    """Give somebody another password, who knows the one that is to go.

    :raises BadInput: the old one is not right, or the new one cannot be a password.
    """
    passwords.check(new)
    if log_in(database, name, old) is None:
        raise BadInput("The password that you have now is another one. Nothing was changed.")
    return set_password(database, name, new)


@remote(Scope.ADMIN)
def enable(database: Any, name: str) -> AccountFacts:
    """Let somebody come in again.

    :raises NotFoundError: there is nobody of that name.
    """

    def step(people: Any) -> Any:
        account = people.get(name)
        people.enable(account)
        record("enable", f"person {account.name}")
        return account

    return _change(database, step)


@remote(Scope.ADMIN)
def disable(database: Any, name: str) -> Removed:
    """Let somebody come in no more: sessions end, and tokens are revoked.

    :raises NotFoundError: there is nobody of that name.
    """

    def step(trackers: Any) -> Removed:
        people = get_part(IAccountSet)
        account = people.get(name)
        people.disable(account)
        record("disable", f"person {account.name}")
        return Removed(account.facts, _revoke_tokens(account.facts))

    disabled: Removed = database.write(step)
    return disabled


@remote(Scope.ADMIN)
def remove(database: Any, name: str) -> Removed:
    """Forget somebody: sessions end, and tokens are revoked.  What the address is subscribed to
    stays.

    :raises NotFoundError: there is nobody of that name.
    """

    def step(trackers: Any) -> Removed:
        people = get_part(IAccountSet)
        account = people.get(name)
        facts = account.facts
        people.remove(account)
        record("remove", f"person {facts.name}")
        return Removed(facts, _revoke_tokens(facts))

    removed: Removed = database.write(step)
    return removed


def log_in(database: Any, name: str, password: str) -> Known | None:
    """Who that is, if the password is right and the account can be used; else None.

    How long that takes does not tell which of it is not so.

    :raises DatabaseError: the database cannot be read.
    """

    def look(trackers: Any) -> tuple[str | None, Known | None]:
        account = get_part(IAccountSet).query(name)
        if account is None or not account.facts.enabled:
            return None, None
        return account.password, Known(account.facts, account.stamp)

    stored, found = database.read(look)
    if not passwords.matches(stored, password):
        return None
    if passwords.is_outdated(stored):
        made = passwords.hashed(password)

        def keep(trackers: Any) -> None:
            people = get_part(IAccountSet)
            account = people.query(name)
            # It may have another password by now, or be gone.
            if account is not None and account.password == stored:
                people.rehash(account, made)

        database.write(keep)
    who: Known | None = found
    return who


def _change(database: Any, step: Callable[[Any], Any]) -> AccountFacts:
    """What an account is like after `step`, which is given the accounts and returns it."""
    changed: AccountFacts = database.write(lambda trackers: step(get_part(IAccountSet)).facts)
    return changed


def _revoke_tokens(account: AccountFacts) -> int:
    """Revoke the tokens that somebody owns, by name or by address; how many."""
    tokens, owners = get_part(ITokenSet), {account.name, account.email.lower()} - {""}
    gone = [token for token in tokens if token.facts.owner.lower() in owners]
    for token in gone:
        record("revoke", f"token {token.id}", f"of {token.facts.owner}")
        tokens.revoke(token)
    return len(gone)
