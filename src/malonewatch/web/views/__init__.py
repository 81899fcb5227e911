"""The pages, a module for what belongs together."""

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from malonewatch.web import ROUTE


def to_front(request: Any) -> HTTPSeeOther:
    """Lead to the desk where the slash at its end is missing."""
    return HTTPSeeOther(request.route_path(ROUTE, traverse=()))
