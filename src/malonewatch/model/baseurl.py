"""Base URLs of bug trackers.  Pure."""

import re
from urllib.parse import SplitResult, urlsplit

from malonewatch.interfaces import BadInput

LONGEST_URL = 2000


def check_baseurl(baseurl: str) -> None:
    """See that `baseurl` can be one.

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
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            f"{without_secrets(baseurl)!r} is not the URL of a bug tracker: "
            "it begins with http(s)://."
        )
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

    The scheme, its default port, the host's case and trailing slashes do not
    matter.
    """
    parts = urlsplit(baseurl if "://" in baseurl else f"//{baseurl}")
    return _host_key(parts) + parts.path.rstrip("/")


def prefix_keys(url: SplitResult) -> list[str]:
    """The `base_key` of every base URL that `url` may begin with, the longest first."""
    path = url.path.rstrip("/")
    host = _host_key(url)
    keys = [host + path]
    while path:
        path = path.rpartition("/")[0]
        keys.append(host + path)
    return keys


def _host_key(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port not in (80, 443):
        host = f"{host}:{parts.port}"
    return host


def auto_name(baseurl: str) -> str:
    """A name for a bug tracker of which only the base URL is known."""
    host = (urlsplit(baseurl).hostname or "").lower()
    # A name is no longer than 100 characters, with the number that may be added.
    return "auto-" + (re.sub(r"[^a-z0-9.-]", "", host)[:85].strip("-.") or "tracker")


def auto_title(baseurl: str) -> str:
    """A title for it: host and path."""
    parts = urlsplit(baseurl)
    return parts.netloc + parts.path.rstrip("/")
