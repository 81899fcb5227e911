"""What is known about a type of bug tracker."""

from collections.abc import AsyncIterator
from urllib.parse import SplitResult

from zope.interface import Attribute, Interface

from malonewatch.interfaces.enumerations import BugTaskImportance, BugTaskStatus
from malonewatch.interfaces.values import Batch, BugFilingAndSearchLinks, Outcome


class IExternalBugTrackerType(Interface):
    """What can be asked of a type without a bug tracker at hand.

    The factory of every `IExternalBugTracker` provides it.
    """

    title = Attribute("The type's name for people, such as 'Bugzilla'.")
    timeout = Attribute("Seconds that one request may take.")
    batch_size = Attribute(
        "How many watches of one bug tracker are updated in one run; 0 for all that are due; "
        "None leaves it to the cron script."
    )
    request_size = Attribute("How many bugs are asked for in one request, at most.")
    changed_since = Attribute("True if such a bug tracker can answer what changed since a time.")

    def parseBugURL(url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        """The (base URL, remote bug id) of the bug at `url`, None if it is none.

        `baseurl` is that of a registered bug tracker of this type, one that
        `url` begins with; shorter forms are recognised then which would be
        too daring a guess without.  The id is canonical.
        """

    def canonicalRemoteBug(remotebug: str) -> str:
        """The one way to write the id: ``'#0042 '`` is ``'42'``."""


class IExternalBugTracker(Interface):
    """A bug tracker somewhere else.

    An adapter for `IBugTrackerFacts`, registered under the type's name.  It
    keeps nothing of the database: it copies the facts when it is made.
    """

    timeout = Attribute("See `IExternalBugTrackerType`.")
    batch_size = Attribute("See `IExternalBugTrackerType`.")
    request_size = Attribute("See `IExternalBugTrackerType`.")
    changed_since = Attribute("See `IExternalBugTrackerType`.")
    baseurl = Attribute("The base URL, without a trailing slash.")
    dialect = Attribute(
        "The dialect that the bug tracker speaks, as known before or learnt by fetch(); or None."
    )

    def getBugURL(remotebug: str) -> str:
        """Where a person sees that bug."""

    def getBugFilingAndSearchLinks(
        remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        """Where to file a bug with that summary, and where to look for one.

        A link is None if the type has no such page, or if the page needs a
        product and none is given.
        """

    def convertRemoteStatus(remotestatus: str) -> BugTaskStatus:
        """What a `RemoteBug.remotestatus` of this type means here."""

    def convertRemoteImportance(
        remote_importance: str,
    ) -> BugTaskImportance:
        """What a `RemoteBug.remote_importance` of this type means here."""

    def fetch(session, batch: Batch) -> AsyncIterator[Outcome]:
        """Ask for the bugs of `batch` through the `IHTTPSession` `session`.

        Yields exactly one outcome for each id in the batch, in any order, as
        soon as it is known: a `RemoteBug`, a `RemoteBugUnchanged` if the
        batch's `since` or validators allow that, or a `RemoteBugError`.  One
        bug never costs another its outcome.  Nothing is concluded from a
        bug's absence in an answer: it is asked for alone.

        :raises BugTrackerTrouble: the bug tracker as a whole cannot be asked.
            What was yielded before that stands.
        """
