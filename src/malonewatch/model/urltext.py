"""URLs in texts, and one way to write a URL.  Pure, and linear in the length of what is given."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from malonewatch.model.baseurl import LONGEST_URL, is_address, plain_address, plain_path

# Letters and digits of any script, and what ASCII punctuation a URL may have:
# quotation marks, dashes and the stops of other scripts end a URL.
_RUN = re.compile(r"https?://[\w!#$%&()*+,\-./:;=?@\[\]~]+", re.IGNORECASE)

# What may end a URL within such a run, or begin another one.  "[/" is that of
# "[/url]"; the entities stand in texts that were made into HTML.
_TOKEN = re.compile(
    r"(?P<scheme>https?://)|\[/|[()\[\]]|&(?:lt|gt|quot|apos|nbsp|#\w{1,6});", re.IGNORECASE
)
_OPENING = {")": "(", "]": "["}

# Punctuation of the sentence around a URL.
_TRAILING = ".,:;!?*_~-+=&$@#%(["

#: How many segments the path of a bug's URL may have.
DEEPEST = 50

# What is seldom part of a bug's URL, and often sticks to one.
_DOUBTFUL = re.compile(r"[^!-~]|[(\[!$*,:;]|\.(?=[A-Z])")

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")
_OVERDONE = re.compile(r"(?<=[0-9])/?%23")


def find_urls(text: str) -> Iterator[str]:
    """The URLs that stand in `text`, in its order, without the punctuation around them."""
    for run in _RUN.finditer(text):
        yield from _urls_in_run(run.group())


def _urls_in_run(run: str) -> Iterator[str]:
    """The URLs in a text without blanks that begins with one."""
    scheme = run.index("/") + 2
    start: int | None = 0
    unclosed = {"(": 0, "[": 0}
    for token in _TOKEN.finditer(run, scheme):
        what, position = token.group(), token.start()
        if token.lastgroup == "scheme":
            if start is not None:
                if run[position - 1] in "=/" and position > scheme:
                    # The URL of an archive or a redirect, which holds another one.
                    continue
                yield from _trimmed(run, start, position)
            start, scheme = position, token.end()
            unclosed = {"(": 0, "[": 0}
        elif start is None:
            continue
        elif what in unclosed:
            unclosed[what] += 1
        elif unclosed.get(_OPENING.get(what, "")):
            unclosed[_OPENING[what]] -= 1
        else:
            yield from _trimmed(run, start, position)
            start = None
    if start is not None:
        yield from _trimmed(run, start, len(run))


def _trimmed(run: str, start: int, end: int) -> Iterator[str]:
    url = run[start:end].rstrip(_TRAILING)
    if len("https://") < len(url) <= LONGEST_URL:
        yield url


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
