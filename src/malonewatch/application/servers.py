"""Asking the servers of bug trackers something, no transaction being open."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from zope.component import getUtility, queryAdapter

from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerTrouble,
    IExternalBugTracker,
    IHTTPClient,
    Politeness,
    UnsupportedBugTracker,
)

Answer = TypeVar("Answer")

#: How many bug trackers are asked at the same time.
_JOBS = 20


def ask_each(
    questions: Sequence[Callable[[Any], Awaitable[Answer]]],
) -> list[Answer]:
    """The answers to `questions`, each of which is put through an `IHTTPPool`."""
    # Only now: it takes its time to import.
    import asyncio

    async def ask_all() -> list[Answer]:
        places = asyncio.Semaphore(_JOBS)

        async def ask(pool: Any, question: Callable[[Any], Awaitable[Answer]]) -> Answer:
            async with places:
                return await question(pool)

        async with getUtility(IHTTPClient).open() as pool:
            return await asyncio.gather(*(ask(pool, question) for question in questions))

    asking = ask_all()
    try:
        return asyncio.run(asking)
    finally:
        # It has not even begun if there can be no event loop.
        asking.close()


def session_with(
    pool: Any, facts: BugTrackerFacts, defaults: Politeness | None = None
) -> tuple[Any, Any]:
    """The `IExternalBugTracker` of a bug tracker, and an `IHTTPSession` to it.

    It is asked as politely as its type wants, unless other `defaults` are given.

    :raises UnsupportedBugTracker: nothing can talk to its type.
    """
    external = queryAdapter(facts, IExternalBugTracker, name=facts.bugtrackertype)
    if external is None:
        raise UnsupportedBugTracker(
            f"{facts.baseurl} is of the type {facts.bugtrackertype}, which nothing here can "
            "talk to."
        )
    session = pool.session(
        facts,
        external.timeout,
        authorization=external.authorization,
        defaults=external.politeness if defaults is None else defaults,
        service=external.service,
    )
    return external, session


async def identify(pool: Any, facts: BugTrackerFacts) -> str | BugTrackerTrouble | None:
    """What a server says that it is; None if not of that type; or why it cannot be asked."""
    try:
        # What a type wants counts where it is one of that type, and a lane keeps it.
        external, session = session_with(pool, facts, Politeness())
        said: str | None = await external.identify(session)
    except BugTrackerTrouble as trouble:
        return trouble
    return said
