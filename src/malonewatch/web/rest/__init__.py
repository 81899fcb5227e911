"""REST: what people can do, for programs, under ``/api/v1``.

What there is stands in ``openapi.yaml``, and each operation there is named
after the function of `malonewatch.application` that it stands for.  A request
goes through `malonewatch.web.rest.answering`; what is particular about an
operation is in one of `malonewatch.web.rest.operations`.

The setting ``malonewatch.rest.check_answers`` lets answers be checked against
the document, too; that is for tests.
"""

from functools import partial
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

#: The route of all that is under the same path and not in the document.
ROUTE = "malonewatch.rest"

_PATH = "/api/v1"


def includeme(config: Any) -> None:
    """Put REST into a Pyramid application that has the desk."""
    from malonewatch.web.resources import desk_of
    from malonewatch.web.rest import answering, problems, serving
    from malonewatch.web.rest.document import OPERATIONS

    def add(route: str, pattern: str, views: dict[str | None, Any]) -> None:
        config.add_route(route, f"{_PATH}{pattern}", factory=desk_of)
        for method, view in views.items():
            config.add_view(
                view,
                route_name=route,
                request_method=method,
                permission=NO_PERMISSION_REQUIRED,
                require_csrf=False,
            )
        config.add_exception_view(problems.shown, context=Exception, route_name=route)

    for path, operations in OPERATIONS.items():
        views: dict[str | None, Any] = {
            method.upper(): partial(answering.answer, operation)
            for method, operation in operations.items()
        }
        allowed = [each for each in views if each] + (["HEAD"] if "get" in operations else [])
        pattern = next(iter(operations.values())).pattern
        add(f"{ROUTE}{path}", pattern, {**views, None: partial(problems.wrong_method, allowed)})
    for name in ("openapi.json", "openapi.yaml"):
        view = getattr(serving, name.replace(".", "_"))
        add(f"{ROUTE}/{name}", f"/{name}", {"GET": view})
    add(ROUTE, "*rest", {None: problems.missing})
