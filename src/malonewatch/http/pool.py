"""Connections and requests, with aiohttp."""

import asyncio
import base64
import email.utils
import ssl
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from aiohttp import hdrs
from yarl import URL
from zope.component import queryUtility
from zope.interface import implementer

from malonewatch.http.client import HTTPClient
from malonewatch.http.guard import (
    AddressRefused,
    PublicResolver,
    is_address,
    is_public,
    peer_address,
)
from malonewatch.http.pages import Page, is_challenge, is_html, kind_of_page
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
    ICredentials,
    IHTTPPool,
    IHTTPSession,
    Response,
    UnparsableBugTracker,
)

# No server may keep us away for longer than this many seconds.
LONGEST_RETRY_AFTER = 7 * 24 * 3600.0


@implementer(IHTTPPool)
class Pool:
    """See `IHTTPPool`."""

    def __init__(self, client: HTTPClient):
        self.client = client
        self.hosts: dict[tuple[str, int | None], asyncio.Semaphore] = {}
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    def session(self, tracker: IBugTrackerFacts, timeout: float = 30.0) -> "Session":
        return Session(self, tracker, timeout)

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    def http(self, public_only: bool) -> aiohttp.ClientSession:
        """The connections for public addresses only, or for all.

        They are kept apart so that one opened for a bug tracker that may be
        on a private network is not used for one that may not.
        """
        if public_only not in self._sessions:
            resolver = self.client.resolver() if self.client.resolver is not None else None
            if public_only:
                resolver = PublicResolver(resolver)
            self._sessions[public_only] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    resolver=resolver,
                    use_dns_cache=False,
                    ssl=self.client.ssl if self.client.ssl is not None else True,
                ),
                # A cookie from one bug tracker is no business of another.
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={hdrs.USER_AGENT: self.client.user_agent},
                skip_auto_headers=(hdrs.CONTENT_TYPE,),
                trust_env=False,
            )
        return self._sessions[public_only]

    def host(self, url: SplitResult) -> asyncio.Semaphore:
        """What a request to that host has to hold."""
        key = (url.hostname or "", url.port)
        if key not in self.hosts:
            self.hosts[key] = asyncio.Semaphore(self.client.per_host)
        return self.hosts[key]


