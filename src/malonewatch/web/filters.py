"""The parts of a search that are chosen rather than written.  Pure."""

import re
from typing import NamedTuple

from malonewatch.interfaces import BugTaskStatus

#: What a status may be chosen as: the term of a search, and its title.
STATUSES = (
    ("open", "Open"),
    ("fixed", "Fixed"),
    ("closed", "Closed"),
    *((f"status:{each.name.lower()}", each.title) for each in BugTaskStatus),
)

#: The same of when it became another one.
CHANGES = (
    ("changed<1d", "In the last day"),
    ("changed<7d", "In the last week"),
    ("changed<30d", "In the last 30 days"),
    ("changed<52w", "In the last year"),
)

_TERM = re.compile(r'(?:[a-z]+[:<])?(?:"[^"]*"|[^\s"]+)|"')


class Filters(NamedTuple):
    """A search: the terms that were chosen, the name of a bug tracker, and what was written."""

    written: str = ""
    status: str = ""
    tracker: str = ""
    changed: str = ""

    @classmethod
    def of(cls, search: str) -> "Filters":
        """Those of a search; what is there twice counts as written."""
        terms = _TERM.findall(search)
        found = cls(
            status=_only(terms, [term for term, _ in STATUSES]),
            changed=_only(terms, [term for term, _ in CHANGES]),
            tracker=_only(terms, [term for term in terms if term.startswith("tracker:")]),
        )
        left = " ".join(term for term in terms if term not in found)
        return found._replace(written=left, tracker=found.tracker.removeprefix("tracker:"))

    @property
    def search(self) -> str:
        """The search in one line."""
        tracker = f"tracker:{self.tracker}" if self.tracker else ""
        return " ".join(filter(None, (self.status, tracker, self.changed, self.written)))


def _only(terms: list[str], choices: list[str]) -> str:
    """The one of some choices that is among the terms; empty if none is, or several are."""
    found = [term for term in terms if term in choices]
    return found[0] if len(found) == 1 else ""
