"""People."""

import re
from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import BadInput, IPerson, IPersonSet

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@implementer(IPerson)
class Person(Persistent):
    """See `IPerson`."""

    __parent__: Any = None

    def __init__(self, name: str, displayname: str, email: str) -> None:
        self.name = name
        self.displayname = displayname
        self.email = email

    @property
    def __name__(self) -> str:
        return self.name

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
        if _ADDRESS.fullmatch(person.email) is None:
            raise BadInput(f"{person.email!r} is not an e-mail address.")
        if person.name in self._names:
            raise BadInput(f"There is a person named {person.name} already.")
        if person.email.lower() in self._emails:
            raise BadInput(f"{person.email} is another person's address.")
        self._names[person.name] = person
        self._emails[person.email.lower()] = person
        person.__parent__ = self
        return person

    def ensurePerson(self, email: str, displayname: str | None = None) -> Person:
        person = self.getByEmail(email)
        if person is not None:
            return person
        local = email.partition("@")[0]
        stem = re.sub(r"[^a-z0-9+.-]", "", local.lower()) or "person"
        name, number = stem, 0
        while name in self._names:
            number += 1
            name = f"{stem}-{number}"
        return self.add(Person(name, displayname or local, email))
