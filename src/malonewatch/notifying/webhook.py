"""Messages as webhooks, to whoever takes them at a URL.

They are as https://www.standardwebhooks.com has them, so that any of its
libraries can verify what arrives.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from zope.component import getUtility
from zope.interface import implementer

from malonewatch.cleaning import clean
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugTrackerAddressRefused,
    BugTrackerConnectError,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    Happening,
    IChannel,
    IClock,
    IHTTPClient,
    ISecrets,
    ISender,
    Message,
    Notice,
    Posted,
)
from malonewatch.notifying.lasting import http_failure
from malonewatch.notifying.sentences import headline

#: How many bytes of notices a digest has at most; many servers take a megabyte and no more.
LARGEST = 512 * 1024

#: How many seconds the other side has to answer.
PATIENCE = 30.0

_PORTS = {"http": 80, "https": 443}

#: What something happened to, if that is no bug watch.
_SUBJECTS = {
    Happening.TROUBLE: "bugtracker",
    Happening.RECOVERED: "bugtracker",
    Happening.DISABLED: "destination",
}


@implementer(IChannel)
class WebhookChannel:
    """See `IChannel`.  An address is a URL, or a reference to one that is a secret."""

    title = "Webhook"
    keeps = 0
    is_prompt = False
    lanes = 1

    def check(self, settings: DestinationSettings) -> DestinationSettings:
        secrets = getUtility(ISecrets)
        if not secrets.isReference(settings.address):
            _host(settings.address, "The address")
        if settings.secret is not None and not secrets.isReference(settings.secret):
            raise BadInput(
                "What messages are signed with is not kept here; put it elsewhere, and say where "
                "by env:NAME, file:PATH or keyring:SERVICE/USER."
            )
        return settings

    def route(self, settings: DestinationSettings) -> str:
        if getUtility(ISecrets).isReference(settings.address):
            return settings.address
        try:
            return _host(settings.address, "The address")
        except BadInput:
            # Nobody checked it; that it leads nowhere is said when something is to go there.
            return "nowhere"

    @contextlib.contextmanager
    def open(self, delivery: DeliverySettings) -> Iterator[ISender]:
        loop = asyncio.new_event_loop()
        try:
            connections = getUtility(IHTTPClient).open()
            pool = loop.run_until_complete(connections.__aenter__())
            try:
                yield WebhookSender(loop, pool)
            finally:
                loop.run_until_complete(connections.__aexit__(None, None, None))
        finally:
            loop.close()


@implementer(ISender)
class WebhookSender:
    """See `ISender`.  Its `loop` runs while it sends, and keeps the connections of `pool`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: Any) -> None:
        self._loop = loop
        self._pool = pool

    def send(self, message: Message) -> None:
        settings = message.destination.settings
        body = payload(message)
        secrets = getUtility(ISecrets)
        url = name = settings.address
        is_secret = secrets.isReference(name)
        try:
            if is_secret:
                url = secrets.get(name)
                _host(url, f"What {name} refers to")
            else:
                name = _host(url, "The address")
            headers = _headers(message.key, body, settings.secret)
        except BadInput as error:
            raise DeliveryFailed(str(error)) from None
        post = self._pool.post(
            url,
            body,
            headers,
            is_trusted=settings.is_trusted,
            called=name if is_secret else None,
            timeout=PATIENCE,
        )
        try:
            posted = self._loop.run_until_complete(post)
        except BugTrackerAddressRefused:
            raise DeliveryFailed(
                f"{name} is not on the public Internet, where alone this destination may be; "
                "whoever runs this site can trust it."
            ) from None
        except BugTrackerConnectError as error:
            raise DeliveryFailed(str(error)) from None
        except ValueError:
            raise DeliveryFailed(f"{name} is not the name of a server; correct it.") from None
        if posted.status // 100 != 2:
            raise http_failure(_refusal(name, posted), posted.status, posted.retry_after)


def payload(message: Message) -> bytes:
    """What tells a message to programs, in JSON.

    An object with `type`, `timestamp` and `data`.  For one notice `type` is
    such as ``bugwatch.fixed``, ``bugtracker.trouble`` or
    ``destination.disabled``, and `data` has all of the notice: enumerations as
    they are written or, what a status means, by name; the moments in ISO 8601;
    a line for people as `text`, and the notice's own text as `detail`.  For
    several, `type` is ``digest``, and `data` has such objects as `notices`,
    the oldest first, and in `omitted` how many did not fit in.
    """
    told = [_data(notice) for notice in message.notices]
    last = message.notices[-1]
    if len(told) == 1:
        what = f"{_SUBJECTS.get(last.happening, 'bugwatch')}.{last.happening.value}"
        data = told[0]
    else:
        what = "digest"
        fitting, left = 0, LARGEST
        while fitting < len(told) and left >= (size := len(_json(told[fitting]))):
            fitting += 1
            left -= size
        data = {"notices": told[:fitting], "omitted": len(told) - fitting}
    return _json({"type": what, "timestamp": _plain(last.moment), "data": data})


def _data(notice: Notice) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in notice._asdict().items()}
    return {**values, "text": clean(headline(notice)), "detail": values["text"]}


def _plain(value: Any) -> Any:
    """A field of a notice, as JSON has it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, BugTaskStatus):
        return value.name
    return value.value if isinstance(value, Happening) else value


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _headers(key: str, body: bytes, secret: str | None) -> dict[str, str]:
    """The headers of a message, signed with what `secret` refers to, if anything.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

    :raises BadInput: that is not there, or is no key.
    """
    timestamp = str(int(getUtility(IClock).now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": timestamp,
    }
    if secret is not None:
        signed = b".".join((key.encode(), timestamp.encode(), body))
        signature = hmac.digest(_key(secret), signed, hashlib.sha256)
        headers["webhook-signature"] = f"v1,{base64.b64encode(signature).decode()}"
    return headers


def _key(reference: str) -> bytes:
    prefix, _, text = getUtility(ISecrets).get(reference).partition("_")
    key = b""
    if prefix == "whsec":
        with contextlib.suppress(ValueError):
            # Many leave the padding out.
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if not key:
        raise BadInput(
            f"What {reference} refers to is no key to sign with, which is whsec_ and base64 "
            "after that; correct it."
        )
    return key


def _host(url: str, called: str) -> str:
    """The host and port of a URL.

    :raises BadInput: it is not one to send to, and what it is `called`; it is
        not shown, as it may be a secret.
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        host = parts.netloc.lower()
        if parts.scheme in _PORTS and parts.hostname and "@" not in host:
            return host if parts.port else f"{host.rstrip(':')}:{_PORTS[parts.scheme]}"
    raise BadInput(
        f"{called} is not the URL of a webhook, which begins with https:// or http:// and has no "
        "user name and password in it; correct it."
    )


def _refusal(name: str, posted: Posted) -> str:
    """What went wrong, in a sentence."""
    status = f"(HTTP status {posted.status})"
    if posted.status == 410:
        return f"{name} says that nothing is wanted there any more {status}."
    if posted.retry_after is not None or posted.status == 429:
        return f"{name} wants no more messages for a while {status}."
    if posted.status // 100 == 3:
        return f"{name} leads elsewhere {status}, and messages do not follow; correct its address."
    if posted.status >= 500:
        return f"{name} failed to take the message {status}; its own log may say why."
    return f"{name} refuses the message {status}; see whether the address and the secret are right."
