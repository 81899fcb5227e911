"""The schema of what is stored: its versions, and the steps from one to the next.

A site has the version that all steps were done for, and says so in its
`IInstallation`.  To change what is stored, add a `Step` to `STEPS`, and let
`installation.SCHEMA` be the version that it leads to.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from malonewatch.interfaces import DatabaseError, UpgradeStep
from malonewatch.model import forges, index
from malonewatch.model.installation import SCHEMA, ensure_installation, install, schema_of
from malonewatch.model.site import site_of
from malonewatch.model.uri import shown

#: Called again and again with how much of a step is done, and how much there is.
Progress = Callable[[int, int], None]


class Step(NamedTuple):
    """A step to a version of the schema.

    - `description`: what it does, for people,
    - `is_quick`: whether it takes a second or less, by the set of bug trackers,
    - `run`: does it on an `IDatabase`, in transactions of no more than some
      thousand objects each.  It may have been done in part before, or whole.
    """

    version: int
    description: str
    is_quick: Callable[[Any], bool]
    run: Callable[[Any, Progress], None]


def _identify(database: Any, progress: Progress) -> None:
    database.write(lambda trackers: ensure_installation(site_of(trackers)) and None)


def _make_room(database: Any, progress: Progress) -> None:
    database.write(lambda trackers: install(site_of(trackers)) and None)


def _rekey_bases(database: Any, progress: Progress) -> None:
    database.write(lambda trackers: trackers.rekey_bases())


#: In the order in which they are done.
STEPS: tuple[Step, ...] = (
    Step(2, "Give the database an identity", lambda trackers: True, _identify),
    Step(2, "Find bug trackers in every spelling of a URL", lambda trackers: True, _rekey_bases),
    Step(2, "Make one bug tracker of all parts of a forge", forges.is_quick, forges.join_forges),
    Step(2, "Build the indexes that bug watches are searched by", index.is_quick, index.build),
    Step(3, "Make room for links in source trees", lambda trackers: True, _make_room),
    Step(4, "Make room for subscriptions, and for an outbox", lambda trackers: True, _make_room),
    Step(5, "Make room for tokens", lambda trackers: True, _make_room),
    Step(6, "Make room for accounts", lambda trackers: True, _make_room),
    Step(7, "Make room for an audit trail", lambda trackers: True, _make_room),
    Step(8, "Make room for what was answered", lambda trackers: True, _make_room),
)


def plan_upgrade(database: Any) -> list[UpgradeStep]:
    """See `IDatabase.planUpgrade`."""

    def plan(trackers: Any) -> list[UpgradeStep]:
        schema = schema_of(site_of(trackers))
        return [
            UpgradeStep(step.version, step.description, step.is_quick(trackers))
            for step in STEPS
            if step.version > schema
        ]

    steps: list[UpgradeStep] = database.read(plan)
    return steps


def upgrade(database: Any, progress: Callable[[str, int, int], None] | None = None) -> None:
    """See `IDatabase.upgrade`."""
    tell = progress or (lambda description, done, total: None)
    schema = database.schema
    for version in range(schema + 1, SCHEMA + 1):
        for step in STEPS:
            if step.version == version:
                step.run(database, lambda done, total: tell(step.description, done, total))  # noqa: B023
        database.write(lambda trackers: _set_schema(trackers, version))  # noqa: B023


def _set_schema(trackers: Any, version: int) -> None:
    ensure_installation(site_of(trackers)).schema = version


def upgrade_if_quick(database: Any) -> None:
    """Upgrade a database that is old, if that takes no time worth mentioning.

    :raises DatabaseError: it takes longer.
    """
    steps = plan_upgrade(database)
    if not all(step.quick for step in steps):
        raise DatabaseError(
            f"The database {shown(database.uri)} was made by an earlier version of malonewatch; "
            "bring it up to date with 'malonewatch upgrade'."
        )
    if steps:
        upgrade(database)


def refuse_newer(schema: int, uri: str) -> None:
    """See that this version knows the schema.

    :raises DatabaseError: it does not.
    """
    if schema > SCHEMA:
        raise DatabaseError(
            f"The database {shown(uri)} has been upgraded by a later version of malonewatch "
            f"(schema {schema}, and this one knows {SCHEMA}); use that one."
        )
