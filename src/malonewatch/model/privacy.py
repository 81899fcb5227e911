"""What not everybody may know the title of."""

from typing import Any


def is_private(watch: Any) -> bool:
    """Whether the titles of a watch, and of its bug, are not for everybody."""
    return bool(watch.private or getattr(watch.bug, "private", False))
