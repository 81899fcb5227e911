"""The `IHTTPClient` utility.

What it is made of is imported when a connection is first wanted: a run with
nothing to ask for does without.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from zope.interface import implementer

from malonewatch.http.settings import Settings
from malonewatch.interfaces import IHTTPClient, IHTTPPool
from malonewatch.version import version


@implementer(IHTTPClient)
class HTTPClient:
    """Makes connections with aiohttp.

    `per_host` is how many requests one server is asked at the same time where
    nothing else is known of it, `body_limit` how many bytes of (decompressed)
    body are read, `redirect_limit` how many redirects are followed.  For those
    whose network is a special one, `resolver` makes the resolver of host
    names, `ssl` is an `ssl.SSLContext` to trust, and `is_public` tells of an
    address, as text, whether it is on the Internet (by default
    `malonewatch.http.guard.is_public`).
    """

    def __init__(
        self,
        *,
        per_host: int = 2,
        body_limit: int = 16 * 1024 * 1024,
        redirect_limit: int = 5,
        resolver: Callable[[], Any] | None = None,
        ssl: Any = None,
        is_public: Callable[[str], bool] | None = None,
    ):
        self.settings = Settings(
            f"malonewatch/{version()} (watches bugs; asks rarely)",
            per_host,
            body_limit,
            redirect_limit,
            resolver,
            ssl,
            is_public,
        )

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[IHTTPPool]:
        from malonewatch.http.pool import Pool

        pool = Pool(self.settings)
        try:
            yield pool
        finally:
            await pool.close()
