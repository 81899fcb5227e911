"""The one way to the network."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple

from zope.interface import Attribute, Interface


@dataclasses.dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end.

    `url` is where it came from after redirects, `status` the HTTP status,
    `body` the decoded (not compressed) bytes.  `headers` has lower-case names.
    `moved` is True if a permanent redirect (301 or 308) led here.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved: bool = False

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Posted(NamedTuple):
    """What became of something that was sent: the HTTP status, and after how many seconds the
    server wants to see the next; None if it does not say."""

    status: int
    retry_after: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was made and what came of it, for people to look at.

    Holds no credentials.  `size` counts the bytes that were read, even if it
    failed.  `status` is None and `error` says why where no
    answer came.
    """

    method: str
    url: str
    status: int | None = None
    size: int = 0
    seconds: float = 0.0
    error: str = ""


class Quota(NamedTuple):
    """How much more a server may be asked, in its own words.

    `limit` and `remaining` count whatever it counts; `reset` is when
    `remaining` is `limit` again (aware, UTC).  None is "it did not say".
    """

    limit: int | None = None
    remaining: int | None = None
    reset: datetime | None = None


class Politeness(NamedTuple):
    """How a server is asked: at most `concurrency` requests at a time, and `gap` seconds between
    the beginnings of two.  None leaves it to the next in line, which are: what a person says, what
    was learnt of the server, what its type says, the client's own."""

    concurrency: int | None = None
    gap: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class OriginState:
    """What is known of a server (an origin, with one set of credentials), kept between runs.

    `learnt` is what its answers taught, `quota` what it said last, and
    `retry_at` (aware, UTC) until when it wants no more requests.  `asked` is
    when the last request began, where there is to be a gap before the next one.
    `mark` tells the credentials from others without telling them, None stands
    for none; and `others` is what is known with other ones.
    """

    learnt: Politeness = Politeness()
    quota: Quota = Quota()
    retry_at: datetime | None = None
    asked: datetime | None = None
    mark: int | None = None
    others: tuple["OriginState", ...] = ()

    def of(self, mark: int | None) -> "OriginState | None":
        """What is known with the credentials of that mark; None if nothing is."""
        found = (each for each in (self, *self.others) if each.mark == mark)
        return next(found, None)


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """How to log in at a bug tracker: with a token, or a name and a password."""

    username: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    token: str | None = dataclasses.field(default=None, repr=False)


class IHTTPSession(Interface):
    """Requests to one bug tracker.

    Not for sharing between threads.
    """

    credentials = Attribute(
        "The `Credentials` for this bug tracker, or None.  Raises CredentialsUnreadable if the "
        "place where they are kept has some for it that cannot be read, and so does request()."
    )
    quota = Attribute("The `Quota` that the last answer that told of one told; or None.")
    clock_skew = Attribute(
        "Seconds by which the server's clock is ahead of ours, from the last ``Date`` header; "
        "None if it never sent one."
    )
    exchanges = Attribute("A list of `Exchange`: the requests made so far, oldest first.")

    async def request(
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
        limit: int | None = None,
    ) -> Response:
        """Make a request, follow its redirects, and return the `Response`.

        The credentials go along in the headers that the session's
        `authorization` makes of them, to the bug tracker's own origin only; so
        do `headers`, but for those that never hold a secret (``Accept``,
        ``Accept-Language``, ``Content-Type``, ``If-Modified-Since`` and
        ``If-None-Match``).  A body goes there, or to the same host by https
        instead of http.  It waits for its turn: each (origin, credentials) has
        a queue, with a limit to concurrency, a gap between requests, the
        server's quota and its Retry-After.

        `limit` is how many bytes of body, not compressed, are read at most;
        None is the client's own limit, and more than that is never read.

        Answers with a status below 500 are returned, 401, 403 and 404 too.
        `html` says that a page is an answer; otherwise a page with a good
        status is no data but a log-in form, a challenge or a mistake.

        :raises BugTrackerTimeout: not all of the answer came in time.
        :raises BugTrackerRateLimited: 429, a 403 or 503 that says so, or an
            exhausted quota, unless it takes a few seconds only until there is
            the whole of it again.  From then on no more requests go to the origin
            with these credentials: all that wait, and all further ones, raise
            it at once, until the server allows more, or else to the end of
            the pool.
        :raises BugTrackerUnavailable: 503 with Retry-After, or a page that
            speaks of maintenance.
        :raises BugTrackerAddressRefused: the address is one that this bug
            tracker, or this redirect, may not lead to.
        :raises BugTrackerCredentialsRefused: a log-in page instead of data.
        :raises CredentialsUnreadable: see `credentials`.
        :raises BugTrackerChallenge: a page that tells robots from people.
        :raises UnparsableBugTracker: some other page instead of data.
        :raises AnswerTooLarge: a body beyond the size limit.
        :raises BugTrackerConnectError: anything else that kept an answer from
            coming, and every other 5xx.
        """

    def scrub(text: str) -> str:
        """`text` with ``***`` wherever one of the session's secrets stands, in any quoting.

        A server may send back what it was sent.  The `Response`, but for its
        body, the exchanges and all errors are scrubbed already; what else is
        kept of an answer about itself, such as an error message, is to go
        through here.  The function itself is false where there are no secrets.
        """


