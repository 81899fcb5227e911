"""Accounts, as they are kept."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import (
    AccountFacts,
    BadInput,
    IAccount,
    IAccountSet,
    NotFoundError,
    Role,
)
from malonewatch.model.person import check_address
from malonewatch.model.readonly import stored
from malonewatch.model.times import from_seconds, now, to_seconds

#: Fit for a URL and a command line, and nothing that stands for many in an access control list.
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}", re.ASCII)


@implementer(IAccount)
class Account(Persistent):
    """See `IAccount`."""

    name = stored("name")

    password: str | None = None
    enabled = True

    def __init__(self, name: str, email: str, role: Role) -> None:
        self.__dict__["name"] = name
        self.email = email
        self.role = role.name
        self.created = to_seconds(now())
        self.renew()

    def __repr__(self) -> str:
        return f"<Account {self.name}>"

    def renew(self) -> None:
        """Let all sessions end."""
        # By chance: one that has the name of another that was removed begins with none of its.
        self.stamp = secrets.token_hex(8)

    @property
    def facts(self) -> AccountFacts:
        return AccountFacts(
            self.name,
            self.email,
            Role[self.role],
            self.enabled,
            self.password is not None,
            from_seconds(self.created),
        )


@implementer(IAccountSet)
class AccountSet(Persistent):
    """See `IAccountSet`."""

    __parent__: Any = None
    __name__ = "accounts"

    def __init__(self) -> None:
        self._accounts = OOBTree()
        #: The name of who has an address, in lower case.
        self._emails = OOBTree()

    def add(self, name: str, email: str = "", role: Role = Role.WATCHER) -> Account:
        name = name.lower()
        if _NAME.fullmatch(name) is None:
            raise BadInput(
                f"{name[:80]!r} cannot be a name to log in by: that is 1 to 100 letters, digits "
                "and '._@+-', and begins with a letter or a digit."
            )
        if name in self._accounts:
            raise BadInput(f"There is an account {name} already.")
        self._check_email(email, name)
        account = Account(name, email, role)
        self._accounts[name] = account
        if email:
            self._emails[email.lower()] = name
        return account

    def get(self, name: str) -> Account:
        account = self.query(name)
        if account is None:
            raise NotFoundError(f"There is no account {name[:80]!r}.")
        return account

    def query(self, name: str) -> Account | None:
        account: Account | None = self._accounts.get(name.lower())
        return account

    def queryByEmail(self, email: str) -> Account | None:
        name = self._emails.get(email.lower())
        return None if name is None else self.query(name)

    def edit(self, account: Any, email: str | None = None, role: Role | None = None) -> None:
        if email is not None and email != account.email:
            self._check_email(email, account.name)
            self._emails.pop(account.email.lower(), None)
            if email:
                self._emails[email.lower()] = account.name
            account.email = email
        if role is not None:
            account.role = role.name

    def _check_email(self, email: str, name: str) -> None:
        """See that the account of that name may have this address."""
        if not email:
            return
        check_address(email)
        if self._emails.get(email.lower(), name) != name:
            raise BadInput(f"{email} is the address of another account.")

    def setPassword(self, account: Any, password: str) -> None:
        account.password = password
        account.renew()

    def rehash(self, account: Any, password: str) -> None:
        account.password = password

    def enable(self, account: Any) -> None:
        account.enabled = True

    def disable(self, account: Any) -> None:
        account.enabled = False
        account.renew()

    def remove(self, account: Any) -> None:
        del self._accounts[account.name]
        self._emails.pop(account.email.lower(), None)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def __len__(self) -> int:
        return len(self._accounts)
