"""Base URLs of bug trackers.  Pure."""

import contextlib
import functools
import os.path
import re
import string
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from malonewatch.interfaces import BadInput
from malonewatch.texturls import LONGEST_URL

#: Of the base URLs of bug trackers on the web.
WEB = ("http", "https")

_ADDRESS = re.compile(r"[\w.!$&'*+=^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){0,20}[\w-]{1,63}")


def check_baseurl(baseurl: str, schemes: Collection[str] = (*WEB, "mailto")) -> None:
    """See that `baseurl` can be one, with one of those schemes.

    :raises BadInput: it cannot.
    """
    try:
        parts = urlsplit(baseurl)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise BadInput(f"{without_secrets(baseurl)!r} is not a URL.") from None
    if parts.username is not None or parts.password is not None:
        raise BadInput(
            "A base URL may not hold credentials; put them into the credentials file instead."
        )
    if parts.scheme == "mailto" and "mailto" in schemes:
        fits = is_address(parts.path)
    else:
        fits = parts.scheme in WEB and parts.scheme in schemes and bool(parts.hostname)
    if not fits:
        how = "it begins with http(s)://"
        if not {*WEB} & {*schemes}:
            how = "it is mailto: and an address"
        raise BadInput(f"{without_secrets(baseurl)!r} is not the URL of a bug tracker: {how}.")
    if parts.query or parts.fragment:
        raise BadInput(
            f"The base URL {without_secrets(baseurl)!r} may not have a query or a fragment."
        )
    if len(baseurl) > LONGEST_URL or not baseurl.isprintable() or re.search(r"\s", baseurl):
        raise BadInput("A base URL is no longer than 2000 characters, without white space.")


def without_secrets(url: str) -> str:
    """As much of something that should be a URL as can hold no secret, for a message."""
    return re.split("[?#]", url, maxsplit=1)[0].rpartition("@")[2][:200]


def base_key(baseurl: str) -> str:
    """What is the same for all ways to write a base URL.

    The scheme, its default port, the host's case, slashes at the end and what
    is percent-encoded without need do not matter.
    """
    if baseurl[:7].lower() == "mailto:":
        return "mailto:" + plain_address(baseurl[7:].rstrip("/"))
    parts = urlsplit(baseurl if "://" in baseurl else f"//{baseurl}")
    return host_key(parts) + plain_path(parts.path)


def host_key(parts: SplitResult) -> str:
    """The part of the `base_key` that stands for the host and the port."""
    host = (parts.hostname or "").lower().rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port not in (80, 443):
        host = f"{host}:{parts.port}"
    return host


def plain_address(address: str) -> str:
    """The one way to write an e-mail address: its domain in lower case."""
    mailbox, at, domain = address.rpartition("@")
    return mailbox + at + domain.lower()


def is_address(text: str) -> bool:
    """Whether `text` is an e-mail address that can stand in a URL as it is."""
    return _ADDRESS.fullmatch(text) is not None


# Looking for what is due asks for it of each bug tracker that is.
@functools.lru_cache(maxsize=10_000)
def origin_of(baseurl: str) -> str:
    """The scheme, host and port of a base URL, the same for all ways to write them.

    ``https://bugs.example.com``; the port is left out if it is the scheme's own.
    What has no host is all of it.
    """
    parts = urlsplit(baseurl)
    if not parts.netloc:
        return base_key(baseurl)
    host = (parts.hostname or "").lower().rstrip(".")
    with contextlib.suppress(UnicodeError):
        host = host.encode("idna").decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme)):
        host = f"{host}:{parts.port}"
    return f"{parts.scheme}://{host}"


def plain_path(path: str) -> str:
    """The one way to write a path; section 6.2.2 of RFC 3986, and no needless slashes."""
    if "%" in path:
        path = _ENCODED.sub(_decoded_if_unreserved, path)
    if "//" in path:
        path = re.sub("/+", "/", path)
    return path.rstrip("/")


_ENCODED = re.compile("%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")


def _decoded_if_unreserved(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if character in _UNRESERVED else match[0].upper()


def parent_key(key: str) -> str:
    """The `base_key` one segment shorter than `key`, empty if there is none."""
    return key.rpartition("/")[0]


def common_key(key: str, other: str) -> str:
    """The longest `base_key` that both are, or lie below; empty if there is none.

    `other` comes before `key` in order.
    """
    common = os.path.commonprefix([key, other])  # noqa: RUF071 - by character is meant
    return common if key[len(common)] == "/" else parent_key(common)


def auto_name(baseurl: str) -> str:
    """A name for a bug tracker of which only the base URL is known."""
    parts = urlsplit(baseurl)
    host = (parts.hostname or parts.path.rpartition("@")[2]).lower()
    # A name is no longer than 100 characters, with the number that may be added.
    return "auto-" + (re.sub(r"[^a-z0-9.-]", "", host)[:85].strip("-.") or "tracker")


def auto_title(baseurl: str) -> str:
    """A title for it: host and path."""
    parts = urlsplit(baseurl)
    return parts.netloc + parts.path.rstrip("/")
