"""What servers send when something happened to a bug.  Pure.

A type says in data how its servers sign, and where they name a bug.
"""

import base64
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import parse_qs

from zope.interface import implementer

from malonewatch.interfaces import BadInput, HookEvent, INamesBugsInEvents

#: By how many seconds the clock of who signs that he sends now may be off; as
#: https://www.standardwebhooks.com has it.
TOLERANCE = 300
#: How many bugs an event may name, and how long a name may be.
MOST_BUGS = 100
LONGEST_NAME = 2000
#: How many signatures are looked at: one for each secret that is in use there.
MOST_SIGNATURES = 8
#: Where whoever sends events for a server that does not names bugs.
PLAIN = ("url", "bugs")

_FORM = b"payload="


@implementer(INamesBugsInEvents)
class ReadsEvents:
    """The part of a type that reads events.

    All types take those that are signed as Standard Webhooks have it, and have
    the fields in `PLAIN`.
    """

    #: What else shows that an event is genuine, by header: what comes before the HMAC-SHA256 of
    #: the body in hexadecimal digits, or None where it is the secret itself.
    signatures: ClassVar[Mapping[str, str | None]] = {}
    #: Where an event has the ids or the URLs of bugs: fields of fields, with a dot between; of a
    #: list all are looked at, and with ``field=value`` those that are so.
    named_in: ClassVar[tuple[str, ...]] = ()

    def isGenuine(self, event: HookEvent, secrets: Sequence[str]) -> bool:
        """See `INamesBugsInEvents`."""
        given = [
            (event.headers.get(header.lower(), ""), prefix)
            for header, prefix in self.signatures.items()
        ]
        return any(
            [
                hmac.compare_digest(said.encode(), _expected(event.body, secret, prefix))
                for secret in secrets
                for said, prefix in given
            ]
            + [_is_signed(event, secret) for secret in secrets]
        )

    def getBugsInEvent(self, event: HookEvent) -> Sequence[str]:
        """See `INamesBugsInEvents`."""
        payload = _payload(event)
        found = [name for path in (*self.named_in, *PLAIN) for name in _names_at(payload, path)]
        if len(found) > MOST_BUGS:
            raise BadInput(f"The event names {len(found)} bugs, and {MOST_BUGS} at most are taken.")
        return found


def _expected(body: bytes, secret: str, prefix: str | None) -> bytes:
    """What a header has to say."""
    if prefix is None:
        return secret.encode()
    return f"{prefix}{hmac.digest(secret.encode(), body, 'sha256').hex()}".encode()


def _is_signed(event: HookEvent, secret: str) -> bool:
    """Whether an event is signed, and not old, as Standard Webhooks have it.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    kind, _, text = secret.partition("_")
    named = ("webhook-id", "webhook-timestamp", "webhook-signature")
    id, moment, signatures = (event.headers.get(name, "") for name in named)
    if kind != "whsec" or not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return False
    if abs(event.received.timestamp() - int(moment)) > TOLERANCE:
        return False
    try:
        # Many leave the padding out.
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    signed = b".".join((id.encode(), moment.encode(), event.body))
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    given = signatures.split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]
    # Those that are there are no secret, so it does not matter after how many it ends.
    return any(hmac.compare_digest(each.encode(), expected) for each in given)


def _payload(event: HookEvent) -> Mapping[str, Any]:
    """What an event says.

    :raises BadInput: it is no object in JSON.
    """
    with suppress(ValueError, LookupError, RecursionError):
        body: bytes | str = event.body
        if event.body.startswith(_FORM):
            # As GitHub and Gitea send it where they are told to.
            body = parse_qs(event.body.decode(), max_num_fields=8)["payload"][0]
        payload = json.loads(body)
        if isinstance(payload, dict):
            return payload
    raise BadInput("The event cannot be read: its body is no object in JSON.")


def _names_at(payload: Mapping[str, Any], path: str) -> Iterator[str]:
    """The names of bugs, each once, that stand at a place in what an event says."""
    values: list[Any] = [payload]
    for step in path.split("."):
        field, _, wanted = step.partition("=")
        those = [each for each in _each(values) if isinstance(each, dict) and field in each]
        values = (
            [each for each in those if each[field] == wanted]
            if wanted
            else [each[field] for each in those]
        )
    found = [str(each) for each in _each(values) if type(each) in (str, int)]
    for name in dict.fromkeys(found):
        # No other text names a bug, or can be written down.
        if 0 < len(name) <= LONGEST_NAME and name.isprintable():
            yield name


def _each(values: Iterable[Any]) -> Iterator[Any]:
    """Those, and what stands in lists among them."""
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value
