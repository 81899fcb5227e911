import contextlib
from datetime import datetime, timedelta, timezone

import pytest
from aiohttp import web
from zope.component import getGlobalSiteManager

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTaskStatus,
    DestinationFacts,
    DestinationSettings,
    Happening,
    Message,
    Notice,
)
from malonewatch.testing.faults import answer
from malonewatch.testing.simulator import Simulator

IDENTITY = "5f7a2c9e-8a44-4f6e-9d5e-0c2b8e1d7a11"
MOMENT = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


class Receiver(Simulator):
    """Keeps what is sent to it: path, headers and body."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.received = []
        self.answers = {}

    def routes(self):
        return [web.post("/{path:.*}", self._receive)]

    async def _receive(self, request):
        self.received.append((request.path, request.headers, await request.read()))
        return await self.answers.get(request.path, answer(body="thanks"))(request)


@pytest.fixture(autouse=True)
def _configured():
    configure()


@pytest.fixture
def receiver():
    """Makes running receivers."""
    with contextlib.ExitStack() as stack:
        yield lambda **kwargs: stack.enter_context(Receiver(**kwargs))


@pytest.fixture
def register():
    """Puts utilities in the place of others, for the length of a test."""
    manager = getGlobalSiteManager()
    with contextlib.ExitStack() as stack:

        def register(utility, provided):
            before = manager.queryUtility(provided)
            manager.registerUtility(utility, provided)
            stack.callback(manager.registerUtility, before, provided)

        yield register


@pytest.fixture
def notice():
    """Makes notices, an hour after one another."""

    def notice(number=1, happening=Happening.FIXED, **values):
        usual = {
            "bug": 12,
            "bug_title": "Ours",
            "tracker": "gnome",
            "tracker_title": "GNOME",
            "watch": 3,
            "remotebug": "77",
            "title": "Theirs",
            "url": "https://bugs.example.com/show_bug.cgi?id=77",
            "old_remotestatus": "NEW",
            "new_remotestatus": "RESOLVED FIXED",
            "old_status": BugTaskStatus.NEW,
            "new_status": BugTaskStatus.FIXRELEASED,
            "since": MOMENT - timedelta(days=40),
        }
        moment = MOMENT + timedelta(hours=number)
        return Notice(number, moment, happening, **{**usual, **values})

    return notice


@pytest.fixture
def message():
    """Makes messages of notices to a destination with such settings."""

    def message(settings, *notices, recent=()):
        facts = DestinationFacts(4, "jane", "jane@example.com", settings)
        key = f"{IDENTITY}.4.{'-'.join(str(each.id) for each in notices)}"
        return Message(key, facts, notices, len(notices) > 1, tuple(recent))

    return message


@pytest.fixture
def settings():
    """Makes the settings of a destination."""

    def settings(kind, address, **values):
        return DestinationSettings(kind=kind, address=address, **values)

    return settings
