"""The types of external bug tracker, a module each.

A module knows all that is known about its type and nothing else: its URLs,
its protocol, what its statuses and importances mean.  What all have in common
is in `driver`.

The type `Bugzilla` is the class of that name in the module ``bugzilla``, which
is loaded when it is first wanted.
"""

import importlib
from typing import Any

from malonewatch.externalbugtracker.driver import ExternalBugTracker

__all__ = ["ExternalBugTracker"]


def __getattr__(name: str) -> Any:
    if name[:1].isupper():
        try:
            module = importlib.import_module(f"{__name__}.{name.lower()}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name.lower()}":
                raise
        else:
            # From now on it is found without being looked for.
            found = globals()[name] = getattr(module, name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
