"""The one way to the network."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime

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
        "The `Credentials` for this bug tracker, or None.  Raises BadInput if the place where "
        "they are kept cannot be read, and so does request()."
    )
    clock_skew = Attribute(
        "Seconds by which the server's clock is ahead of ours, from the last `Date` header; "
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
    ) -> Response:
        """Make a request, follow its redirects, and return the `Response`.

        The credentials go along as HTTP authentication (`Bearer` for a token,
        else `Basic`), to the bug tracker's own origin only; so do `headers`
        that start with ``X-``, and ``Authorization`` and ``Cookie``.  A body
        goes there, or to the same host by https instead of http.

        Answers with a status below 500 are returned, 401, 403 and 404 too.
        `html` says that a page is an answer; otherwise a page with a good
        status is no data but a log-in form, a challenge or a mistake.

        :raises BugTrackerTimeout: not all of the answer came in time.
        :raises BugTrackerRateLimited: 429, or 503 with Retry-After.
        :raises BugTrackerAddressRefused: the address is one that this bug
            tracker, or this redirect, may not lead to.
        :raises BugTrackerCredentialsRefused: a log-in page instead of data.
        :raises BugTrackerChallenge: a page that tells robots from people.
        :raises UnparsableBugTracker: some other page instead of data, or a
            body beyond the size limit.
        :raises BugTrackerConnectError: anything else that kept an answer from
            coming, and every other 5xx.
        """


class IHTTPPool(Interface):
    """Connections that are kept open for the length of a run."""

    def session(tracker, timeout: float = 30.0):
        """An `IHTTPSession` to `tracker`, an `IBugTrackerFacts`.

        `timeout` is how many seconds each request may take, from the first
        look-up of the name to the last byte.
        """


class IHTTPClient(Interface):
    """Utility: makes connections.

    Stateless; what is open belongs to the pool.
    """

    def open():
        """An asynchronous context manager whose value is an `IHTTPPool`.

        It is entered, used and left in one event loop.
        """


class ICredentials(Interface):
    """Utility: the secrets, which are never in the database."""

    def get(baseurl: str) -> Credentials | None:
        """The credentials for the bug tracker at `baseurl`, None if it has none.

        A bug tracker that was guessed is sent them by https only.

        :raises BadInput: the place where they are kept cannot be read.
        """


class IClock(Interface):
    """Utility: what time it is."""

    def now() -> datetime:
        """Now, aware, in UTC."""
