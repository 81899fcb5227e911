"""A simulated Debbugs.

From https://wiki.debian.org/DebbugsSoapInterface, from what bugs.debian.org
was recorded to answer, and from how SOAP::Lite for Perl guesses types.
"""

import base64
import random
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from aiohttp import web
from defusedxml import DefusedXmlException

from malonewatch.testing.simulator import SimulatedBug, Simulator

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"

NAMESPACES = (
    'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:apachens="http://xml.apache.org/xml-soap"'
    ' xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)

_random = random.Random()


class DebbugsSimulator(Simulator):
    """A Debbugs whose scripts are in the folder `cgi`, ``cgi-bin`` or ``cgi``.

    A bug's `status` is ``open``, ``forwarded`` or ``done``.  Its `extra` may
    have ``tags`` and ``mergedwith`` (lists of strings), ``forwarded`` (where
    to) and ``archived`` (true or false).  A `duplicate_of` counts as merged
    with.  There are no private bugs.
    """

    defaults = {"status": "open", "severity": "normal"}

    def __init__(self, *, cgi: str = "cgi-bin", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cgi = cgi

    def ways_to_say(self, remotestatus: str) -> Iterator[dict[str, Any]]:
        """What comes after the status is a tag."""
        status, _, tag = remotestatus.partition(" ")
        yield {"status": status, "extra": {"tags": [tag] if tag else []}}

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.post("/{cgi}/soap.cgi", self._soap)]

    async def _soap(self, request: web.Request) -> web.Response:
        if request.match_info["cgi"] != self.cgi:
            raise web.HTTPNotFound(
                text="<!DOCTYPE HTML><html><title>404 Not Found</title></html>",
                content_type="text/html",
            )
        if request.content_type != "text/xml":
            return fault("Client", f"Content-Type must be 'text/xml' not {request.content_type}")
        try:
            root = defusedxml.ElementTree.fromstring(await request.read())
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            return fault("Client", "Application failed during request deserialization")
        call = root.find(f"{SOAP}Body/*")
        if root.tag != f"{SOAP}Envelope" or call is None:
            return fault("Client", "Can't find method")
        namespace, _, method = call.tag.rpartition("}")
        action = request.headers.get("SOAPAction", "").strip('"')
        if not re.fullmatch(r"\{Debbugs/SOAP(/[vV]\d+)?/?", namespace) or action not in (
            "",
            f"Debbugs/SOAP#{method}",
        ):
            return fault("Client", f"Denied access to method ({method})")
        if method != "get_status":
            return fault("Client", f"Failed to locate method ({method}) in class (Debbugs::SOAP)")
        # Either one array of numbers or the numbers themselves.
        arguments = list(call)
        if len(arguments) == 1 and len(arguments[0]):
            arguments = list(arguments[0])
        ids = [(argument.text or "").strip() for argument in arguments]
        if not all(text.isdigit() for text in ids):
            return fault("Server", "The 'bug' parameter did not pass regex check")
        found = [self.bugs[id] for id in dict.fromkeys(ids) if id in self.bugs]
        return web.Response(text=get_status_response(found), content_type="text/xml")


def get_status_response(bugs: Iterable[SimulatedBug]) -> str:
    """The XML that says the status of `bugs`.

    A number cannot be the name of an element, so the outer hash is a Map,
    unless it is empty; the inner ones are structs.
    """
    items = "".join(
        f'<item><key xsi:type="xsd:int">{bug.id}</key><value>{_record(bug)}</value></item>'
        for bug in bugs
    )
    found = f'<s-gensym3 xsi:type="apachens:Map">{items}</s-gensym3>' if items else "<s-gensym3 />"
    return _envelope(
        f'<get_statusResponse xmlns="Debbugs/SOAP">{found}</get_statusResponse>',
    )


def fault(code: str, text: str) -> web.Response:
    """A SOAP fault, which comes with HTTP status 500."""
    return web.Response(
        status=500,
        text=_envelope(
            f"<soap:Fault><faultcode>soap:{code}</faultcode>"
            f"<faultstring>{escape(text)}</faultstring></soap:Fault>"
        ),
        content_type="text/xml",
    )


def _envelope(body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope {NAMESPACES}>'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )


def _record(bug: SimulatedBug) -> str:
    if bug.malformed:
        return _scalar("id", bug.id) + _scalar("subject", bug.title)
    tags = " ".join(bug.extra.get("tags", ()))
    forwarded = bug.extra.get("forwarded", "")
    if bug.status == "forwarded":
        forwarded = forwarded or f"https://upstream.example.com/{bug.id}"
    merged = [*bug.extra.get("mergedwith", ())]
    if bug.duplicate_of is not None:
        merged.append(bug.duplicate_of)
    archived = bug.extra.get("archived", False)
    seconds = str(int(bug.modified.timestamp()))
    values = {
        "id": bug.id,
        "bug_num": bug.id,
        "subject": bug.title,
        "originator": "Zoë Reporter <zoe@example.com>",
        "msgid": f"<{bug.id}@example.com>",
        "package": "example",
        "source": "example",
        "severity": bug.severity,
        "tags": tags,
        "keywords": tags,
        "pending": _pending(bug, tags.split(), forwarded),
        "done": "A Maintainer <maintainer@example.com>" if bug.status == "done" else "",
        "forwarded": forwarded,
        "mergedwith": " ".join(sorted(merged, key=int)),
        "blocks": "",
        "blockedby": "",
        "affects": "",
        "owner": "",
        "summary": "",
        "outlook": "",
        "archived": "1" if archived else "0",
        "unarchived": "",
        "location": "archive" if archived else "db-h",
        "date": seconds,
        "log_modified": seconds,
        "last_modified": seconds,
    }
    fields = [_scalar(name, value) for name, value in values.items()]
    for name in ("found", "fixed"):
        fields.append(
            f'<{name}_versions soapenc:arrayType="xsd:string[1]" xsi:type="soapenc:Array">'
            f'<item xsi:type="xsd:string">example/1.0</item></{name}_versions>'
        )
        fields.append(
            f'<{name} xsi:type="apachens:Map"><item><key xsi:type="xsd:string">example/1.0</key>'
            f'<value xsi:nil="true" /></item></{name}>'
        )
    # As Perl has the keys of a hash: in another order each time.
    _random.shuffle(fields)
    return "".join(fields)


def _pending(bug: SimulatedBug, tags: list[str], forwarded: str) -> str:
    if bug.status == "done":
        return "done"
    if "fixed" in tags:
        return "fixed"
    if "pending" in tags:
        return "pending-fixed"
    return "forwarded" if forwarded else "pending"


def _scalar(name: str, value: str) -> str:
    """An element of the type that `value` looks like it has."""
    if not value:
        return f'<{name} xsi:type="xsd:string" />'
    if re.search(r"[^\t\n\r -\x7f]", value):
        text, kind = base64.b64encode(value.encode()).decode(), "base64Binary"
    elif re.fullmatch(r"0\d+", value):
        text, kind = value, "string"
    elif re.fullmatch(r"[+-]?\d{1,10}", value):
        text, kind = value, "int"
    elif re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)?|NaN|INF", value):
        text, kind = value, "float"
    elif value in ("true", "false"):
        text, kind = value, "boolean"
    else:
        text, kind = escape(value), "string"
    return f'<{name} xsi:type="xsd:{kind}">{text}</{name}>'
