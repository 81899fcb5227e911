"""What is shown instead of a page."""

import logging
from typing import Any

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound, HTTPSeeOther
from zope.component import hooks

from malonewatch.interfaces import (
    BadInput,
    DatabaseBusy,
    DatabaseError,
    MalonewatchError,
    NotFoundError,
    Refused,
)
from malonewatch.web import ROUTE
from malonewatch.web.database import failure_of
from malonewatch.web.page import failure, shown

_log = logging.getLogger("malonewatch.web")

_BUSY = "Others changed the same at this moment, again and again; try it once more."
_AWAY = "The database cannot be used at the moment; try again in a minute."


def _failed(request: Any, status: int, title: str, *sentences: str) -> dict[str, Any]:
    request.response.status_int = status
    return shown(request, title, sentences=sentences)


@failure(HTTPNotFound)
def not_found(error: Any, request: Any) -> dict[str, Any]:
    """There is no such page."""
    return _failed(request, 404, "Not found", "There is nothing here, or not any more.")


@failure(HTTPForbidden)
def forbidden(error: Any, request: Any) -> Any:
    """Who asks may not do that; or nobody knows who asks."""
    if request.authenticated_userid is not None:
        return _failed(request, 403, "Not permitted", "You may not do that here.")
    if request.registry.settings.get("malonewatch.accounts") and request.method == "GET":
        to = request.route_path(ROUTE, traverse=("log-in",), _query={"next": request.path_qs})
        return HTTPSeeOther(to)
    how = request.registry.settings.get("malonewatch.log_in", "")
    return _failed(request, 403, "Not logged in", f"You have to log in to see this. {how}")


@failure(BadCSRFToken)
@failure(BadCSRFOrigin)
def stale(error: Any, request: Any) -> dict[str, Any]:
    """A form that is not ours, or from before the log-in."""
    sentence = "The form was too old, or not one of ours; load its page again. Nothing was changed."
    return _failed(request, 400, "Nothing was done", sentence)


@failure(MalonewatchError)
def refused(error: Any, request: Any) -> dict[str, Any]:
    """What malonewatch refuses, it refuses in sentences."""
    if isinstance(error, NotFoundError):
        return _failed(request, 404, "Not found", str(error))
    if isinstance(error, Refused):
        return _failed(request, 400, "That cannot be done", *error.sentences)
    if isinstance(error, BadInput):
        return _failed(request, 400, "That cannot be done", str(error))
    if isinstance(error, DatabaseError):
        return _failed(request, 503, "The database", str(error))
    return _failed(request, 502, "It went wrong", str(error))


@failure(Exception)
def fault(error: Any, request: Any) -> Any:
    """The database cannot be used; or that is a fault of ours."""
    if isinstance(error, HTTPException):
        return error
    failure = failure_of(error, request)
    # What the page of a failure says of who sees it would ask the database.
    request.context = None
    hooks.setSite(None)
    if isinstance(failure, DatabaseBusy):
        request.response.headers["Retry-After"] = "1"
        return _failed(request, 503, "Nothing was done", _BUSY)
    # Further down there may be what nobody else is to know.
    what = f"{request.method} /{next(iter(request.matchdict['traverse']), '')}"
    if failure is not None:
        _log.warning("%s: %s", what, failure)
        return _failed(request, 503, "The database", _AWAY)
    _log.error("%s failed.", what, exc_info=error)
    sentence = "That is a fault in malonewatch; the log of the server tells more."
    return _failed(request, 500, "It went wrong", sentence)
