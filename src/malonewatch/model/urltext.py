"""One way to write a URL.  Pure, and linear in the length of what is given."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from malonewatch.model.baseurl import is_address, plain_address, plain_path
from malonewatch.texturls import LONGEST_URL

#: How many segments the path of a bug's URL may have.
DEEPEST = 50

# What is seldom part of a bug's URL, and often sticks to one.
_DOUBTFUL = re.compile(r"[^!-~]|[(\[!$*,:;]|\.(?=[A-Z])")

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")
_OVERDONE = re.compile(r"(?<=[0-9])/?%23")


def shortened(url: str) -> str | None:
    """`url` without all from the first character on that may well be no part of it."""
    path = url.find("/", len("https://"))
    doubtful = _DOUBTFUL.search(url, path) if path >= 0 else None
    return None if doubtful is None else url[: doubtful.start()]


def normalised(url: str) -> SplitResult | None:
    """The one way to write `url`; None if it cannot be that of a bug.

    Scheme and host are in lower case, there is no default port, neither path
    nor query ends with a slash, and no slash follows another one, nor is
    anything percent-encoded that need not be, in the path.  The path of a
    ``mailto:`` is an address as people write it.
    """
    url = _unwrapped(url)
    if len(url) > LONGEST_URL or len(url.split()) != 1:
        return None
    try:
        parts = urlsplit(_OVERDONE.sub("#", url, count=1) if "%23" in url else url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme == "mailto":
        address = plain_address(unquote(parts.path))
        return SplitResult("mailto", "", address, parts.query, "") if is_address(address) else None
    host = (parts.hostname or "").rstrip(".")
    if (
        parts.scheme not in ("http", "https")
        or "@" in parts.netloc
        or _HOST.fullmatch(host) is None
        or "://" in parts.netloc + parts.path
    ):
        return None
    path = plain_path(parts.path)
    if path.count("/") > DEEPEST:
        return None
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme]:
        host = f"{host}:{port}"
    query = parts.query.rstrip("/")
    return SplitResult(parts.scheme, host, path, query, parts.fragment)


def _unwrapped(url: str) -> str:
    """Without ``<URL:`` and ``>``, which RFC 3986 recommends around a URL in a text."""
    url = url.strip()
    if url.startswith("<") and url.endswith(">"):
        url = url[1:-1].strip()
        if url[:4].upper() == "URL:":
            url = url[4:]
    return url


def without_user(url: str) -> str:
    """Without the user name and password that a URL may begin with."""
    return re.sub("//[^/?#]*@", "//", url)
