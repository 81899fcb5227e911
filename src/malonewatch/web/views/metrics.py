"""How the site is doing, for Prometheus."""

from typing import Any

from pyramid.response import Response

from malonewatch.application.metrics import read_metrics
from malonewatch.interfaces import PackageMissing, Scope
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import answer, plain
from malonewatch.web.resources import Desk
from malonewatch.web.tokens import bearer_for, sent_token

_REFUSED = (
    "Metrics are for whoever sends a token with the scope metrics or admin, as a bearer token or "
    "as the password of basic authentication; 'malonewatch token issue' makes one."
)


@answer(Desk, "metrics")
def metrics(context: Desk, request: Any) -> Response:
    """The figures, for whoever has a token for them."""
    if bearer_for(sent_token(request), Scope.METRICS) is None:
        refused = plain(_REFUSED, 401)
        refused.www_authenticate = 'Basic realm="malonewatch", Bearer realm="malonewatch"'
        return refused
    try:
        found = read_metrics(RequestDatabase(), request.headers.get("Accept", ""))
    except PackageMissing as error:
        return plain(str(error), 501)
    response = Response(body=found.text)
    response.headers["Content-Type"] = found.content_type
    return response
