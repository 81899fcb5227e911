"""The `IHTTPClient` utility.

What it is made of is imported when a connection is first wanted: a run with
nothing to ask for does without.
"""

import contextlib
import importlib.metadata
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from zope.interface import implementer

from malonewatch.interfaces import IHTTPClient

if TYPE_CHECKING:
    from malonewatch.http.pool import Pool


def version() -> str:
    """malonewatch's own version."""
    try:
        return importlib.metadata.version("malonewatch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@implementer(IHTTPClient)
class HTTPClient:
    """Makes connections with aiohttp.

    `per_host` is how many requests one host is asked at the same time,
    `body_limit` how many bytes of (decompressed) body are read,
    `redirect_limit` how many redirects are followed.  For those whose network
    is a special one, `resolver` makes the resolver of host names, `ssl` is an
    `ssl.SSLContext` to trust, and `is_public` tells of an address, as text,
    whether it is on the Internet (by default `malonewatch.http.guard.is_public`).
    """

    def __init__(
        self,
        *,
        per_host: int = 2,
        body_limit: int = 32 * 1024 * 1024,
        redirect_limit: int = 5,
        resolver: Callable[[], Any] | None = None,
        ssl: Any = None,
        is_public: Callable[[str], bool] | None = None,
    ):
        self.per_host = per_host
        self.body_limit = body_limit
        self.redirect_limit = redirect_limit
        self.resolver = resolver
        self.ssl = ssl
        self.is_public = is_public

    @property
    def user_agent(self) -> str:
        return f"malonewatch/{version()} (watches bugs; asks rarely)"

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Pool"]:
        from malonewatch.http.pool import Pool

        pool = Pool(self)
        try:
            yield pool
        finally:
            await pool.close()
