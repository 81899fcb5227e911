"""Bug trackers that are not real, over sockets that are.

A simulator serves one bug tracker's protocol on the loopback interface, from
a thread of its own::

    with BugzillaSimulator() as simulator:
        simulator.add("1", status="CONFIRMED")
        ... getUtility(IBugTrackerSet) ... simulator.url ...

It is written from the protocol's documentation and what real servers were seen
to answer, never from our adapter, so that each can find the other's mistakes.
"""

import asyncio
import dataclasses
import email.utils
import hashlib
import re
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from zope.component import queryUtility

from malonewatch.interfaces import IClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclasses.dataclass
class SimulatedBug:
    """A bug in a simulated bug tracker.

    What `status`, `resolution`, `priority` and `severity` may be is the
    simulated protocol's business.  `modified` is aware, in UTC.
    """

    id: str
    title: str = "A bug"
    status: str = ""
    resolution: str = ""
    priority: str = ""
    severity: str = ""
    modified: datetime = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    duplicate_of: str | None = None
    moved_to: str | None = None
    private: bool = False
    malformed: bool = False
    extra: dict[str, Any] = dataclasses.field(default_factory=dict)


class Simulator:
    """A simulated bug tracker.

    A subclass gives `routes` and, if it likes, `defaults` for new bugs.

    `bugs` are the bugs by id.  `requests` is what was asked, a list of
    ``"METHOD /path?query"``.  What can be switched on:

    - `latency`: seconds before each answer,
    - `quota`: how many more requests are answered before it is 429, with
      `retry_after` (seconds, None for no such header),
    - `tells_quota`: answers say how much of the quota is left, and that it is
      whole again after `retry_after`,
    - `validators`: answers carry an ETag, and If-None-Match is honoured,
    - `clock_offset`: a `timedelta` that its clock is ahead,
    - `fault`: a callable that takes the place of every handler; see
      `malonewatch.testing.faults`,
    - `spoiler`: the id of a bug that spoils every answer which it is in: a
      request that asks for it is answered by `spoil`, as `fault` answers all.

    `host` is the loopback address that it is at; with an `ssl_context` it
    goes by the name of localhost.
    """

    #: What is added to the server's address to make the bug tracker's base URL.
    path = ""
    #: Values for the bugs that `add` makes.
    defaults: dict[str, Any] = {}

    def __init__(
        self, *, ssl_context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.bugs: dict[str, SimulatedBug] = {}
        self.requests: list[str] = []
        self.latency = 0.0
        self.quota: int | None = None
        self.retry_after: int | None = 60
        self.tells_quota = False
        self.validators = False
        self.clock_offset = timedelta()
        self.fault: Handler | None = None
        self.spoiler: str | None = None
        self.spoil: Handler | None = None
        self._ssl = ssl_context
        self._host = host
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    # To be given by a simulated type.

    def routes(self) -> list[web.AbstractRouteDef]:
        """The aiohttp routes that make the protocol."""
        return []

    async def asks_for(self, request: web.Request, id: str) -> bool:
        """Whether a request is about the bug of that id, among others maybe."""
        said = unquote_plus(request.path_qs) + await request.text()
        return re.search(rf"(?<!\w){re.escape(id)}(?!\w)", said) is not None

    # For tests.

    def add(self, id: str, **values: Any) -> SimulatedBug:
        """Add a bug, or put another in its place."""
        bug = SimulatedBug(id, **{**self.defaults, **values})
        self.bugs[id] = bug
        return bug

    def ways_to_say(self, remotestatus: str) -> Iterator[dict[str, Any]]:
        """Values of bugs of which that may be the remote status, the likeliest first.

        Where a site has to make up its words, this one has done so then.
        """
        yield {"status": remotestatus}
        words = remotestatus.split(" ")
        for cut in range(1, len(words)):
            yield {"status": " ".join(words[:cut]), "resolution": " ".join(words[cut:])}

    def change(self, id: str, **values: Any) -> SimulatedBug:
        """Change a bug, which is modified now unless `modified` is given."""
        values.setdefault("modified", self.now())
        bug = self.bugs[id] = dataclasses.replace(self.bugs[id], **values)
        return bug

    def now(self) -> datetime:
        """What time it is by the server's clock, which goes with the `IClock` that is set."""
        clock = queryUtility(IClock)
        now = datetime.now(timezone.utc) if clock is None else clock.now()
        return now.astimezone(timezone.utc) + self.clock_offset

    @property
    def origin(self) -> str:
        """The server's address as a URL, without a path."""
        scheme = "http" if self._ssl is None else "https"
        host = self._host if self._ssl is None else "localhost"
        return f"{scheme}://{host}:{self._port}"

    @property
    def url(self) -> str:
        """The base URL to register."""
        return self.origin + self.path

    def __enter__(self) -> Any:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._loop is not None and self._stop is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def listen(self, on: bool) -> None:
        """Close the port and all connections, or open the same port again."""
        assert self._loop is not None
        listening = self._open_port() if on else self._close_port()
        asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    # The server.

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        app = web.Application(middlewares=[self._middleware], client_max_size=8 * 1024 * 1024)
        app.add_routes(self.routes())
        app.on_response_prepare.append(self._add_headers)
        # A handler is cancelled when its client is gone: some never end.
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0, handler_cancellation=True
        )
        await self._runner.setup()
        await self._open_port()
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._started.set()
        await self._stop.wait()
        await self._close_port()
        await self._runner.cleanup()

    async def _open_port(self) -> None:
        assert self._runner is not None
        site = web.TCPSite(
            self._runner, self._host, self._port, ssl_context=self._ssl, reuse_address=True
        )
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _close_port(self) -> None:
        assert self._runner is not None and self._runner.server is not None
        for site in list(self._runner.sites):
            await site.stop()
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = email.utils.format_datetime(self.now(), usegmt=True)
        if self.tells_quota and self.quota is not None:
            response.headers["X-RateLimit-Remaining"] = str(self.quota)
            response.headers["X-RateLimit-Reset"] = str(self.retry_after or 0)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        if self.latency:
            await asyncio.sleep(self.latency)
        if self.fault is not None:
            return await self.fault(request)
        if self.spoiler is not None and await self.asks_for(request, self.spoiler):
            assert self.spoil is not None
            return await self.spoil(request)
        if self.quota is not None:
            if self.quota <= 0:
                headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
                return web.Response(status=429, text="Too many requests", headers=headers)
            self.quota -= 1
        response = await handler(request)
        if self.validators and response.status == 200 and isinstance(response, web.Response):
            body = response.body
            assert isinstance(body, bytes)
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers={"ETag": etag})
            response.headers["ETag"] = etag
        return response
