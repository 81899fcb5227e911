"""Connections and requests, with aiohttp."""

import asyncio
import base64
import dataclasses
import functools
import os
import ssl
import time
from collections.abc import Mapping
from typing import cast
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from yarl import URL
from zope.component import queryUtility
from zope.interface import implementer

from malonewatch.http import guard
from malonewatch.http.client import HTTPClient
from malonewatch.http.headers import clock_skew, retry_after, text
from malonewatch.http.lookups import LookUps
from malonewatch.http.pages import Page, is_challenge, is_html, kind_of_page
from malonewatch.http.urls import Origin, clean, is_upgrade, origin, shown
from malonewatch.interfaces import (
    BugTrackerAddressRefused,
    BugTrackerChallenge,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerRateLimited,
    BugTrackerTimeout,
    BugTrackerTrouble,
    Credentials,
    Exchange,
    IBugTrackerFacts,
    IClock,
    ICredentials,
    IHTTPPool,
    IHTTPSession,
    Response,
    UnparsableBugTracker,
)


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


@implementer(IHTTPPool)
class Pool:
    """See `IHTTPPool`."""

    def __init__(self, client: HTTPClient):
        self.client = client
        self.is_public = client.is_public or guard.is_public
        self._hosts: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._resolvers: list[AbstractResolver] = []

    def session(self, tracker: IBugTrackerFacts, timeout: float = 30.0) -> "Session":
        return Session(self, tracker, timeout)

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        for resolver in self._resolvers:
            await resolver.close()

    def http(self, public_only: bool) -> aiohttp.ClientSession:
        """The connections for public addresses only, or for all.

        They are kept apart so that one opened for a bug tracker that may be
        on a private network is not used for one that may not.
        """
        if public_only not in self._sessions:
            make_resolver = self.client.resolver or _resolver
            resolver = make_resolver()
            if public_only:
                resolver = guard.PublicResolver(self.is_public, resolver)
            self._resolvers.append(resolver)
            self._sessions[public_only] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    resolver=resolver,
                    use_dns_cache=False,
                    ssl=self.client.ssl if self.client.ssl is not None else True,
                    socket_factory=guard.public_socket(self.is_public) if public_only else None,
                ),
                # A cookie from one bug tracker is no business of another.
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={hdrs.USER_AGENT: self.client.user_agent},
                response_class=_Answer,
                skip_auto_headers=(hdrs.CONTENT_TYPE,),
                trust_env=False,
            )
        return self._sessions[public_only]

    def host(self, url: str) -> asyncio.Semaphore:
        """What a request to the host of `url` has to hold."""
        _, host, port = origin(url)
        return self._hosts.setdefault((host, port), asyncio.Semaphore(self.client.per_host))


@dataclasses.dataclass(frozen=True, slots=True)
class _Hop:
    """One request on the way to an answer.  `url` is clean."""

    method: str
    url: str
    body: bytes | None
    public_only: bool
    redirected: bool = False


