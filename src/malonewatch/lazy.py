"""What the model registers, so that nothing of a database is loaded before one is wanted.

That takes longer than all else that a command loads; some have others to do meanwhile.
"""

from typing import Any

from zope.interface import directlyProvides

from malonewatch.interfaces import IDatabaseOpener


class LazyOpener:
    """Stands for `malonewatch.model.open_database`."""

    def __init__(self) -> None:
        directlyProvides(self, IDatabaseOpener)

    def __call__(self, uri: str | None = None, *args: Any, **options: Any) -> Any:
        from malonewatch.model import open_database

        return open_database(uri, *args, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        from malonewatch.model import open_database

        return getattr(open_database, name)


open_database = LazyOpener()


def database_of(bugtracker: Any) -> Any:
    """See `malonewatch.model.database.database_of`."""
    from malonewatch.model import database

    return database.database_of(bugtracker)


def bug_retitled(bug: Any, event: Any) -> None:
    """See `malonewatch.model.index.bug_retitled`."""
    from malonewatch.model import index

    index.bug_retitled(bug, event)
