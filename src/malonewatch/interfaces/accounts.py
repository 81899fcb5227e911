"""Accounts: who may log in, and what they may do."""

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from zope.interface import Attribute, Interface


class Role(enum.Enum):
    """What somebody may do; each may what the former may.  The value is how it is written."""

    VIEWER = "viewer"  #: see what is watched
    WATCHER = "watcher"  #: watch, check, unwatch and subscribe
    MANAGER = "manager"  #: register, change and map bug trackers
    ADMINISTRATOR = "administrator"  #: everything


class AccountFacts(NamedTuple):
    """An account, without what is secret of it.

    - `name`: by which somebody logs in,
    - `email`: whose subscriptions are this person's; empty without one,
    - `enabled`: whether it can be used,
    - `has_password`: without one it is good for those only whom a proxy names,
    - `created`: aware, in UTC.
    """

    name: str
    email: str
    role: Role
    enabled: bool
    has_password: bool
    created: datetime


class IAccount(Interface):
    """How somebody is known who logs in.

    It is not an `IPerson`, who is told of something or has reported it, and
    whom an application may have from elsewhere; both meet in the address.
    """

    name = Attribute("By which somebody logs in; unique, whatever its case, and never another.")
    facts = Attribute("The `AccountFacts`.")
    password = Attribute("A hash of the password, whoever made it; None without one.")
    stamp = Attribute(
        "A text that is another one after each change that ends the person's sessions."
    )


class IAccountSet(Interface):
    """Utility: all accounts."""

    def add(name: str, email: str = "", role: Role = Role.WATCHER) -> IAccount:
        """Add an account, without a password.

        :raises BadInput: the name or the address is no such, or another account's.
        """

    def get(name: str) -> IAccount:
        """The account of that name, whatever its case.

        :raises NotFoundError: there is none.
        """

    def query(name: str) -> IAccount | None:
        """The account of that name, whatever its case; None if there is none."""

    def queryByEmail(email: str) -> IAccount | None:
        """The account with that address, whatever its case; None if there is none."""

    def edit(account: IAccount, email: str | None = None, role: Role | None = None) -> None:
        """Change what is not None; an empty `email` takes the address away.

        :raises BadInput: the address is none, or another account's.
        """

    def setPassword(account: IAccount, password: str) -> None:
        """Keep the hash of another password; the person's sessions end."""

    def rehash(account: IAccount, password: str) -> None:
        """Keep another hash of the same password."""

    def enable(account: IAccount) -> None:
        """Let it be used again."""

    def disable(account: IAccount) -> None:
        """Let it be used no more; the person's sessions end."""

    def remove(account: IAccount) -> None:
        """Forget an account; the person's sessions end."""

    def __iter__() -> Iterator[IAccount]:
        """All accounts, by name."""

    def __len__() -> int:
        """How many there are."""
