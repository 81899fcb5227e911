import dataclasses
import enum
from datetime import date, datetime, timezone
from types import MappingProxyType
from typing import NamedTuple

import pytest

from malonewatch.application.plain import joined, plain
from malonewatch.interfaces import BugTaskStatus, BugTrackerType


class Colour(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    first: object
    second: object


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    id: int
    status: BugTaskStatus


@dataclasses.dataclass(frozen=True, slots=True)
class One:
    id: int


@dataclasses.dataclass(frozen=True, slots=True)
class Details:
    facts: Facts
    pairs: tuple[Pair, ...]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        ("text", "text"),
        (BugTrackerType("TRAC"), "TRAC"),
        (Colour.RED, "RED"),
        (date(2024, 5, 6), "2024-05-06"),
        (datetime(2024, 5, 6, 12, tzinfo=timezone.utc), "2024-05-06T12:00:00+00:00"),
        (MappingProxyType({Colour.RED: (1, 2)}), {"RED": [1, 2]}),
        (Pair(Colour.RED, [date(2024, 5, 6)]), {"first": "RED", "second": ["2024-05-06"]}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (Facts(1, BugTaskStatus.NEW), {"id": 1, "status": "NEW"}),
        (One(1), {"id": 1}),
    ],
)
def test_values_are_as_json_has_them(value, expected):
    assert plain(value) == expected


def test_facts_are_joined_with_what_is_beside_them():
    details = Details(Facts(1, BugTaskStatus.NEW), (Pair(1, 2),))
    assert joined(details) == {"id": 1, "status": "NEW", "pairs": [{"first": 1, "second": 2}]}
