"""A channel that keeps what is sent by it."""

import contextlib

from zope.component import getGlobalSiteManager
from zope.interface import implementer

from malonewatch.interfaces import BadInput, DeliveryFailed, IChannel, ISender


@implementer(IChannel, ISender)
class KeepingChannel:
    """Keeps the messages in `sent`; `failure` is what it raises instead, and `openings` what
    it was opened with."""

    title = "Kept"
    keeps = 0
    is_prompt = False
    lanes = 1

    def __init__(self):
        self.sent = []
        self.failure = None
        self.openings = []

    def check(self, settings):
        if not settings.address.isprintable() or " " in settings.address:
            raise BadInput(f"{settings.address!r} is no address.")
        return settings

    def route(self, settings):
        return "kept"

    @contextlib.contextmanager
    def open(self, delivery):
        self.openings.append(delivery)
        yield self

    def send(self, message):
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)


@contextlib.contextmanager
def in_place_of(name, channel=None):
    """Have a channel in the place of the one of that name."""
    channel = channel or KeepingChannel()
    registry = getGlobalSiteManager()
    before = registry.queryUtility(IChannel, name=name)
    registry.registerUtility(channel, IChannel, name=name)
    yield channel
    if before is None:
        registry.unregisterUtility(channel, IChannel, name=name)
    else:
        registry.registerUtility(before, IChannel, name=name)


def refusal(sentence="The server is down."):
    return DeliveryFailed(sentence)
