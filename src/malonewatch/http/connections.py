"""Connections, and one request on one of them, with aiohttp."""

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import cast

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from malonewatch.http import guard
from malonewatch.http.headers import text
from malonewatch.http.lookups import LookUps
from malonewatch.http.settings import Settings
from malonewatch.interfaces import Response


class _Answer(aiohttp.ClientResponse):
    """A response that knows where it came from, after its connection was given back too."""

    peer: str

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        transport = connection.transport
        name = transport.get_extra_info("peername") if transport is not None else None
        if not name:
            # It is gone already.
            raise aiohttp.ServerDisconnectedError
        self.peer = str(name[0])
        return await super().start(connection)


@dataclasses.dataclass(frozen=True, slots=True)
class Hop:
    """One request on the way to an answer.  `url` is clean."""

    method: str
    url: str
    body: bytes | None
    public_only: bool
    redirected: bool = False


@dataclasses.dataclass(slots=True)
class Received:
    """What has come of an answer so far.

    `status` is 0 as long as there was none.  `headers` are by their
    lower-case names, `public` is whether it came from a public address.
    """

    status: int = 0
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytearray = dataclasses.field(default_factory=bytearray)
    public: bool = False

    def response(self, url: str) -> Response:
        """That as an answer from `url`."""
        return Response(url, self.status, self.headers, bytes(self.body))


class BodyTooLarge(Exception):
    """There is more of a body than was to be read."""


class Connections:
    """Those of a pool, kept open to be used again."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._is_public = settings.is_public or guard.is_public
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._resolvers: list[AbstractResolver] = []

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        for resolver in self._resolvers:
            await resolver.close()

    async def send(
        self,
        hop: Hop,
        headers: Mapping[str, str],
        received: Received,
        *,
        seconds: float,
        limit: int,
    ) -> None:
        """Make a request, and put what comes into `received`.

        :raises BodyTooLarge: more than `limit` bytes of body.
        :raises asyncio.TimeoutError: it was not all there after `seconds`.
        :raises aiohttp.ClientError, OSError: something else.
        """
        if seconds <= 0:
            raise asyncio.TimeoutError
        async with self._session(hop.public_only).request(
            hop.method,
            URL(hop.url, encoded=True),
            data=hop.body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds),
        ) as answer:
            received.status = answer.status
            for name, value in answer.headers.items():
                name, value = name.lower(), text(value)
                before = received.headers.get(name)
                received.headers[name] = value if before is None else f"{before}, {value}"
            received.public = self._is_public(cast(_Answer, answer).peer)
            # Decompressed in small pieces, however much a piece expands to.
            async for piece in answer.content.iter_any():
                received.body += piece
                if len(received.body) > limit:
                    # Leaving the answer unread closes the connection.
                    raise BodyTooLarge

    def _session(self, public_only: bool) -> aiohttp.ClientSession:
        """The connections for public addresses only, or for all.

        They are kept apart so that one opened for a bug tracker that may be
        on a private network is not used for one that may not.
        """
        if public_only not in self._sessions:
            settings = self._settings
            resolver = (settings.resolver or _resolver)()
            if public_only:
                resolver = guard.PublicResolver(self._is_public, resolver)
            self._resolvers.append(resolver)
            self._sessions[public_only] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    resolver=resolver,
                    use_dns_cache=False,
                    ssl=settings.ssl if settings.ssl is not None else True,
                    socket_factory=guard.public_socket(self._is_public) if public_only else None,
                ),
                # A cookie from one bug tracker is no business of another.
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={hdrs.USER_AGENT: settings.user_agent},
                response_class=_Answer,
                skip_auto_headers=(hdrs.CONTENT_TYPE,),
                trust_env=False,
            )
        return self._sessions[public_only]


def _resolver() -> AbstractResolver:
    return ThreadedResolver(loop=cast(asyncio.AbstractEventLoop, LookUps()))
