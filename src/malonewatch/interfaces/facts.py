"""What an external bug tracker needs to know of the tracker that it speaks to."""

from zope.interface import Attribute, Interface
from zope.schema import Bool, TextLine


class IBugTrackerFacts(Interface):
    """A bug tracker, as far as talking to it is concerned.

    Both the persistent `IBugTracker` and the plain value `BugTrackerFacts`
    provide it, so that an `IExternalBugTracker` can be had from either.
    """

    name = TextLine(title="Name", description="Unique, fit for a URL.")
    bugtrackertype = TextLine(
        title="Type", description="The name that its IExternalBugTracker is registered under."
    )
    baseurl = TextLine(title="Base URL", description="Where the bug tracker's pages begin.")
    dialect = TextLine(
        title="Dialect",
        description=(
            "Which of the protocols that its type knows this bug tracker speaks, as learnt "
            "when it was last asked; None before that."
        ),
        required=False,
    )
    guessed = Bool(
        title="Guessed from a text",
        description=(
            "Nobody registered this bug tracker on purpose: its URL stood in some text. "
            "It may not lead to a private network."
        ),
    )
    mappings = Attribute("What the site says that its words mean: `Mappings`.")
