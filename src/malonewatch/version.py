"""Which malonewatch this is."""

import importlib.metadata


def version() -> str:
    """malonewatch's own version."""
    try:
        return importlib.metadata.version("malonewatch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
