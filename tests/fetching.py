"""What a bug tracker learns, as a run would have it."""

from malonewatch.interfaces import Batch, Brake, Fetched, RemoteBugUnchanged


def fetched(tracker, outcomes=(), asked=None, clock_skew=None, *, seen=(), apart=False, **values):
    """All that came of asking `tracker` for the bugs that there are outcomes for."""
    outcomes = tuple(outcomes)
    remotebugs = tuple(outcome.remotebug for outcome in outcomes)
    batch = Batch(tracker.facts, remotebugs, dict.fromkeys(seen, asked), apart=apart)
    return Fetched(batch, asked, outcomes, clock_skew=clock_skew, **values)


def apply(tracker, outcomes, asked, clock_skew=None, brake=Brake(), **values):
    return tracker.apply(fetched(tracker, outcomes, asked, clock_skew, **values), brake)


def preview(tracker, outcomes, asked, **values):
    return tracker.preview(fetched(tracker, outcomes, asked, **values))


def fail(tracker, trouble, asked, missing=(), outcomes=()):
    """The bug tracker cannot be asked."""
    return apply(tracker, outcomes, asked, missing=tuple(missing), trouble=trouble)


def answer(tracker, asked, clock_skew=None, **values):
    """The bug tracker answers, and nothing is new."""
    return apply(tracker, [RemoteBugUnchanged("no such bug")], asked, clock_skew, **values)
