"""The types of bug tracker that are known."""

import dataclasses
from typing import Any

from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerType,
    IBatches,
    IChangesSince,
    IDuplicates,
    IMoves,
    ISweeps,
    IValidators,
    Polling,
    Scope,
)

#: What only some types can do, for people.
CAPABILITIES = {
    IBatches: "batches",
    IChangesSince: "changes since",
    IDuplicates: "duplicates",
    IMoves: "moves",
    ISweeps: "sweeps",
    IValidators: "validators",
}


@dataclasses.dataclass(frozen=True, slots=True)
class TypeFacts:
    """What is known of a type.

    - `dialects`: the protocols that it knows, the best first; empty if it is one,
    - `capabilities`: what it can do that not all can, of `CAPABILITIES`,
    - `polling`, `not_polled`: how long its bugs are asked for, and why no longer.
    """

    name: BugTrackerType
    title: str
    dialects: tuple[str, ...]
    capabilities: tuple[str, ...]
    polling: Polling
    not_polled: str


@remote(Scope.READ)
def list_types(database: Any) -> list[TypeFacts]:
    """All types that are registered, by name."""
    types: list[TypeFacts] = database.read(
        lambda trackers: [_facts(name, each) for name, each in trackers.getBugTrackerTypes()]
    )
    return types


def _facts(name: BugTrackerType, factory: Any) -> TypeFacts:
    external = factory(BugTrackerFacts("", name, ""))
    return TypeFacts(
        name,
        factory.title,
        tuple(factory.dialects),
        tuple(word for each, word in CAPABILITIES.items() if each.providedBy(external)),
        external.polling,
        external.not_polled,
    )
