"""What is shown instead of a page."""

from typing import Any

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther

from malonewatch.interfaces import BadInput, DatabaseError, MalonewatchError, NotFoundError, Refused
from malonewatch.web import ROUTE
from malonewatch.web.page import failure, shown


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
