"""Runs that are killed at a moment that is not by chance; see killing.py for chance."""

import asyncio
import threading

import pytest
from aiohttp import web

from malonewatch.testing.bugzilla import BugzillaSimulator

from .killing import Loop


class Stopping(BugzillaSimulator):
    """Answers so many requests, and holds the next one until the end."""

    def __init__(self):
        super().__init__()
        self.answers = 1_000_000
        self.held = threading.Event()

    async def _search(self, request):
        self.answers -= 1
        if self.answers < 0:
            self.held.set()
            await asyncio.Event().wait()
        response = await super()._search(request)
        assert isinstance(response, web.Response)
        return response


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_a_run_that_is_killed_loses_the_batch_in_flight_at_most(tmp_path, answers):
    with Stopping() as simulator:
        loop = Loop(tmp_path, simulator, 2000, seed=3)
        assert loop.start().wait() == 0
        loop.change_some()
        simulator.answers = answers
        process = loop.start()
        assert simulator.held.wait(timeout=60)
        loop.kill(process)
        assert loop.killed == 1
        simulator.answers = 1_000_000
        counts = loop.verdict()
        assert counts["lost"] == counts["stale"] == counts["broken"] == counts["twice"] == 0
        # One entry for what was found first, one for each of the 200 changes.
        assert counts["activities"] == 2200
