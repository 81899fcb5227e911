"""Messages as mail."""

import contextlib
import dataclasses
from collections.abc import Iterator

from zope.component import getUtility
from zope.interface import implementer

from malonewatch.cleaning import clean
from malonewatch.interfaces import (
    BadInput,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    IChannel,
    IClock,
    ISecrets,
    ISender,
    Message,
)
from malonewatch.notifying.letters import Letters, is_address
from malonewatch.notifying.transports import Transport, open_transport
from malonewatch.unsubscribing import check_secret


@implementer(IChannel)
class MailChannel:
    """See `IChannel`.  An address is that of a mailbox."""

    title = "Mail"
    keeps = 0
    is_prompt = False
    lanes = 8

    def check(self, settings: DestinationSettings) -> DestinationSettings:
        settings = dataclasses.replace(settings, address=settings.address.strip())
        if not is_address(settings.address):
            raise BadInput(_wrong(settings.address))
        if settings.secret is not None:
            raise BadInput("Mail is not signed; leave out what to sign it with.")
        return settings

    def route(self, settings: DestinationSettings) -> str:
        # All goes out by the site's one transport.
        return "mail"

    @contextlib.contextmanager
    def open(self, delivery: DeliverySettings) -> Iterator[ISender]:
        if not is_address(delivery.sender):
            raise DeliveryFailed(
                "What mail comes from is no mail address; correct it with malonewatch delivery "
                "--sender."
            )
        secret = _link_secret(delivery)
        with open_transport(delivery) as transport:
            yield MailSender(Letters(delivery, secret), transport)


@implementer(ISender)
class MailSender:
    """See `ISender`."""

    def __init__(self, letters: Letters, transport: Transport) -> None:
        self._letters = letters
        self._transport = transport
        self._clock = getUtility(IClock)

    def send(self, message: Message) -> None:
        recipient = message.destination.settings.address
        if not is_address(recipient):
            raise DeliveryFailed(_wrong(recipient), is_permanent=True)
        self._transport.send(recipient, self._letters.letter(message, self._clock.now()))


def _link_secret(delivery: DeliverySettings) -> str:
    """What the links to the desk are signed with; nothing where there are none.

    :raises DeliveryFailed: it is not to be had.
    """
    if delivery.unsubscribe_url or not (delivery.desk_url and delivery.link_secret):
        return ""
    try:
        secret: str = getUtility(ISecrets).get(delivery.link_secret)
        check_secret(secret)
    except BadInput as error:
        raise DeliveryFailed(str(error)) from None
    return secret


def _wrong(address: str) -> str:
    return (
        f"{clean(address, 60)!r} is not a mail address such as jane@example.com, in plain "
        "letters; correct it."
    )