@implementer(IHTTPSession)
class Session:
    """See `IHTTPSession`."""

    def __init__(self, pool: Pool, tracker: IBugTrackerFacts, timeout: float):
        self._pool = pool
        self._timeout = timeout
        self._guessed = tracker.guessed
        self._registered = tracker.baseurl
        self._origin: Origin | None
        try:
            self._origin = origin(clean(tracker.baseurl))
        except ValueError:
            self._origin = None
        #: The base URL for messages.
        self.baseurl = shown(tracker.baseurl.rstrip("/"))
        self.clock_skew: float | None = None
        self.exchanges: list[Exchange] = []

    @functools.cached_property
    def credentials(self) -> Credentials | None:
        store = queryUtility(ICredentials)
        if store is None or self._origin is None:
            return None
        if self._guessed and self._origin[0] != "https":
            # A link in some text must not make a secret travel in the clear.
            return None
        return store.get(self._registered)

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
    ) -> Response:
        try:
            url = clean(url)
        except ValueError:
            raise self._no_url() from None
        response = await self._follow(_Hop(method, url, body, self._guessed), headers or {})
        self._check(response, html)
        return response

    async def _follow(self, hop: _Hop, headers: Mapping[str, str]) -> Response:
        # Waiting for other requests to the host is not the host's fault, and
        # costs nothing of this.
        left = self._timeout
        moved = True
        for _ in range(self._pool.client.redirect_limit + 1):
            async with self._pool.host(hop.url):
                started = time.monotonic()
                response, public = await self._once(hop, headers, left)
                left -= time.monotonic() - started
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return dataclasses.replace(response, moved=hop.redirected and moved)
            moved = moved and response.status in (301, 308)
            hop = self._redirect(hop, response.status, location, public)
        raise BugTrackerConnectError(
            f"{self.baseurl} redirects in circles, or more than "
            f"{self._pool.client.redirect_limit} times."
        )

    def _redirect(self, hop: _Hop, status: int, location: str, public: bool) -> _Hop:
        """What to ask after `hop`, whose answer came from a public address or not."""
        try:
            url = clean(urljoin(hop.url, location))
        except ValueError:
            raise BugTrackerConnectError(
                f"{self.baseurl} redirects to something that is not a web address."
            ) from None
        # 301 and 302 keep the method too: a question put by POST is none by GET.
        method, body = hop.method, hop.body
        if status == 303 and method != "HEAD":
            method, body = "GET", None
        after = _Hop(method, url, body, hop.public_only or public, redirected=True)
        if body is not None and not self._may_have_body(origin(url)):
            raise BugTrackerConnectError(
                f"{self.baseurl} redirects to {self._host(after)}, where what was sent to it "
                "may not go; correct its base URL."
            )
        return after

    def _may_have_body(self, target: Origin) -> bool:
        """Whether `target` may be sent a body, which may have secrets in it."""
        return self._origin is not None and (
            target == self._origin or is_upgrade(self._origin, target)
        )

    async def _once(
        self, hop: _Hop, headers: Mapping[str, str], seconds: float
    ) -> tuple[Response, bool]:
        """One request without its redirects: the response, and whether from a public address."""
        started = time.monotonic()
        body = bytearray()
        try:
            response, public = await self._exchange(hop, headers, seconds, body)
        except BugTrackerTrouble as trouble:
            self._record(hop, None, len(body), started, str(trouble))
            raise
        self._record(hop, response.status, len(body), started)
        skew = clock_skew(response.headers, _now())
        if skew is not None:
            self.clock_skew = skew
        return response, public

    def _record(
        self, hop: _Hop, status: int | None, size: int, started: float, error: str = ""
    ) -> None:
        url = shown(hop.url, self._secrets())
        seconds = time.monotonic() - started
        self.exchanges.append(Exchange(hop.method, url, status, size, seconds, error))

    def _host(self, hop: _Hop) -> str:
        """The host of `hop`, for messages: a redirect may have put anything in there."""
        return shown(urlsplit(hop.url).hostname or "", self._secrets())

    def _secrets(self) -> list[str]:
        """What may not be shown: what is sent, and what that is made of."""
        credentials = self.credentials
        if credentials is None:
            return []
        # Without the padding, which base64 is often shown without.
        sent = [value.split()[-1].rstrip("=") for value in self._authorization().values()]
        return [*sent, *filter(None, (credentials.token, credentials.password))]

    async def _exchange(
        self, hop: _Hop, headers: Mapping[str, str], seconds: float, body: bytearray
    ) -> tuple[Response, bool]:
        if seconds <= 0:
            raise self._timed_out()
        if origin(hop.url) == self._origin:
            sent = {**headers, **self._authorization()}
        else:
            sent = {name: value for name, value in headers.items() if not _is_private(name)}
        answered = False
        try:
            async with self._pool.http(hop.public_only).request(
                hop.method,
                URL(hop.url, encoded=True),
                data=hop.body,
                headers=sent,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                answered = True
                await self._read(answer, body)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise self._trouble(error, hop, answered) from None
        received = {
            name.lower(): text(", ".join(answer.headers.getall(name))) for name in answer.headers
        }
        public = self._pool.is_public(cast(_Answer, answer).peer)
        return Response(hop.url, answer.status, received, bytes(body)), public

    async def _read(self, answer: aiohttp.ClientResponse, body: bytearray) -> None:
        limit = self._pool.client.body_limit
        # Decompressed in small pieces, however much a piece expands to.
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > limit:
                # Leaving the answer unread closes the connection.
                raise UnparsableBugTracker(
                    f"{self.baseurl} gave an answer of more than {limit} bytes; "
                    "no more of it was read."
                )

    def _trouble(self, error: Exception, hop: _Hop, answered: bool) -> BugTrackerTrouble:
        """What an error in a request means; `answered` if it was in the answer's body."""
        host = self._host(hop)
        cause = getattr(error, "os_error", error)
        if isinstance(cause, guard.AddressRefused):
            return self._address_refused(hop)
        if isinstance(error, asyncio.TimeoutError):
            return self._timed_out()
        if isinstance(error, aiohttp.InvalidURL):
            # Something like 127.1, which is an address all the same.
            return self._address_refused(hop) if hop.public_only else self._no_url()
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return BugTrackerConnectError(f"The name {host} does not resolve.")
        if isinstance(error, aiohttp.ClientSSLError):
            return BugTrackerConnectError(
                f"The certificate of {host} cannot be trusted{_ssl_reason(error)}."
            )
        if isinstance(error, aiohttp.ClientConnectorError):
            number = error.os_error.errno
            reason = os.strerror(number).lower() if number else "no connection"
            return BugTrackerConnectError(f"{host} cannot be reached: {reason}.")
        if answered:
            return BugTrackerConnectError(
                f"{host} broke off in the middle of its answer, or garbled it."
            )
        if isinstance(error, aiohttp.ClientResponseError):
            return BugTrackerConnectError(
                f"{host} answered with something that is not proper HTTP."
            )
        return BugTrackerConnectError(f"{host} closed the connection without an answer.")

    def _check(self, response: Response, html: bool) -> None:
        """Raise what concerns the bug tracker as a whole."""
        status = response.status
        seconds = retry_after(response.headers, _now())
        if status == 429 or (status == 503 and seconds is not None):
            raise BugTrackerRateLimited(
                f"{self.baseurl} asks to be left alone for a while (HTTP status {status}).",
                retry_after=seconds,
            )
        page = is_html(response.content_type, response.body)
        if page and is_challenge(response.headers, response.body):
            raise BugTrackerChallenge(
                f"{self.baseurl} shows a challenge page, meant to keep robots out, "
                "instead of an answer."
            )
        if status >= 500:
            raise BugTrackerConnectError(f"{self.baseurl} failed with HTTP status {status}.")
        if status == 407:
            raise BugTrackerConnectError(f"A proxy before {self.baseurl} wants a log-in.")
        if page and not html and status < 400:
            if kind_of_page(response.url, response.headers, response.body) is Page.LOGIN:
                raise BugTrackerCredentialsRefused(
                    f"{self.baseurl} shows a log-in page instead of an answer."
                )
            raise UnparsableBugTracker(
                f"{self.baseurl} answers with a web page where there should be data."
            )

    def _authorization(self) -> dict[str, str]:
        credentials = self.credentials
        if credentials is None or not (credentials.token or credentials.password):
            return {}
        if credentials.token:
            return {hdrs.AUTHORIZATION: f"Bearer {credentials.token}"}
        pair = f"{credentials.username or ''}:{credentials.password or ''}"
        return {hdrs.AUTHORIZATION: "Basic " + base64.b64encode(pair.encode()).decode()}

    def _no_url(self) -> BugTrackerConnectError:
        return BugTrackerConnectError(
            f"{self.baseurl} leads to a URL that is none; correct its base URL."
        )

    def _timed_out(self) -> BugTrackerTimeout:
        return BugTrackerTimeout(f"{self.baseurl} did not answer within {self._timeout:g} seconds.")

    def _address_refused(self, hop: _Hop) -> BugTrackerAddressRefused:
        host = self._host(hop)
        if hop.redirected:
            return BugTrackerAddressRefused(
                f"{self.baseurl} redirects to {host}, which is not on the public Internet."
            )
        return BugTrackerAddressRefused(
            f"{host} is not on the public Internet, and nobody registered {self.baseurl}: "
            "its URL only stood in some text."
        )


def _resolver() -> AbstractResolver:
    return ThreadedResolver(loop=cast(asyncio.AbstractEventLoop, LookUps()))


def _now() -> float:
    """Seconds since the epoch, by the clock that the rest of malonewatch goes by."""
    clock = queryUtility(IClock)
    return time.time() if clock is None else clock.now().timestamp()


def _is_private(header: str) -> bool:
    """Whether a request's header is for the bug tracker alone."""
    header = header.lower()
    return header.startswith("x-") or header in ("authorization", "cookie")


def _ssl_reason(error: BaseException) -> str:
    """': why', as far as OpenSSL says why a certificate was not accepted."""
    for cause in (getattr(error, "certificate_error", None), error, error.__cause__):
        message = getattr(cause, "verify_message", None)
        if isinstance(message, str) and message:
            return f": {message.rstrip('.')}"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f": {cause.reason.replace('_', ' ').lower()}"
    return ""
