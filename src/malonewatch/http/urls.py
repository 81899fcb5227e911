"""URLs as they are requested, compared and shown.  Pure."""

import functools
import ipaddress
import re
from urllib.parse import SplitResult, quote, urlsplit

#: Scheme, host and port; https://www.rfc-editor.org/rfc/rfc6454
Origin = tuple[str, str, int]

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9._-]+")
# Neither printable nor ASCII, or a blank.
_UNFIT = re.compile(r"[^!-~]")
_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")


def clean(url: str) -> str:
    """`url` as it can be requested: in ASCII, without a user name, password or fragment.

    :raises ValueError: it is not the URL of anything on the web.
    """
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return _clean_origin(parts.scheme, parts.netloc) + _ascii(parts.path) + _ascii(query)


# The same few servers are asked again and again.
@functools.lru_cache(maxsize=256)
def _clean_origin(scheme: str, netloc: str) -> str:
    """The beginning of a clean URL."""
    parts = SplitResult(scheme, netloc, "", "", "")
    host = parts.hostname or ""
    if scheme not in _PORTS or not 0 < len(host) <= 253:
        raise ValueError("not a web address")
    if "[" in netloc:
        name = f"[{ipaddress.IPv6Address(host)}]"
    else:
        name = host.encode("idna").decode("ascii").lower()
        if not _NAME.fullmatch(name):
            raise ValueError("not the name of a host")
    return f"{scheme}://{name}" + ("" if parts.port is None else f":{parts.port}")


def _ascii(text: str) -> str:
    # A header's bytes that were no UTF-8 came as surrogates.
    return _UNFIT.sub(lambda found: quote(found[0], errors="surrogateescape"), text)


# One request asks for that several times.
@functools.lru_cache(maxsize=16)
def origin(url: str) -> Origin:
    """The origin of a clean URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def is_upgrade(before: Origin, after: Origin) -> bool:
    """Whether `after` is the site `before`, with https instead of http."""
    return before == ("http", before[1], 80) and after == ("https", before[1], 443)


def shown(url: str) -> str:
    """`url` for people: without a user name and password."""
    return _USER_INFO.sub("", url)
