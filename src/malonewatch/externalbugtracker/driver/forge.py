"""Forges: hosts with very many projects, each with bugs of its own."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

from malonewatch.externalbugtracker.driver.ask import Ask, Judgement
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.labels import row_of_label
from malonewatch.externalbugtracker.driver.remembering import remembered
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.interfaces import Response, TableRow

#: In characters.
LONGEST_ID = 1000
_NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="?next\b')


class ByPlace(Dialect):
    """A dialect of forges: bugs are asked for place by place, and alone where there is but one."""

    page_size = 100
    #: The field of a record with the URL that people see, if an answer has it wherever redirects
    #: led from a bug: it moved, or the place has another name now.
    page_field: ClassVar[str | None] = None
    #: Where the bugs of a place are, with ``{}`` for that, if each is below by its number.
    bugs_of: ClassVar[str] = ""

    def called(self, remotebug: str) -> str:
        return split_id(remotebug)[1]

    def ask_one(self, remotebug: str) -> Ask:
        if not self.bugs_of:
            return super().ask_one(remotebug)
        place, number = split_id(remotebug)
        return Ask(f"{self.bugs_of.format(place)}/{number}", (), (remotebug,), alone=True)

    def portions(self, ids: Sequence[str]) -> Iterator[Sequence[str]]:
        for place, some in by_place(ids).items():
            size = self.page_size if place else 1
            for start in range(0, len(some), size):
                yield some[start : start + size]

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        for portion in self.portions(ids):
            if len(portion) > 1:
                yield from self.ask_many(portion, None)
            else:
                yield self.ask_one(portion[0])

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.ids and response.status != 200:
            # Of a list it is the place that the HTTP status is about.
            ask = ask.for_one()
        return super().judge(ask, response, answer)

    def led_to(self, ask: Ask, response: Response) -> str | None:
        if self.page_field is None or not response.moved or response.status != 200:
            return None
        url: str = json.loads(response.body)[self.page_field]
        return None if self.tracker.id_at(url) in ask.ids else url


class OneByOne(ByPlace):
    """A dialect of forges that list what changed in a place, but tell certain bugs alone only."""

    def ask_changes(self, place: str, ids: Sequence[str], since: datetime) -> Ask | None:
        """The question for what changed in a place that has those bugs; None if there is none."""
        raise TypeError(f"{type(self).__name__} asks for no changes")

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        return map(self.ask_one, ids)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for place, some in by_place(ids).items():
            changes = None
            if since is not None and len(some) > 1:
                changes = self.ask_changes(place, some, since)
            yield from map(self.ask_one, some) if changes is None else (changes,)


class Forge(ByPlace, ExternalBugTracker):
    """Base of types where a host is one bug tracker, whatever projects it has.

    A remote id is that of a place and a number there, ``owner/project#12``; one
    without a place is a bug of the host as a whole, where the type has such.
    Where a project counts something else too, ``owner/project!12``, that is
    another place, ``owner/project!``.
    """

    #: What a place looks like, whole; it stands for a product in links.
    place_pattern: ClassVar[str]
    #: Whether the case of places does not matter to the software.
    folds_places: ClassVar[bool] = False
    # Of one place there are not so many, and the numbers are 32 bits wide.
    highest_id = 2**31 - 1
    # The more are asked for, the more of them are in the same places.
    request_size = 1000
    multi_product = True
    _is_place: ClassVar[Callable[[str], bool]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        matches = re.compile(cls.place_pattern, re.ASCII).fullmatch

        # Bugs of the same places come again and again.
        @remembered
        def is_place(place: str) -> bool:
            steps = place.removesuffix("!").split("/")
            # No path is to lead elsewhere on the server.
            return "." not in steps and ".." not in steps and matches(place) is not None

        cls._is_place = staticmethod(is_place)

    @classmethod
    def canonical_place(cls, place: str) -> str:
        """The one way to write a place, which may come from a URL."""
        place = unquote(place).strip("/")
        return place.lower() if cls.folds_places else place

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        place, number = split_id(remotebug.strip())
        mark = "!" if place.endswith("!") else ""
        place = cls.canonical_place(place.removesuffix("!")) if place else ""
        number = super().canonicalRemoteBug(number)
        return join_id(place + mark, number)

    @classmethod
    def is_valid(cls, remotebug: str) -> bool:
        if len(remotebug) > LONGEST_ID:
            return False
        place, number = split_id(remotebug)
        return cls._is_place(place) and super().is_valid(number)

    def parts(self, remotebug: str) -> Mapping[str, str]:
        place, number = split_id(remotebug)
        return {"place": place.removesuffix("!"), "id": number}

    def getBugURL(self, remotebug: str) -> str:
        parts = self.parts(remotebug)
        kind = bool(parts["place"]), "!" in remotebug
        shape = next(
            shape
            for shape in self.urls
            if ("{place}" in shape.remotebug, "!" in shape.remotebug) == kind
        )
        return self.baseurl + shape.build({**self.places, **parts})

    def link_values(
        self, remote_product: str | None, summary: str, description: str
    ) -> dict[str, str | None]:
        product = remote_product or ""
        is_place = "!" not in product and self.is_valid(join_id(product, "1")) and product
        return super().link_values(product if is_place else None, summary, description)

    def weighed(self, words: str) -> TableRow | None:
        """The row of a label, or of a word."""
        return row_of_label(words, self.importances) or super().weighed(words)


# Of each bug that is asked for it is wanted several times.
@remembered
def split_id(remotebug: str) -> tuple[str, str]:
    """The place, which may be empty, and the number."""
    place, _, number = remotebug.rpartition("#")
    if "!" in number:
        # It is the last of the two marks that counts.
        place, mark, number = remotebug.rpartition("!")
        place += mark
    return place, number


def join_id(place: str, number: str) -> str:
    """The id of the bug of that number in a place, which may be empty."""
    return f"{place}{number}" if not place or place.endswith("!") else f"{place}#{number}"


def next_link(response: Response) -> str | None:
    """Where the next page of an answer is; None if that was the last."""
    found = _NEXT.search(response.headers.get("link", "")[:4000])
    return None if found is None else found[1]


def by_place(ids: Iterable[str]) -> dict[str, list[str]]:
    """`ids` by their place."""
    found: dict[str, list[str]] = {}
    for remotebug in ids:
        found.setdefault(split_id(remotebug)[0], []).append(remotebug)
    return found