@implementer(IHTTPSession)
class Session:
    """See `IHTTPSession`."""

    def __init__(self, pool: Pool, tracker: IBugTrackerFacts, timeout: float):
        self._pool = pool
        self._timeout = timeout
        self._guessed = tracker.guessed
        self._origin = _origin(urlsplit(tracker.baseurl))
        self.baseurl = tracker.baseurl.rstrip("/")
        store = queryUtility(ICredentials)
        self.credentials: Credentials | None = (
            store.get(tracker.baseurl) if store is not None else None
        )
        self.clock_skew: float | None = None
        self.exchanges: list[Exchange] = []

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
    ) -> Response:
        headers = dict(headers or {})
        async with self._pool.host(urlsplit(url)):
            response = await self._follow(method, url, body, headers)
        self._check(response, html)
        return response

    async def _follow(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> Response:
        deadline = time.monotonic() + self._timeout
        public_only = self._guessed
        redirected = False
        moved = True
        for _ in range(self._pool.client.redirect_limit + 1):
            started = time.monotonic()
            try:
                response, public = await self._once(
                    method, url, body, headers, deadline - started, public_only, redirected
                )
            except BugTrackerTrouble as trouble:
                self.exchanges.append(
                    Exchange(method, url, error=str(trouble), seconds=time.monotonic() - started)
                )
                raise
            self.exchanges.append(
                Exchange(
                    method,
                    url,
                    response.status,
                    len(response.body),
                    time.monotonic() - started,
                )
            )
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return Response(
                    response.url,
                    response.status,
                    response.headers,
                    response.body,
                    redirected and moved,
                )
            target = urljoin(url, location)
            if urlsplit(target).scheme not in ("http", "https"):
                raise BugTrackerConnectError(
                    f"{self.baseurl} redirects to something that is not the web."
                )
            if response.status == 303:
                method, body = "GET", None
            redirected = True
            moved = moved and response.status in (301, 308)
            public_only = public_only or public
            url = target
        raise BugTrackerConnectError(
            f"{self.baseurl} redirects in circles, or more than "
            f"{self._pool.client.redirect_limit} times."
        )

    async def _once(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: dict[str, str],
        seconds: float,
        public_only: bool,
        redirected: bool,
    ) -> tuple[Response, bool]:
        """One request without its redirects: the response, and whether from a public address."""
        try:
            target = URL(url, encoded=True)
            host = target.host
            parts = urlsplit(url)
            own_origin = _origin(parts) == self._origin
        except ValueError:
            host = None
        if not host:
            raise BugTrackerConnectError(
                f"{self.baseurl} leads to a URL that is none; correct its base URL."
            )
        if public_only and is_address(host) and not is_public(host):
            raise self._address_refused(host, redirected)
        if seconds <= 0:
            raise self._timed_out()
        if own_origin:
            headers = {**headers, **self._authorization()}
        else:
            headers = {
                name: value for name, value in headers.items() if not name.lower().startswith("x-")
            }
        try:
            async with self._pool.http(public_only).request(
                method,
                target,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                connection = answer.connection
                public = is_public(peer_address(connection.transport if connection else None))
                return await self._read(answer, url), public
        except AddressRefused:
            raise self._address_refused(host, redirected) from None
        except asyncio.TimeoutError:
            raise self._timed_out() from None
        except aiohttp.ClientConnectorDNSError:
            raise BugTrackerConnectError(f"The name {host} does not resolve.") from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise BugTrackerConnectError(
                f"The certificate of {host} cannot be trusted{_ssl_reason(error)}."
            ) from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressRefused):
                raise self._address_refused(host, redirected) from None
            reason = error.os_error.strerror or "no connection"
            raise BugTrackerConnectError(f"{host} cannot be reached: {reason.lower()}.") from None
        except aiohttp.InvalidURL:
            raise BugTrackerConnectError(
                f"{self.baseurl} leads to a URL that is none; correct its base URL."
            ) from None
        except aiohttp.ClientPayloadError:
            raise BugTrackerConnectError(
                f"{host} broke off in the middle of its answer, or garbled it."
            ) from None
        except aiohttp.ClientResponseError:
            raise BugTrackerConnectError(
                f"{host} answered with something that is not HTTP."
            ) from None
        except (aiohttp.ClientError, OSError):
            raise BugTrackerConnectError(
                f"{host} closed the connection without an answer."
            ) from None

    async def _read(self, answer: aiohttp.ClientResponse, url: str) -> Response:
        limit = self._pool.client.body_limit
        pieces = []
        size = 0
        async for piece in answer.content.iter_any():
            size += len(piece)
            if size > limit:
                # Leaving the block with the body unread closes the connection.
                raise UnparsableBugTracker(
                    f"{self.baseurl} gave an answer of more than {limit} bytes; "
                    "no more of it was read."
                )
            pieces.append(piece)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        date = _http_date(headers.get("date"))
        if date is not None:
            self.clock_skew = date - time.time()
        return Response(url, answer.status, headers, b"".join(pieces))

    def _check(self, response: Response, html: bool) -> None:
        """Raise what concerns the bug tracker as a whole."""
        status = response.status
        retry_after = self._retry_after(response)
        if status == 429 or (status == 503 and retry_after is not None):
            raise BugTrackerRateLimited(
                f"{self.baseurl} asks to be left alone for a while (HTTP status {status}).",
                retry_after=retry_after,
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
            raise BugTrackerConnectError("A proxy in between wants a log-in.")
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
        if credentials is None:
            return {}
        if credentials.token:
            return {hdrs.AUTHORIZATION: f"Bearer {credentials.token}"}
        pair = f"{credentials.username or ''}:{credentials.password or ''}"
        return {hdrs.AUTHORIZATION: "Basic " + base64.b64encode(pair.encode()).decode()}

    def _retry_after(self, response: Response) -> float | None:
        value = response.headers.get("retry-after", "").strip()
        if not value:
            return None
        if value.isascii() and value.isdigit():
            seconds = float(value[:9])
        else:
            moment = _http_date(value)
            if moment is None:
                return None
            # By the server's own clock, if it tells.
            now = _http_date(response.headers.get("date"))
            seconds = moment - (time.time() if now is None else now)
        return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)

    def _timed_out(self) -> BugTrackerTimeout:
        return BugTrackerTimeout(f"{self.baseurl} did not answer within {self._timeout:g} seconds.")

    def _address_refused(self, host: str, redirected: bool) -> BugTrackerAddressRefused:
        if redirected:
            return BugTrackerAddressRefused(
                f"{self.baseurl} redirects to {host}, which is not on the public Internet."
            )
        return BugTrackerAddressRefused(
            f"{host} is not on the public Internet, and nobody registered {self.baseurl}: "
            "its URL only stood in some text."
        )


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, (url.hostname or "").lower(), port


def _http_date(value: str | None) -> float | None:
    """Seconds since the epoch, None if `value` is no date."""
    if not value:
        return None
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _ssl_reason(error: BaseException) -> str:
    """': why', as far as OpenSSL says why a certificate was not accepted."""
    for cause in (getattr(error, "certificate_error", None), error, error.__cause__):
        message = getattr(cause, "verify_message", None)
        if isinstance(message, str) and message:
            return f": {message}"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f": {cause.reason.replace('_', ' ').lower()}"
    return ""
