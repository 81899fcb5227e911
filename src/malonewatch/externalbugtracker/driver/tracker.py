"""What a type of external bug tracker is made of: data, and pure functions."""

import base64
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from zope.component import adapter
from zope.interface import alsoProvides, implementer

from malonewatch.externalbugtracker.driver.asking import Asking
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.events import ReadsEvents
from malonewatch.externalbugtracker.driver.fetching import Fetching
from malonewatch.externalbugtracker.driver.sweeping import Sweeping
from malonewatch.externalbugtracker.driver.times import is_number
from malonewatch.externalbugtracker.driver.urls import URLShape, fill, url_of
from malonewatch.externalbugtracker.driver.vocabulary import Vocabulary, Workflow, join, row_of
from malonewatch.externalbugtracker.driver.words import IMPORTANCES
from malonewatch.interfaces import (
    Batch,
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    Certainty,
    Credentials,
    DialectLearnt,
    IBugTrackerFacts,
    IExternalBugTracker,
    IExternalBugTrackerType,
    ImportanceReading,
    Outcome,
    Politeness,
    Polling,
    RecognisedURL,
    RemoteVocabulary,
    StatusReading,
    TableRow,
    UnsupportedBugTracker,
    Verdict,
)


@adapter(IBugTrackerFacts)
@implementer(IExternalBugTracker)
class ExternalBugTracker(ReadsEvents, Dialect):
    """Base of all types.

    A subclass gives the data that differ, and the functions of `Dialect`.  It
    is declared to implement the capabilities that it has (`IBatches` and so
    on).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    timeout: float = 30
    batch_size: int | None = None
    request_size: int = 100
    politeness: ClassVar[Politeness] = Politeness()
    protocols: ClassVar[tuple[type[Dialect], ...]] = ()
    dialects: ClassVar[tuple[str, ...]] = ()

    schemes: ClassVar[tuple[str, ...]] = ("http", "https")
    #: Where programs are answered, by the host where people are; elsewhere at the base URL.
    services: ClassVar[Mapping[str, str]] = {}

    #: The shapes of bugs' URLs, the one that is built first.
    urls: ClassVar[tuple[URLShape, ...]] = ()
    #: Hosts known to run it, and the base URL there.
    hosts: ClassVar[Mapping[str, str]] = {}
    #: What the hosts of its maker's clouds end with, and the path of the base URL there.
    clouds: ClassVar[Mapping[str, str]] = {}
    _is_id: ClassVar[Callable[[str], re.Match[str] | None]]
    #: What an id looks like, whole; and the highest number.
    id_pattern: ClassVar[str] = r"[0-9]{1,18}"
    highest_id: ClassVar[int | None] = None
    #: Whether ids are those of a project and a number in it, ``PROJ-12``.
    keyed_ids: ClassVar[bool] = False
    #: Whether the case of ids does not matter to the software.
    folds_ids: ClassVar[bool] = False

    polling: Polling = Polling.ALWAYS
    not_polled: str = ""
    #: Hosts where nothing changes any more, and those where the service was shut down for good;
    #: and a sentence about that.
    archives: ClassVar[Mapping[str, str]] = {}
    shut_down: ClassVar[Mapping[str, str]] = {}

    statuses: ClassVar[Workflow] = Workflow({})
    #: Of words and of labels.
    importances: Vocabulary[BugTaskImportance] = IMPORTANCES

    #: Templates for links, below the base URL; see `urls.fill`.
    file_link: ClassVar[str | tuple[str, ...] | None] = None
    search_link: ClassVar[str | tuple[str, ...] | None] = None
    multi_product: ClassVar[bool] = False
    #: The header that a token travels in as it is; None for ``Authorization``, with a scheme.
    token_header: ClassVar[str | None] = None
    token_scheme: ClassVar[str] = "Bearer"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__.upper()
        cls.dialects = tuple(protocol.dialect_name for protocol in cls.protocols)
        cls._is_id = re.compile(cls.id_pattern).fullmatch
        alsoProvides(cls, IExternalBugTrackerType)

    def __init__(self, facts: IBugTrackerFacts) -> None:
        super().__init__(self)
        self.baseurl = facts.baseurl.rstrip("/")
        netloc = urlsplit(self.baseurl).netloc
        self.service = self.services.get(netloc, self.baseurl)
        for hosts, polling in ((self.archives, Polling.ONCE), (self.shut_down, Polling.NEVER)):
            if netloc in hosts:
                self.polling, self.not_polled = polling, hosts[netloc]
        #: The dialect as known before, by its full name, or None.
        self.dialect = facts.dialect
        self._verdicts: dict[tuple[str, str, bool | None], Verdict] = {}
        self._importances: dict[str, BugTaskImportance] = {}
        # What the site says, before what the type does.
        self._maps_statuses = bool(facts.mappings.statuses)
        self._statuses_here = Vocabulary.of(facts.mappings.statuses)
        self._importances_here = Vocabulary.of(facts.mappings.importances)
        if facts.mappings.importances:
            self.importances = Vocabulary.of(
                (*facts.mappings.importances, *self.importances.items())
            )

    # URLs and ids.

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        """See `IExternalBugTrackerType`."""
        if baseurl is not None:
            base = urlsplit(baseurl).path.rstrip("/")
            for shape in cls.urls:
                found = shape.match(url, base)
                if found is not None and cls.is_valid(cls.canonicalRemoteBug(found[1])):
                    remotebug = cls.canonicalRemoteBug(found[1])
                    return RecognisedURL(baseurl, remotebug, Certainty.REGISTERED)
        known = cls.getKnownBaseURL(url.netloc.lower())
        path = None if known is None else urlsplit(known).path
        for shape in cls.urls:
            if shape.registered and known is None:
                continue
            found = shape.match(url, path)
            if found is not None and cls.is_valid(cls.canonicalRemoteBug(found[1])):
                remotebug = cls.canonicalRemoteBug(found[1])
                if known is not None:
                    return RecognisedURL(known, remotebug, Certainty.KNOWN_HOST)
                return RecognisedURL(
                    f"{url.scheme}://{url.netloc}{found[0]}", remotebug, shape.certainty
                )
        return None

    @classmethod
    def getKnownBaseURL(cls, netloc: str) -> str | None:
        """See `IExternalBugTrackerType`; by default those in `hosts` and in `clouds`."""
        for end, path in cls.clouds.items():
            if netloc.endswith(end):
                return f"https://{netloc}{path}"
        return cls.hosts.get(netloc)

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        """See `IExternalBugTrackerType`."""
        number, project = remotebug.strip().removeprefix("#"), ""
        if cls.keyed_ids:
            project, dash, number = number.upper().rpartition("-")
            project += dash
        if is_number(number):
            number = number.lstrip("0") or "0"
        return project + number

    @classmethod
    def is_valid(cls, remotebug: str) -> bool:
        """Whether the type can have a bug of that canonical id."""
        if cls._is_id(remotebug) is None:
            return False
        return (
            cls.highest_id is None
            or not remotebug.isdecimal()
            or (int(remotebug) <= cls.highest_id)
        )

    def parts(self, remotebug: str) -> Mapping[str, str]:
        """The parts of an id that stand in the bug's URL."""
        return {"id": remotebug}

    def id_at(self, url: str) -> str | None:
        """The id of the bug that people see at `url`; None if it is none of this bug tracker's."""
        parts, base = urlsplit(url), urlsplit(self.baseurl)
        one, other = (self.getKnownBaseURL(each.netloc) or each.netloc for each in (parts, base))
        found = self.parseBugURL(parts, self.baseurl) if one == other else None
        return None if found is None else found.remotebug

    @property
    def places(self) -> Mapping[str, str]:
        """What the dialect puts into URLs and links, beside what is in the id."""
        return {}

    def getBugURL(self, remotebug: str) -> str:
        """See `IExternalBugTracker`."""
        if not self.urls:
            return self.baseurl
        return self.baseurl + self.urls[0].build({**self.places, **self.parts(remotebug)})

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        """See `IExternalBugTracker`."""
        values = self.link_values(remote_product, summary, description)
        links = (fill(template, values) for template in (self.file_link, self.search_link))
        return BugFilingAndSearchLinks(
            *(None if link is None else self.baseurl + link for link in links)
        )

    def link_values(
        self, remote_product: str | None, summary: str, description: str
    ) -> dict[str, str | None]:
        """What the templates of links may refer to."""
        named = {"product": remote_product, "summary": summary, "description": description}
        return {**self.places, **named}

    # Words.

    def meaning(
        self, remotestatus: str, resolution: str = "", closed: bool | None = None
    ) -> Verdict:
        """See `IExternalBugTracker`."""
        # The same few words come again and again in a batch.
        key = remotestatus, resolution, closed
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self.explainStatus(remotestatus, resolution, closed).verdict
            self._verdicts[key] = verdict
        return verdict

    def explainStatus(
        self, remotestatus: str, resolution: str = "", closed: bool | None = None
    ) -> StatusReading:
        """See `IExternalBugTracker`."""
        mapped = self._mapped(remotestatus, resolution)
        if mapped is not None:
            return StatusReading(BugTaskStatus(mapped.meaning), "site", (mapped,))
        return self.reading(remotestatus, resolution, closed)

    def isMapped(self, remotestatus: str, resolution: str = "") -> bool:
        """See `IExternalBugTracker`."""
        return self._maps_statuses and self._mapped(remotestatus, resolution) is not None

    def _mapped(self, remotestatus: str, resolution: str) -> TableRow | None:
        """What the site says that a status means."""
        # A resolution may be a part of the status, or stand beside it.
        here = self._statuses_here
        for words in (join(remotestatus, resolution), remotestatus):
            if row := row_of("mappings", here, words):
                return row
        return None

    def reading(self, remotestatus: str, resolution: str, closed: bool | None) -> StatusReading:
        """How the type reads a status; to be given by those that read their words in a way of
        their own."""
        return self.statuses.read(remotestatus, resolution, closed)

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        """See `IExternalBugTracker`."""
        return self.meaning(remotestatus).status

    def convertRemoteImportance(self, remote_importance: str) -> BugTaskImportance:
        """See `IExternalBugTracker`."""
        importance = self._importances.get(remote_importance)
        if importance is None:
            importance = self.explainImportance(remote_importance).importance
            self._importances[remote_importance] = importance
        return importance

    def explainImportance(self, remote_importance: str) -> ImportanceReading:
        """See `IExternalBugTracker`."""
        here = self._importances_here
        row = row_of("mappings", here, remote_importance) or self.weighed(remote_importance)
        if row is None:
            return ImportanceReading()
        # What the site says of a part of it stands before the rows of the type's table.
        if (row.word, row.meaning) in here.items():
            row = row._replace(table="mappings")
        rule = "site" if row.table == "mappings" else "table"
        return ImportanceReading(BugTaskImportance(row.meaning), rule, row)

    def weighed(self, words: str) -> TableRow | None:
        """The row that says what an importance means, None if none does: that of the whole, else
        of its last word that says something."""
        found = row_of("importances", self.importances, words)
        for word in reversed(words.split()):
            if found is not None and found.meaning is not BugTaskImportance.UNDECIDED:
                break
            found = row_of("importances", self.importances, word) or found
        return found

    @property
    def status_table(self) -> Mapping[str, BugTaskStatus]:
        """Every remote status that means something, and what: for chapters and tests."""
        return self.statuses.table()

    # The network.

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        """See `IExternalBugTracker`."""
        if credentials.token:
            if self.token_header is not None:
                return {self.token_header: credentials.token}
            return {"Authorization": f"{self.token_scheme} {credentials.token}"}
        if credentials.password:
            pair = f"{credentials.username or ''}:{credentials.password}"
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return {}

    def all_dialects(self) -> list[Dialect]:
        """Its dialects, the best first."""
        return [protocol(self) for protocol in self.protocols] or [self]

    def dialect_named(self, name: str | None) -> Dialect | None:
        """The dialect of that full name; None if there is none (any more)."""
        if name is None:
            return None
        for protocol in self.protocols:
            found = protocol.named(self, name)
            if found is not None:
                return found
        return None if self.protocols else self

    def getRequest(self, remotebug: str) -> str | None:
        """See `IExternalBugTracker`."""
        dialect = self.dialect_named(self.dialect)
        if dialect is None or self.polling is Polling.NEVER or not self.is_valid(remotebug):
            return None
        ask = dialect.ask_one(remotebug)
        return f"{ask.method} {url_of(ask, self.service)}"

    def fetch(self, session: Any, batch: Batch) -> AsyncIterator[Outcome | DialectLearnt]:
        """See `IExternalBugTracker`."""
        if self.polling is Polling.NEVER:
            return self._refuse()
        return Fetching(self, session, batch).fetch()

    async def _refuse(self) -> AsyncIterator[Outcome | DialectLearnt]:
        """No outcome: nothing is asked of what is never asked."""
        raise UnsupportedBugTracker(self.not_polled)
        yield

    async def sweep(self, session: Any, since: datetime) -> tuple[str, ...] | None:
        """See `ISweeps`."""
        return await Sweeping(self, session).sweep(since)

    async def identify(self, session: Any) -> str | None:
        """See `IExternalBugTracker`."""
        return await Asking(self, session).identify()

    async def check_credentials(self, session: Any) -> str | None:
        """See `IExternalBugTracker`."""
        return await Asking(self, session).whoami()

    async def learn_vocabulary(self, session: Any) -> RemoteVocabulary | None:
        """See `IExternalBugTracker`."""
        return await Asking(self, session).vocabulary()
