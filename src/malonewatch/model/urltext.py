"""URLs in texts, and one way to write a URL.  Pure."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

# Quotation marks and the punctuation of scripts without spaces end a URL too.
_URL = re.compile(
    r"""https?://[^\s<>"'`{}|\\^“”„‟‘’‚«»‹›…、。，；：！？（）「」『』【】《》〈〉]+""",
    re.IGNORECASE,
)


def find_urls(text: str) -> Iterator[str]:
    """The URLs that stand in `text`, in its order."""
    for match in _URL.finditer(text):
        yield _trimmed(match.group())


def normalised(url: str) -> SplitResult | None:
    """`url`, None if it cannot be that of a bug."""
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        return None
    return parts


def without_user(url: str) -> str:
    """Without the user name and password that a URL may begin with."""
    return re.sub("//[^/?#]*@", "//", url)


def _trimmed(url: str) -> str:
    """Without the punctuation that belongs to the sentence around a URL."""
    while url:
        last = url[-1]
        opening = {")": "(", "]": "["}.get(last)
        if last in ".,;:!?*_" or (opening and url.count(last) > url.count(opening)):
            url = url[:-1]
        else:
            break
    return url