class IHTTPPool(Interface):
    """Connections that are kept open for the length of a run."""

    def session(
        tracker: Any,
        timeout: float = 30.0,
        *,
        authorization: Callable[[Credentials], Mapping[str, str]] | None = None,
        politeness: Politeness = Politeness(),
        defaults: Politeness = Politeness(),
        state: OriginState | None = None,
        service: str | None = None,
    ) -> Any:
        """An `IHTTPSession` to `tracker`, an `IBugTrackerFacts`.

        `timeout` is how many seconds each request may take, from the first
        look-up of the name to the last byte; waiting for its turn does not
        count.  `authorization` makes headers of credentials (by default
        ``Bearer`` for a token, else ``Basic``).  `politeness` is what a person
        says, which overrides what was learnt; that overrides `defaults`, what
        the type says.  Where trackers of one origin differ, the most careful
        counts.  `state` is what was kept of the origin by an earlier run,
        which the first session that has one gives to the pool.  `service` is
        the URL below which the tracker is asked, if that is not its base URL:
        credentials are found by the latter, and go to the former.
        """

    def state(tracker: Any) -> OriginState:
        """What is known now of the origin of `tracker`, to be kept until the next run."""

    async def post(
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        is_trusted: bool,
        called: str | None = None,
        timeout: float = 30.0,
    ) -> Posted:
        """Send `body` by POST to a server that is no bug tracker, and say what it answered.

        No credentials go along, no redirect is followed, and it is done when
        the status is known: of what else is answered only a little is read.
        Where it is not `is_trusted`, it may not be on a private network.
        `called` is what errors say instead of the server's name, which may be
        a secret as the rest of `url` is; that is never shown.  It all takes
        `timeout` seconds at most.

        :raises BugTrackerTimeout: no answer came in time.
        :raises BugTrackerAddressRefused: it is on a private network.
        :raises BugTrackerConnectError: anything else that kept an answer from
            coming.
        :raises ValueError: `url` is not that of anything on the web.
        """


class IHTTPClient(Interface):
    """Utility: makes connections.

    Stateless; what is open belongs to the pool.
    """

    def open() -> AbstractAsyncContextManager[Any]:
        """An asynchronous context manager whose value is an `IHTTPPool`.

        It is entered, used and left in one event loop.
        """


class ICredentials(Interface):
    """Utility: the secrets, which are never in the database."""

    def get(baseurl: str) -> Credentials | None:
        """The credentials for the bug tracker at `baseurl`, None if it has none.

        A bug tracker that was guessed is sent them by https only.  A value may
        be a reference: ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER`` or
        ``netrc``.

        :raises BadInput: the place where they are kept cannot be read, or has
            some for it which cannot be used.
        """

    def getSection(baseurl: str) -> str | None:
        """Which of the `sections` has those that `get` returns, None if none has.

        :raises BadInput: the place where they are kept cannot be read.
        """

    def sections() -> Iterable[str]:
        """For which base URLs (without a slash at the end), hosts and ``host:port``, as they are
        compared, the place has credentials, whether or not they can be used.

        :raises BadInput: the place where they are kept cannot be read.
        """


class IClock(Interface):
    """Utility: what time it is."""

    def now() -> datetime:
        """Now, aware, in UTC."""
