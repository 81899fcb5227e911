"""How each operation is done, a module for what belongs together."""

from malonewatch.web.rest.operations import (  # noqa: F401
    bugs,
    people,
    site,
    subscriptions,
    tokens,
    trackers,
    transfer,
    watches,
    words,
)
