"""People."""

from collections.abc import Iterator
from typing import Any

from zope.interface import Interface
from zope.schema import TextLine


class IPerson(Interface):
    """Somebody who registers bug trackers and adds watches."""

    name = TextLine(title="Name", description="Unique, fit for a URL.", readonly=True)
    displayname = TextLine(title="Display name")
    email = TextLine(
        title="E-mail address", description="Unique, whatever its case.", readonly=True
    )


class IPersonSet(Interface):
    """Utility: all people."""

    def __iter__() -> Iterator[Any]:
        """The people, by name."""

    def count() -> int:
        """How many there are."""

    def getByEmail(email: str, default: Any = None) -> Any:
        """The `IPerson` with that address, `default` if there is none."""

    def getByName(name: str, default: Any = None) -> Any:
        """The `IPerson` of that name, `default` if there is none."""

    def add(person: Any) -> Any:
        """Add an `IPerson` and return it.

        :raises BadInput: the name or the address is another person's.
        """

    def ensurePerson(email: str, displayname: str | None = None) -> Any:
        """The person with that address, who is added if not there.

        :raises BadInput: `email` is no address.
        """
