"""Requests to one bug tracker: their credentials, their redirects, and what is kept of them."""

import asyncio
import base64
import dataclasses
import time
from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

import aiohttp
from zope.component import queryUtility
from zope.interface import implementer

from malonewatch.http.clock import now
from malonewatch.http.connections import BodyTooLarge, Connections, Hop, Received
from malonewatch.http.failures import Failures
from malonewatch.http.headers import clock_skew
from malonewatch.http.judging import is_rate_limit, judge, left_alone
from malonewatch.http.politeness import Lane, Lanes, LeftAlone
from malonewatch.http.quotas import quota, wait
from malonewatch.http.scrubbing import Scrubber
from malonewatch.http.settings import Settings
from malonewatch.http.urls import Origin, clean, is_upgrade, origin, shown
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    Credentials,
    CredentialsUnreadable,
    Exchange,
    IBugTrackerFacts,
    ICredentials,
    IHTTPSession,
    Quota,
    Response,
)

#: What goes elsewhere too.  Whatever else a type sends may be a secret.
_NO_SECRETS = frozenset(
    {"accept", "accept-language", "content-type", "if-modified-since", "if-none-match"}
)


@implementer(IHTTPSession)
class Session:
    """See `IHTTPSession`."""

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        lanes: Lanes,
        tracker: IBugTrackerFacts,
        timeout: float,
        authorization: Callable[[Credentials], Mapping[str, str]] | None,
        service: str | None = None,
    ):
        self._settings = settings
        self._connections = connections
        self._lanes = lanes
        self._timeout = timeout
        self._guessed = tracker.guessed
        self._origin: Origin | None
        try:
            self._origin = origin(clean(service or tracker.baseurl))
        except ValueError:
            self._origin = None
        #: The base URL for messages.
        self.baseurl = shown(tracker.baseurl.rstrip("/"))
        self.quota: Quota | None = None
        self.clock_skew: float | None = None
        self.exchanges: list[Exchange] = []
        #: When the last answer came, in seconds since the epoch.
        self._heard_at = 0.0
        self._failures = Failures(self.baseurl, timeout)
        self._unreadable = ""
        self._credentials: Credentials | None = None
        try:
            self._credentials = self._find_credentials(tracker.baseurl)
        except BadInput as error:
            self._unreadable = str(error)
        self._authorization: Mapping[str, str] = {}
        if self._credentials is not None:
            self._authorization = (authorization or http_authentication)(self._credentials)
        self.scrub = Scrubber(self._secrets())
        #: Where the requests to the bug tracker itself wait; None if its base URL is none.
        self.lane: Lane | None = None
        if self._origin is not None:
            self.lane = lanes.to(self._origin, self._credentials)

    def _find_credentials(self, baseurl: str) -> Credentials | None:
        store: ICredentials | None = queryUtility(ICredentials)
        if store is None or self._origin is None:
            return None
        if self._guessed and self._origin[0] != "https":
            # A link in some text must not make a secret travel in the clear.
            return None
        return store.get(baseurl)

    def _secrets(self) -> list[str]:
        """What may not be shown: what is sent, and what that is made of."""
        if self._credentials is None:
            return []
        # Without the scheme, and without the padding, which base64 is often shown without.
        sent = [value.split()[-1].rstrip("=") for value in self._authorization.values() if value]
        return [*sent, self._credentials.token or "", self._credentials.password or ""]

    @property
    def credentials(self) -> Credentials | None:
        if self._unreadable:
            raise CredentialsUnreadable(self._unreadable)
        return self._credentials

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
        limit: int | None = None,
    ) -> Response:
        if self._unreadable:
            raise CredentialsUnreadable(self._unreadable)
        try:
            url = clean(url)
        except ValueError:
            raise self._failures.no_url() from None
        most = self._settings.body_limit
        limit = most if limit is None else min(limit, most)
        response = await self._follow(Hop(method, url, body, self._guessed), headers or {}, limit)
        trouble = judge(response, html, self.baseurl, self._heard_at)
        if trouble is not None:
            raise trouble
        if self._credentials is None:
            return response
        return dataclasses.replace(
            response,
            url=self.scrub(response.url),
            headers={name: self.scrub(value) for name, value in response.headers.items()},
        )

    async def _follow(self, hop: Hop, headers: Mapping[str, str], limit: int) -> Response:
        # Waiting for one's turn is not the server's fault, and costs nothing of this.
        left = self._timeout
        moved = True
        for _ in range(self._settings.redirect_limit + 1):
            lane = self._lane(hop)
            try:
                async with lane.turn():
                    started = time.monotonic()
                    response, public = await self._once(hop, headers, left, limit)
                    self._learn(lane, response)
                    left -= time.monotonic() - started
            except LeftAlone as refusal:
                raise left_alone(self.baseurl, refusal.until, now()) from None
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                is_moved = hop.redirected and moved
                return dataclasses.replace(response, moved=True) if is_moved else response
            moved = moved and response.status in (301, 308)
            hop = self._redirect(hop, response.status, location, public)
        raise BugTrackerConnectError(
            f"{self.baseurl} redirects in circles, or more than "
            f"{self._settings.redirect_limit} times."
        )

    def _redirect(self, hop: Hop, status: int, location: str, public: bool) -> Hop:
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
        after = Hop(method, url, body, hop.public_only or public, redirected=True)
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

    def _lane(self, hop: Hop) -> Lane:
        target = origin(hop.url)
        return self._lanes.to(target, self._credentials if target == self._origin else None)

    async def _once(
        self, hop: Hop, headers: Mapping[str, str], seconds: float, limit: int
    ) -> tuple[Response, bool]:
        """One request without its redirects: the response, and whether from a public address."""
        started = time.monotonic()
        received = Received()
        try:
            await self._connections.send(
                hop, self._sent(hop, headers), received, seconds=seconds, limit=limit
            )
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, BodyTooLarge) as error:
            answered = received.status != 0
            trouble = self._failures.explain(
                error, hop, self._host(hop), answered=answered, limit=limit
            )
            self._record(hop, received, started, str(trouble))
            raise trouble from None
        self._record(hop, received, started)
        return received.response(hop.url), received.public

    def _sent(self, hop: Hop, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request."""
        if origin(hop.url) == self._origin:
            return {**headers, **self._authorization}
        return {name: value for name, value in headers.items() if name.lower() in _NO_SECRETS}

    def _record(self, hop: Hop, received: Received, started: float, error: str = "") -> None:
        url = self.scrub(shown(hop.url))
        status = None if error else received.status
        seconds = time.monotonic() - started
        self.exchanges.append(Exchange(hop.method, url, status, len(received.body), seconds, error))

    def _learn(self, lane: Lane, response: Response) -> None:
        """Take what an answer tells of its server, whatever else is in it."""
        moment = self._heard_at = now()
        skew = clock_skew(response.headers, moment)
        if skew is not None:
            self.clock_skew = skew
        told = quota(response.headers, moment)
        if told is not None:
            self.quota = told
        refused = is_rate_limit(response, told)
        lane.heard(told, refused, wait(response.headers, told, moment))

    def _host(self, hop: Hop) -> str:
        """The host of `hop`, for messages: a redirect may have put anything in there."""
        return self.scrub(urlsplit(hop.url).hostname or "")


def http_authentication(credentials: Credentials) -> dict[str, str]:
    """``Bearer`` for a token, else ``Basic``; https://www.rfc-editor.org/rfc/rfc9110#section-11"""
    if credentials.token:
        return {"Authorization": f"Bearer {credentials.token}"}
    if not credentials.password:
        return {}
    pair = f"{credentials.username or ''}:{credentials.password}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
