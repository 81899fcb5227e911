"""Messages to chats, telephones and whatever else Apprise can reach.

https://github.com/caronc/apprise
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Iterator
from typing import Any

from zope.component import getUtility
from zope.interface import implementer

from malonewatch.interfaces import (
    BadInput,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    IChannel,
    ISecrets,
    ISender,
    Message,
)
from malonewatch.notifying.sentences import headline, links, sentences

#: How many seconds Apprise has for a message.
PATIENCE = 45.0

#: How many notices a digest tells one by one; a chat is no place for more.
MOST = 20

_MISSING = "To send by Apprise needs the package apprise; install malonewatch[apprise]."


@implementer(IChannel)
class AppriseChannel:
    """See `IChannel`.  An address is a reference to a URL of Apprise's."""

    title = "Chat, by Apprise"
    keeps = 0
    is_prompt = False
    lanes = 1

    def check(self, settings: DestinationSettings) -> DestinationSettings:
        if not getUtility(ISecrets).isReference(settings.address):
            raise BadInput(
                "A URL of Apprise's has a secret in it and is not kept here; put it elsewhere, "
                "and say where by env:NAME, file:PATH or keyring:SERVICE/USER."
            )
        if settings.secret is not None:
            raise BadInput("Messages by Apprise are not signed; leave out what to sign them with.")
        if not settings.is_trusted:
            raise BadInput("Apprise may send anywhere, so a destination by it has to be trusted.")
        try:
            _library()
        except ImportError:
            raise BadInput(_MISSING) from None
        return settings

    def route(self, settings: DestinationSettings) -> str:
        # What nobody checked may be a secret, and is not shown.
        is_reference = getUtility(ISecrets).isReference(settings.address)
        return settings.address if is_reference else "nowhere"

    @contextlib.contextmanager
    def open(self, delivery: DeliverySettings) -> Iterator[ISender]:
        try:
            library = _library()
        except ImportError:
            raise DeliveryFailed(_MISSING) from None
        yield AppriseSender(library, delivery.bug_page)


@implementer(ISender)
class AppriseSender:
    """See `ISender`.  Services are kept, as each knows how soon it may be asked again."""

    def __init__(self, library: Any, bug_url: str) -> None:
        self._library = library
        self._bug_url = bug_url
        self._services: dict[str, Any] = {}

    def send(self, message: Message) -> None:
        reference = message.destination.settings.address
        services = self._services.get(reference) or self._find(reference)
        self._services[reference] = services
        title, body = text(message, self._bug_url)
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

        def notify() -> None:
            arrived = False
            # Some plug-ins let errors through, with who knows what in them.
            with contextlib.suppress(Exception):
                arrived = bool(
                    services.notify(
                        title=title, body=body, body_format=self._library.NotifyFormat.TEXT
                    )
                )
            answers.put(arrived)

        # A URL says how long may be waited for each byte, and nothing for how long in all.
        threading.Thread(target=notify, daemon=True, name="apprise").start()
        try:
            arrived = answers.get(timeout=PATIENCE)
        except queue.Empty:
            # It is in use.
            del self._services[reference]
            raise DeliveryFailed(
                f"Apprise had not sent to where {reference} leads after {PATIENCE:g} seconds; "
                "see whether what is there answers."
            ) from None
        if not arrived:
            raise DeliveryFailed(
                f"Apprise could not send to where {reference} leads; its own command, apprise, "
                "says why if it is given the same URL."
            )

    def _find(self, reference: str) -> Any:
        """The services that a reference leads to."""
        try:
            url = getUtility(ISecrets).get(reference)
        except BadInput as error:
            raise DeliveryFailed(str(error)) from None
        services = self._library.Apprise()
        if not services.add(url):
            raise DeliveryFailed(
                f"What {reference} refers to is no URL that Apprise knows; correct it."
            )
        modes = self._library.OverflowMode
        for service in services:
            if service.overflow_mode == modes.UPSTREAM:
                # Otherwise the service would refuse what is too long for it, or cut it off.
                service.overflow_mode = modes.SPLIT
        return services


def text(message: Message, bug_url: str) -> tuple[str, str]:
    """What a message says: its title, and the rest in plain text."""
    notices = message.notices
    if len(notices) == 1:
        lines = [*sentences(notices[0]), *links(notices[0], bug_url).values()]
        return headline(notices[0]), "\n".join(lines)
    lines = [f"- {headline(notice)}" for notice in notices[:MOST]]
    if len(notices) > MOST:
        lines.append(f"... and {len(notices) - MOST} more.")
    return f"{len(notices)} changes in remote bugs", "\n".join(lines)


def _library() -> Any:
    """The package.

    :raises ImportError: it is not there.
    """
    import apprise

    # What it says may have a URL in it that is a secret; it is for those who ask for it.
    logging.getLogger("apprise").propagate = False
    return apprise
