"""SOAP 1.1: questions, and values in answers.  Pure.

https://www.w3.org/TR/2000/NOTE-SOAP-20000508/.  Names are told by their local
part: which of the namespaces they are in depends on how old a server is.
"""

import base64
import contextlib
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from malonewatch.externalbugtracker.driver.ask import Ask, Form
from malonewatch.externalbugtracker.driver.reading import decode

_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    "<soap:Body>{}</soap:Body></soap:Envelope>"
)


def ask(path: str, call: str, ids: Sequence[str]) -> Ask:
    """A question for the bugs `ids`: a call, given as XML, of the service at `path`."""
    return Ask(
        path,
        ids=tuple(ids),
        form=Form.XML,
        method="POST",
        body=_ENVELOPE.format(call).encode(),
        headers=_HEADERS,
    )


def numbers(name: str, values: Iterable[str]) -> str:
    """An argument of that name: an array of whole numbers."""
    items = [f'<item xsi:type="xsd:int">{value}</item>' for value in values]
    kind = f'xsi:type="soapenc:Array" soapenc:arrayType="xsd:int[{len(items)}]"'
    return f"<{name} {kind}>{''.join(items)}</{name}>"


def result(answer: Element) -> Element:
    """What a call returned, of a service that calls it so.

    :raises LookupError, ValueError: there is something else, such as a fault.
    """
    (called,) = pairs(answer)["Body"]
    return pairs(called)["return"]


def pairs(element: Element) -> dict[str, Element]:
    """What is in a struct or in a map, whose items have a key and a value each, by name."""
    found = {}
    for child in element:
        name = child.tag.rpartition(":")[2]
        if len(child):
            item = {part.tag.rpartition(":")[2]: part for part in child}
            if item.keys() >= {"key", "value"}:
                found[(item["key"].text or "").strip()] = item["value"]
                continue
        found[name] = child
    return found


def texts(element: Element) -> dict[str, str]:
    """The same as plain values."""
    return {name: text(value) for name, value in pairs(element).items()}


def text(element: Element) -> str:
    """A scalar of whatever type as text, or all that is in an array with spaces between.

    :raises RecursionError: it is nested more deeply than any answer is.
    """
    if len(element):
        return " ".join(map(text, element))
    plain = (element.text or "").strip()
    # Plainly: this is done for each field of each bug.
    for name, kind in element.attrib.items():
        if name.endswith(":type") and kind.rpartition(":")[2].lower().startswith("base64"):
            with contextlib.suppress(ValueError):
                return decode(base64.b64decode(plain)).strip()
    return plain
