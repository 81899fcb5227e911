"""What is known about a type of bug tracker."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult

from zope.interface import Attribute, Interface

from malonewatch.interfaces.enumerations import BugTaskImportance, BugTaskStatus
from malonewatch.interfaces.http import Credentials
from malonewatch.interfaces.values import (
    Batch,
    BugFilingAndSearchLinks,
    DialectLearnt,
    Outcome,
    RecognisedURL,
)
from malonewatch.interfaces.words import ImportanceReading, RemoteVocabulary, StatusReading, Verdict


class IExternalBugTrackerType(Interface):
    """What can be asked of a type without a bug tracker at hand.

    The factory of every `IExternalBugTracker` provides it.
    """

    name = Attribute("The type's name, upper case, which it is registered under.")
    title = Attribute("The type's name for people, such as 'Bugzilla'.")
    timeout = Attribute("Seconds that one request may take.")
    batch_size = Attribute(
        "How many watches of one bug tracker are updated in one run; 0 for all that are due; "
        "None leaves it to the cron script."
    )
    request_size = Attribute(
        "How many bugs are asked for at a time, at most: in one request, or in as few as may be."
    )
    politeness = Attribute("The `Politeness` that such servers want, as far as the type knows.")
    dialects = Attribute(
        "The names of its dialects, the best first; empty if it has but one.  What is learnt of a "
        "bug tracker may have details after such a name and a ``+``."
    )
    multi_product = Attribute("Whether filing and search links need a product.")
    schemes = Attribute("The schemes that its base URLs may have, such as 'https'.")

    def parseBugURL(url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        """The base URL and the remote id of the bug at `url`, and how sure that is; None if it
        is the URL of none.

        `url` is normalised: the scheme and the host are in lower case, there
        is no default port, the path does not end with a slash, and nothing in
        it is percent-encoded that need not be.  `baseurl` is that of a
        registered bug tracker of this type, or an alias of it, as it stands
        at the beginning of `url`, without a slash at its end; shorter forms
        are recognised then which would be too daring a guess without.  The id
        is canonical.
        """

    def getKnownBaseURL(netloc: str) -> str | None:
        """The base URL at a host that is known to run it; None for others.

        `netloc` is the host in lower case, with the port if it has one.
        """

    def canonicalRemoteBug(remotebug: str) -> str:
        """The one way to write the id: ``'#0042 '`` is ``'42'``."""


class IExternalBugTracker(Interface):
    """A bug tracker somewhere else.

    An adapter for `IBugTrackerFacts`, registered under the type's name.  It
    keeps nothing of the database: it copies the facts when it is made; and it
    does not change, so that any number of fetches may use it at a time.
    """

    name = Attribute("See `IExternalBugTrackerType`.")
    timeout = Attribute("See `IExternalBugTrackerType`.")
    batch_size = Attribute("See `IExternalBugTrackerType`.")
    request_size = Attribute("See `IExternalBugTrackerType`.")
    politeness = Attribute("See `IExternalBugTrackerType`.")
    baseurl = Attribute("The base URL, without a trailing slash.")
    service = Attribute(
        "The URL below which it is asked: the base URL, unless programs are answered elsewhere."
    )
    polling = Attribute("How long its bugs are asked for: a `Polling`.")
    not_polled = Attribute(
        "A sentence for people, why its bugs are asked for no more, or never were; empty where "
        "they are asked for always."
    )

    def authorization(credentials: Credentials) -> Mapping[str, str]:
        """The headers that make a request one of those credentials'.

        Empty where a request's body carries them instead.
        """

    def getBugURL(remotebug: str) -> str:
        """Where a person sees that bug; the base URL if the type knows no better."""

    def getRequest(remotebug: str) -> str | None:
        """The method and URL of the request that asks for that bug alone, as it is without
        credentials; None if it is never asked, or not known yet in which dialect."""

    def getBugFilingAndSearchLinks(
        remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        """Where to file a bug with that summary, and where to look for one.

        A link is None if the type has no such page, or if the page needs a
        product and none is given.
        """

    def convertRemoteStatus(remotestatus: str) -> BugTaskStatus:
        """What a `RemoteBug.remotestatus` of this type means here."""

    def meaning(remotestatus: str, resolution: str = "", closed: bool | None = None) -> Verdict:
        """What it means, by all that `RemoteBug` has of it; the bug tracker's `mappings` come
        before what the type says."""

    def explainStatus(
        remotestatus: str, resolution: str = "", closed: bool | None = None
    ) -> StatusReading:
        """The same, and which rows of which tables say so."""

    def isMapped(remotestatus: str, resolution: str = "") -> bool:
        """Whether it is those that say what it means."""

    def convertRemoteImportance(
        remote_importance: str,
    ) -> BugTaskImportance:
        """What a `RemoteBug.remote_importance` of this type means here."""

    def explainImportance(remote_importance: str) -> ImportanceReading:
        """The same, and which row of which table says so; the bug tracker's `mappings` come
        before what the type says."""

    def fetch(session: Any, batch: Batch) -> AsyncIterator[Outcome | DialectLearnt]:
        """Ask for the bugs of `batch` through the `IHTTPSession` `session`.

        Yields exactly one outcome for each id in the batch, in any order, as
        soon as it is known: a `RemoteBug`, a `RemoteBugUnchanged` if what the
        batch says of the bug allows that, or a `RemoteBugError`; and a
        `DialectLearnt` where it learns which dialect is spoken.  One bug never
        costs another its outcome.  Nothing is concluded from a bug's absence
        in an answer: it is asked for alone.

        :raises BugTrackerTrouble: the bug tracker as a whole cannot be asked.
            What was yielded before that stands.
        """

    async def identify(session: Any) -> str | None:
        """What the server says that it is, as a sentence; None if it is not of this type.

        Three requests at most, of kinds that need no credentials.

        :raises BugTrackerTrouble: it cannot be asked.
        """

    async def check_credentials(session: Any) -> str | None:
        """Whose the session's credentials are, as the server says; "" if it takes them and does
        not say so much, None if it does not tell.

        :raises BugTrackerCredentialsRefused: it does not take them.
        :raises BugTrackerTrouble: it cannot be asked.
        """

    async def learn_vocabulary(session: Any) -> RemoteVocabulary | None:
        """The words that the bug tracker has, as it says; None if it does not tell.

        :raises BugTrackerTrouble: it cannot be asked.
        """


# What only some types can do; a type provides those that it can.


class IBatches(Interface):
    """Many bugs are asked for in one request."""


class IChangesSince(Interface):
    """It can be asked what changed since a time, in fewer requests than in full."""


class ISweeps(Interface):
    """It can be asked which of all its bugs changed since a time, in a few requests."""

    async def sweep(session: Any, since: datetime) -> tuple[str, ...] | None:
        """The ids of all bugs that changed since then (aware, by the clock of the bug tracker).

        None if it did not tell, or only in part, for whatever reason.  Bugs
        that are gone, hidden or moved need not be among them.
        """


class IDuplicates(Interface):
    """It tells which bug another one duplicates."""


class IMoves(Interface):
    """It tells where a bug moved to."""


class IValidators(Interface):
    """A single bug can be asked for on condition that it changed."""
