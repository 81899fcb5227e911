"""The desk: what people can do, in a browser.

`malonewatch serve` opens it.  A Pyramid application puts it under a path of
its own::

    config.include("pyramid_tm")
    config.include("pyramid_zodbconn")
    config.include("malonewatch.web", route_prefix="/desk")

The setting ``malonewatch.site`` is the path of the site in the database, by
default ``/malonewatch``.  The application brings a session factory, and a
security policy that permits ``view``, ``watch``, ``manage trackers`` and
``administer`` where it sees fit; see `malonewatch.web.security`.

A page is a view, registered for what it shows (`IBug`, `IBugWatch`,
`IBugTracker`, or one of `malonewatch.web.resources`) and for the route
``malonewatch``; an application that registers another one has that.
"""

from typing import Any

from zope.component import hooks

#: The route of all pages.
ROUTE = "malonewatch"


def includeme(config: Any) -> None:
    """Put the desk into a Pyramid application."""
    from malonewatch.web.resources import desk_of
    from malonewatch.web.views import to_front

    # So that the current site is where getUtility looks.
    hooks.setHooks()
    for name in ("pyramid_tm", "pyramid_zodbconn", "pyramid_retry", "pyramid_chameleon"):
        config.include(name, route_prefix=None)
    config.add_static_view("static", "malonewatch.web:static")
    if config.route_prefix:
        config.add_route(f"{ROUTE}.front", "", inherit_slash=True)
        config.add_view(to_front, route_name=f"{ROUTE}.front")
    # Before the pages, which are at all other paths.
    config.include("malonewatch.web.rest")
    config.add_route(ROUTE, "/*traverse", factory=desk_of)
    config.scan("malonewatch.web.views")
