"""XML-RPC: questions, and values in answers, http://xmlrpc.com/spec.md.  Pure."""

from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element
from xmlrpc.client import dumps

from malonewatch.externalbugtracker.driver.ask import Ask, Form


def ask(path: str, method: str, argument: Any, ids: Sequence[str]) -> Ask:
    """A question for the bugs `ids`: a call, with one argument, of the service at `path`."""
    body, headers = dumps((argument,), method).encode(), {"Content-Type": "text/xml"}
    return Ask(path, ids=tuple(ids), form=Form.XML, method="POST", body=body, headers=headers)


def multicall(path: str, calls: Iterable[tuple[Any, ...]], ids: Sequence[str]) -> Ask:
    """The same in several calls at once, of which each is a method and its arguments.

    It returns a list: of a list of one for each that returned something.
    """
    described = [{"methodName": method, "params": arguments} for method, *arguments in calls]
    return ask(path, "system.multicall", described, ids)


def fault(answer: Any) -> Any:
    """What an answer says that went wrong, with a "faultCode"; None if it is another.

    :raises LookupError, ValueError, RecursionError: see `value`.
    """
    found = answer.find("fault/value") if isinstance(answer, Element) else None
    return None if found is None else value(found)


def result(answer: Element) -> Any:
    """What a call returned.

    :raises LookupError, ValueError, RecursionError: it returned nothing; see `value`.
    """
    return value(answer.find("params/param/value"))


def value(element: Element | None) -> Any:
    """What is in a value: a list, a dict, or text.

    :raises LookupError, ValueError, RecursionError: it is none, or nested very deeply.
    """
    if element is None:
        raise LookupError("value")
    (kind,) = [*element] or [element]
    if kind.tag == "array":
        return [value(each) for each in kind.iterfind("data/value")]
    if kind.tag == "struct":
        return {
            member.findtext("name"): value(member.find("value"))
            for member in kind.iterfind("member")
        }
    return kind.text or ""
