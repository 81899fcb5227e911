"""What all types of external bug tracker have in common."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, ClassVar, TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, urlencode

from zope.component import adapter
from zope.interface import alsoProvides, implementer

from malonewatch.interfaces import (
    Batch,
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugWatchErrorType,
    IBugTrackerFacts,
    IExternalBugTracker,
    IExternalBugTrackerType,
    Outcome,
    RemoteBugError,
    RemoteBugUnchanged,
    Response,
    UnparsableBugTracker,
)


@adapter(IBugTrackerFacts)
@implementer(IExternalBugTracker)
class ExternalBugTracker:
    """Base of the types that are asked for many bugs at once.

    A subclass gives `parseBugURL`, `getBugURL`, `fetch_many` and `fetch_one`,
    its tables, and the class attributes that differ.
    """

    title: ClassVar[str]
    timeout: float = 30
    batch_size: int | None = None
    request_size: int = 100
    changed_since: bool = False

    #: Remote status, as in `RemoteBug.remotestatus`, to what it means here.
    status_table: ClassVar[Mapping[str, BugTaskStatus]] = {}
    #: Remote importance, lower case, to what it means here.
    importance_table: ClassVar[Mapping[str, BugTaskImportance]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        alsoProvides(cls, IExternalBugTrackerType)

    def __init__(self, facts: IBugTrackerFacts):
        self.name = facts.name
        self.baseurl = facts.baseurl.rstrip("/")
        self.dialect = facts.dialect

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        return None

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        remotebug = remotebug.strip().removeprefix("#")
        if is_number(remotebug):
            return remotebug.lstrip("0") or "0"
        return remotebug

    def getBugURL(self, remotebug: str) -> str:
        return self.baseurl

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        return BugFilingAndSearchLinks(None, None)

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        return self.status_table.get(remotestatus, BugTaskStatus.UNKNOWN)

    def convertRemoteImportance(self, remote_importance: str) -> BugTaskImportance:
        return self.importance_table.get(remote_importance.lower(), BugTaskImportance.UNKNOWN)

    def is_valid(self, remotebug: str) -> bool:
        """Whether the type can have a bug with such an id."""
        return is_number(remotebug)

    async def fetch(self, session: Any, batch: Batch) -> AsyncIterator[Outcome]:
        valid = []
        for remotebug in batch.remotebugs:
            if self.is_valid(remotebug):
                valid.append(remotebug)
            else:
                yield RemoteBugError(
                    remotebug,
                    BugWatchErrorType.INVALID_BUG_ID,
                    f"{remotebug!r} is not the id of a bug in {self.title}.",
                )
        for some in self.url_sized(valid):
            found = await self.fetch_many(session, some, batch.since)
            missing = []
            for remotebug in some:
                outcome = found.get(remotebug)
                if outcome is not None:
                    yield outcome
                elif batch.since is not None and self.tells_changes():
                    yield RemoteBugUnchanged(remotebug)
                else:
                    missing.append(remotebug)
            async for outcome in self.fetch_missing(session, missing):
                yield outcome

    def tells_changes(self) -> bool:
        """Whether `fetch_many` honours `since` in the dialect that was spoken last."""
        return self.changed_since

    async def fetch_many(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome]:
        """Outcomes by remote id, of those bugs that the answer speaks of.

        With `since`, the answer need not speak of bugs that have not changed
        since then.
        """
        return {}

    async def fetch_missing(
        self, session: Any, remotebugs: Sequence[str]
    ) -> AsyncIterator[Outcome]:
        """Ask again for bugs of which `fetch_many` learnt nothing."""
        for remotebug in remotebugs:
            yield await self.fetch_one(session, remotebug)

    async def fetch_one(self, session: Any, remotebug: str) -> Outcome:
        """Ask for one bug alone, to learn at least why it cannot be had."""
        return self.not_found(remotebug)

    #: How long the ids in a request's URL may get, in bytes; servers commonly
    #: refuse a request line beyond 8 KiB.
    url_budget: ClassVar[int] = 6000

    def url_sized(self, remotebugs: Sequence[str]) -> Iterator[Sequence[str]]:
        """`remotebugs` in portions that fit into a URL."""
        start = used = 0
        for index, remotebug in enumerate(remotebugs):
            # With room for a separator such as "%2C" or "&id=".
            length = 4 + len(remotebug if remotebug.isdecimal() else quote(remotebug))
            used += length
            if used > self.url_budget and index > start:
                yield remotebugs[start:index]
                start, used = index, length
        if start < len(remotebugs):
            yield remotebugs[start:]

    # What the types say alike.

    def not_found(self, remotebug: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.BUG_NOT_FOUND,
            f"{self.baseurl} has no bug {remotebug}.",
        )

    def private(self, remotebug: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.PRIVATE_REMOTE_BUG,
            f"Bug {remotebug} on {self.baseurl} is private.",
        )

    def unparsable_bug(self, remotebug: str, why: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.UNPARSABLE_BUG,
            f"Bug {remotebug} on {self.baseurl} cannot be understood: {why}.",
        )

    def unparsable(self, why: str) -> UnparsableBugTracker:
        return UnparsableBugTracker(f"{self.baseurl} gave an answer that makes no sense: {why}.")

    def credentials_refused(self, session: Any) -> BugTrackerCredentialsRefused:
        if session.credentials is None:
            return BugTrackerCredentialsRefused(
                f"{self.baseurl} wants a log-in, and there are no credentials for it."
            )
        return BugTrackerCredentialsRefused(f"{self.baseurl} refuses the credentials given for it.")

    def load_json(self, response: Response) -> Any:
        """The JSON value in a response.

        :raises UnparsableBugTracker: it holds none.
        """
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError):
            raise self.unparsable("it should be JSON and is not") from None


Meaning = TypeVar("Meaning")


def by_word(table: Mapping[Meaning, str]) -> dict[str, Meaning]:
    """The meaning of each word, from the words (with blanks between) of each meaning."""
    return {word: meaning for meaning, words in table.items() for word in words.split()}


def is_number(text: str) -> bool:
    """Whether `text` is a number of ASCII digits, as most bug ids are."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def parse_time(text: str) -> datetime | None:
    """The time, aware and in UTC, that ISO 8601 `text` gives; None if it gives none.

    A time without an offset is taken to be UTC.
    """
    # Python 3.10 does not know the Z.
    if text.endswith("Z"):
        text = text[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is timezone.utc:
            return moment
        if moment.tzinfo is None:
            return moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def format_time(moment: datetime) -> str:
    """`moment` in UTC, ISO 8601 to the second, with a Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def query_of(url: SplitResult) -> dict[str, str]:
    """The query's parameters; `;` separates them as well as `&`, the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(url.query.replace(";", "&"), keep_blank_values=True):
        found.setdefault(name, value)
    return found


def build_url(base: str, parameters: Iterable[tuple[str, str]]) -> str:
    """`base` with a query; commas, colons and the like stay readable in it."""
    return f"{base}?{urlencode(list(parameters), safe=',:@*', quote_via=quote)}"
