"""What is elsewhere, and what is learnt of it."""

from zope.component import getUtility

from malonewatch.interfaces import Batch, Fetched, IClock

BUGZILLA = "https://bugzilla.example.com"


def bug_url(remotebug):
    """The URL of a bug that can only be one in a Bugzilla."""
    return f"{BUGZILLA}/show_bug.cgi?id={remotebug}"


def apply(tracker, *outcomes, trouble=None, missing=()):
    """Let a bug tracker have said something, or be in trouble."""
    asked = (*(outcome.remotebug for outcome in outcomes), *missing)
    fetched = Fetched(
        Batch(tracker.facts, asked), getUtility(IClock).now(), outcomes, missing, trouble=trouble
    )
    tracker.apply(fetched)
