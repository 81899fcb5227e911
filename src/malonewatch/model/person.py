"""People."""

import re
from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import BadInput, IPerson, IPersonSet
from malonewatch.model.readonly import stored

#: In characters: of a name, or an address.
LONGEST = 254


@implementer(IPerson)
class Person(Persistent):
    """See `IPerson`."""

    __parent__: Any = None

    name = stored("name")
    email = stored("email")

    def __init__(self, name: str, displayname: str, email: str) -> None:
        self.__dict__.update(name=name, email=email)
        self.displayname = displayname

    @property
    def displayname(self) -> str:
        return str(self.__dict__["displayname"])

    @displayname.setter
    def displayname(self, displayname: str) -> None:
        if not _is_line(displayname):
            raise BadInput(f"{displayname[:80]!r} cannot be a name: it is one line, and not empty.")
        self.__dict__["displayname"] = displayname
        self._p_changed = True

    @property
    def __name__(self) -> str:
        return str(self.name)

    def __repr__(self) -> str:
        return f"<Person {self.name}>"


@implementer(IPersonSet)
class PersonSet(Persistent):
    """See `IPersonSet`."""

    __parent__: Any = None
    __name__ = "people"

    def __init__(self) -> None:
        self._names = OOBTree()
        self._emails = OOBTree()

    def __iter__(self) -> Iterator[Person]:
        return iter(self._names.values())

    def count(self) -> int:
        return len(self._names)

    def getByEmail(self, email: str, default: Any = None) -> Any:
        return self._emails.get(email.lower(), default)

    def getByName(self, name: str, default: Any = None) -> Any:
        return self._names.get(name, default)

    def add(self, person: Person) -> Person:
        check_address(person.email)
        if not _is_line(person.name) or " " in person.name:
            raise BadInput(f"{person.name[:80]!r} cannot be a person's name in URLs.")
        if person.name in self._names:
            raise BadInput(f"There is a person named {person.name} already.")
        if person.email.lower() in self._emails:
            raise BadInput(f"{person.email} is another person's address.")
        self._names[person.name] = person
        self._emails[person.email.lower()] = person
        person.__parent__ = self
        return person

    def ensurePerson(self, email: str, displayname: str | None = None) -> Person:
        person: Person | None = self.getByEmail(email)
        if person is not None:
            return person
        check_address(email)
        local = email.partition("@")[0]
        stem = re.sub(r"[^a-z0-9+.-]", "", local.lower()) or "person"
        name, number = stem, 0
        while name in self._names:
            number += 1
            name = f"{stem}-{number}"
        return self.add(Person(name, displayname or local, email))


def _is_line(text: str) -> bool:
    return 0 < len(text.strip()) <= LONGEST and text.isprintable()


def check_address(email: str) -> None:
    """See that `email` is an address.

    :raises BadInput: it is none.
    """
    local, _, host = email.partition("@")
    if (
        not (local and host)
        or "@" in host
        or " " in email
        or not email.isprintable()
        or len(email) > LONGEST
    ):
        raise BadInput(f"{email[:80]!r} is not an e-mail address.")
