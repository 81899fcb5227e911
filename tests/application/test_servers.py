import asyncio

import pytest

from malonewatch.application.servers import ask_each, identify, session_with
from malonewatch.interfaces import BugTrackerFacts, BugTrackerType, UnsupportedBugTracker


def test_answers_come_in_the_order_of_the_questions(database):
    async def late(pool):
        await asyncio.sleep(0)
        return "late"

    async def early(pool):
        return "early"

    assert ask_each([late, early]) == ["late", "early"]


def test_what_nothing_can_talk_to_cannot_be_asked(database):
    facts = BugTrackerFacts("x", BugTrackerType("NONE"), "https://example.com")

    async def question(pool):
        with pytest.raises(UnsupportedBugTracker):
            session_with(pool, facts)
        return await identify(pool, facts)

    (answer,) = ask_each([question])
    assert isinstance(answer, UnsupportedBugTracker)
