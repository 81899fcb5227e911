"""Dialects of which each bug tracker speaks a variant of its own.  Pure."""

from typing import Any, ClassVar

from malonewatch.externalbugtracker.driver.ask import Instead
from malonewatch.externalbugtracker.driver.dialect import Dialect


class DetailedDialect(Dialect):
    """A dialect with details, such as the fields that there are.

    They follow its name, as in ``csv+issue+priority``.  It begins with the
    `first_details`, of all the `known_details` that there may be, and goes on
    with others as answers tell.
    """

    first_details: ClassVar[tuple[str, ...]]
    known_details: ClassVar[frozenset[str]]

    def __init__(self, tracker: Any, *details: str) -> None:
        super().__init__(tracker)
        self.details = details or self.first_details

    @classmethod
    def is_detail(cls, detail: str) -> bool:
        """Whether there may be such a detail."""
        return detail in cls.known_details

    @classmethod
    def named(cls, tracker: Any, name: str) -> Dialect | None:
        dialect, *details = name.split("+")
        is_one = dialect == cls.dialect_name and details and all(map(cls.is_detail, details))
        return cls(tracker, *details) if is_one else None

    @property
    def full_name(self) -> str:
        return "+".join((self.dialect_name, *self.details))

    def but(self, *details: str, certain: bool = True) -> Instead:
        """That it is spoken with those details."""
        return Instead(type(self)(self.tracker, *details).full_name, certain)
