"""What went wrong, as problem details (RFC 9457)."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pyramid.response import Response

from malonewatch.application.references import shortened
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BugTrackerNameTaken,
    BugWatchTaken,
    DatabaseBusy,
    DatabaseError,
    MalonewatchError,
    NotFoundError,
    PackageMissing,
    Refused,
)
from malonewatch.web.database import failure_of

_log = logging.getLogger(__name__)

#: What each type of problem begins with.
_TYPE = "urn:malonewatch:problem:"

#: The status, and the type, of what malonewatch raises; the first that fits.
_KINDS: tuple[tuple[tuple[type[MalonewatchError], ...], int, str], ...] = (
    ((NotFoundError,), 404, "not-found"),
    ((BugTrackerNameTaken, BaseURLTaken, BugWatchTaken), 409, "taken"),
    ((BadInput,), 422, "unusable"),
    ((DatabaseBusy,), 503, "busy"),
    ((DatabaseError,), 503, "database"),
    ((PackageMissing,), 501, "package-missing"),
    ((MalonewatchError,), 502, "trouble"),
)

_AWAY = "The database cannot be used at the moment."
_BUSY = "Others changed the same at this moment, again and again; try it once more."


class Problem(Exception):
    """What is wrong with a request, or with doing what it asks for.

    - `kind`: which of our types it is; the status says it all without,
    - `detail`: a sentence, and `errors` says more of what is to blame,
    - `headers`: such as how to do better.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer that tells of it."""
        told: dict[str, Any] = {
            "type": f"{_TYPE}{self.kind}" if self.kind else "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            told["errors"] = self.errors
        response = Response(
            body=json.dumps(told).encode(),
            status=self.status,
            content_type="application/problem+json",
        )
        response.headers.update(self.headers)
        return response


def invalid(errors: Sequence[Mapping[str, str]]) -> Problem:
    """A request that is not as the document has it."""
    detail = "The request is not as the OpenAPI document has it; see 'errors'."
    return Problem(400, "invalid", detail, errors)


def misread(errors: Iterable[Any]) -> Problem:
    """The same, by what openapi-core says of it."""
    return invalid([each for error in errors for each in _told(error)])


def _told(error: Any) -> Iterator[dict[str, str]]:
    where = {"parameter": error.name} if hasattr(error, "name") else {}
    cause = error.__cause__ or error
    for each in getattr(cause, "schema_errors", ()):
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in each.absolute_path]
        pointer = {"pointer": "".join(f"/{step}" for step in steps)}
        yield {"detail": shortened(each.message), **(where or pointer)}
    if not hasattr(cause, "schema_errors"):
        yield {"detail": shortened(str(cause)), **where}


def wrong_method(allowed: Iterable[str], request: Any) -> Response:
    """View: that is there, and cannot be asked for so."""
    methods = ", ".join(sorted(allowed))
    raise Problem(
        405,
        "",
        f"{shortened(request.path)} takes {methods}, and not {request.method[:20]}.",
        headers={"Allow": methods},
    )


def missing(request: Any) -> Response:
    """View: there is no such thing."""
    raise Problem(404, "not-found", f"There is nothing at {shortened(request.path)}.")


def shown(error: Exception, request: Any) -> Response:
    """View: what is answered where `error` was raised."""
    return _problem(error, request).response()


def _problem(error: Exception, request: Any) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, MalonewatchError):
        status, kind = next((status, kind) for of, status, kind in _KINDS if isinstance(error, of))
        sentences = error.sentences if isinstance(error, Refused) else ()
        retry = {"Retry-After": "1"} if kind == "busy" else None
        return Problem(status, kind, str(error), [{"detail": each} for each in sentences], retry)
    failure = failure_of(error, request)
    if isinstance(failure, DatabaseBusy):
        return Problem(503, "busy", _BUSY, headers={"Retry-After": "1"})
    if failure is not None:
        _log.warning("%s %s: %s", request.method, request.path, failure)
        return Problem(503, "database", _AWAY)
    _log.error("%s %s failed.", request.method, request.path, exc_info=error)
    return Problem(500, "fault", "That is a fault in malonewatch; its log tells more.")
