"""Requests that are sent again: they are answered again, and not done again."""

import hashlib
from collections.abc import Callable
from typing import Any

from pyramid.response import Response
from zope.component import getUtility

from malonewatch.application.references import get_part
from malonewatch.interfaces import IReplySet, Reply
from malonewatch.web.rest.calls import Call
from malonewatch.web.rest.problems import Problem


def once(call: Call, key: str, waits: bool, do: Callable[[], Response]) -> Response:
    """Do what a call asks for, unless its ``Idempotency-Key`` was seen.

    What failed is not noted: it changed nothing, and may be tried again.

    :raises Problem: the key was seen with another request, or the one it came with is at work.
    """
    request, number = call.request, call.access.token
    said = "\n".join((request.method, request.path_qs, "")).encode() + request.body
    replies, mark = get_part(IReplySet), hashlib.sha256(said).digest()
    reply = replies.query(number, key)
    if reply is not None:
        return _again(reply, mark)
    if not waits:
        response = do()
        replies.keep(number, key, _reply(mark, response))
        return response
    # Before others are waited for, so that it is not done twice at once.
    with call.detached() as database:
        database.write(lambda trackers: _begin(number, key, mark))
    try:
        response = do()
    except BaseException:
        with call.detached() as database:
            database.write(lambda trackers: getUtility(IReplySet).forget(number, key))
        raise
    replies.keep(number, key, _reply(mark, response))
    return response


def _begin(number: Any, key: str, mark: bytes) -> None:
    replies = getUtility(IReplySet)
    reply = replies.query(number, key)
    if reply is not None:
        _again(reply, mark)
    replies.keep(number, key, Reply(mark))


def _reply(mark: bytes, response: Response) -> Reply:
    return Reply(mark, response.status_int, response.headers.get("Location"), bytes(response.body))


def _again(reply: Reply, mark: bytes) -> Response:
    """What was answered before."""
    if reply.request != mark:
        raise Problem(422, "key-reused", "That Idempotency-Key came with another request before.")
    if reply.status is None:
        raise Problem(
            409,
            "at-work",
            "What came with that Idempotency-Key before is still at work; ask again later.",
            headers={"Retry-After": "5"},
        )
    response = Response(status=reply.status, body=reply.body, content_type="application/json")
    if reply.location is not None:
        response.headers["Location"] = reply.location
    return response
