"""From a request to its answer."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pyramid.response import Response

from malonewatch.acting import Actor, acting
from malonewatch.application.plain import plain
from malonewatch.web.rest import operations as _operations  # noqa: F401
from malonewatch.web.rest.access import access_for
from malonewatch.web.rest.calls import WAYS, Call, Made, Page, query_of
from malonewatch.web.rest.document import OPERATIONS, Given, Operation, read_json
from malonewatch.web.rest.problems import Problem, invalid, misread
from malonewatch.web.rest.repeating import once

#: No body is larger, in bytes.
LONGEST = 1 << 20

_NOTHING = Given({}, None)


def answer(operation: Operation, request: Any) -> Response:
    """View: do what is asked for, and tell what came of it.

    :raises Problem: it is not to be done so.
    """
    response = _answer(operation, request)
    if _are_checked(request):
        for fault in operation.faults(request, response):
            raise fault
    return response


def _are_checked(request: Any) -> bool:
    return bool(request.registry.settings.get("malonewatch.rest.check_answers"))


def _answer(operation: Operation, request: Any) -> Response:
    way, is_read = WAYS[operation.name], operation.method == "get"
    access = access_for(request, way.scope, way.permission, is_read)
    call = Call(request, access, _given(operation, request))
    if is_read:
        return _if_new(request, _told(operation, call))
    if "If-Match" in request.headers:
        _check_match(operation, call)
    key = request.headers.get("Idempotency-Key")
    with acting(Actor("REST", access.name)):
        if key is None or not operation.takes_key:
            return _told(operation, call)
        return once(call, key, way.waits, lambda: _told(operation, call))


def _given(operation: Operation, request: Any) -> Given:
    if operation.takes_body:
        _check_body(request)
    query = _query(operation, request)
    if operation.method == "get":
        return Given(query, None)
    body, errors = operation.read_body(request)
    if errors:
        raise misread(errors)
    return Given(query, body)


def _query(operation: Operation, request: Any) -> Mapping[str, Any]:
    try:
        values, wrong = operation.read_query(query_of(request))
    except UnicodeDecodeError:
        raise Problem(400, "invalid", "The query is not in UTF-8.") from None
    if wrong:
        told = [{"detail": detail, "parameter": name} for name, detail in wrong.items()]
        raise invalid(told)
    return values


def _check_body(request: Any) -> None:
    if (request.content_length or 0) > LONGEST:
        raise Problem(413, "", f"A body has at most {LONGEST} bytes.")
    if request.content_type != "application/json":
        raise Problem(415, "", "A body is JSON, with 'Content-Type: application/json'.")
    try:
        # With half a character in a text it could not be answered with that.
        json.dumps(read_json(request.body), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Problem(400, "invalid", "The body is not JSON in UTF-8.") from None


def _told(operation: Operation, call: Call) -> Response:
    """Do it; what is answered then."""
    value = WAYS[operation.name].do(call)
    response = Response(status=operation.status)
    if isinstance(value, Made):
        if not value.is_new:
            response.status = 200
        if value.path is not None:
            response.headers["Location"] = _location(operation, call, value.path)
        value = value.value
    elif isinstance(value, Page):
        if value.next is not None:
            response.headers["Link"] = call.next_link(value.next)
        value = value._asdict()
    if operation.status == 204:
        del response.content_type
        return response
    response.content_type = "application/json"
    response.body = json.dumps(plain(value)).encode()
    return response


def _location(operation: Operation, call: Call, path: str) -> str:
    """Where what was made is."""
    return f"{call.request.path.removesuffix(operation.path)}/{path}"


def _tag(response: Response) -> str:
    """What tells an answer from others, of what it says: a strong ETag."""
    return hashlib.sha256(response.body).hexdigest()[:32]


def _if_new(request: Any, response: Response) -> Response:
    """The answer to who reads, or only that it is as it was."""
    response.etag = _tag(response)
    response.vary = ("Authorization", "Cookie")
    if response.etag in request.if_none_match:
        return Response(status=304, headers={"ETag": f'"{response.etag}"'})
    return response


def _check_match(operation: Operation, call: Call) -> None:
    """See that what is to be changed is as who asks has seen it.

    :raises Problem: it is not, or there is nothing to see.
    """
    path = operation.path
    if "get" not in OPERATIONS[path] and not path.endswith("}"):
        # What is done to a thing is below it.
        path = path.rpartition("/")[0]
    seen = OPERATIONS.get(path, {}).get("get")
    if seen is not None:
        now = _told(seen, Call(call.request, call.access, _NOTHING))
        if _tag(now) in call.request.if_match:
            return
    raise Problem(412, "changed", "It is not as If-Match has it, any more; nothing was done.")
