"""The scanner, as it is registered."""

from collections.abc import Sequence
from typing import Any

from zope.interface import provider

from malonewatch.interfaces import ISourceScanner


@provider(ISourceScanner)
def scan(paths: Sequence[str], configuration: str | None = None) -> Any:
    """See `ISourceScanner`."""
    # Only now: all programs register this, and few of them scan.
    from malonewatch.scanning.tree import open_tree

    return open_tree(paths, configuration)
