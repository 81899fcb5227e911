"""What a browser is told that it may do with our pages, and under which names we answer."""

from collections.abc import Callable
from typing import Any

from pyramid.response import Response

HEADERS = {
    # Nothing but our own style sheet, pictures and forms; no script at all.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def protect(request: Any, response: Any) -> None:
    """Response callback: add `HEADERS`, but for those that the view has set."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def plain_host(host: str, scheme: str) -> str:
    """A host, with the port unless that is the usual one, in one spelling."""
    return host.lower().removesuffix(":443" if scheme == "https" else ":80")


def hosts_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Tween: refuse what was sent to another host than those in ``malonewatch.hosts``.

    A page elsewhere whose name leads to this machine would else be one of ours
    to the browser.
    """
    hosts = registry.settings["malonewatch.hosts"]

    def tween(request: Any) -> Any:
        if plain_host(request.host, request.scheme) not in hosts:
            return Response(
                "This is reached under other names only.\n", 421, content_type="text/plain"
            )
        return handler(request)

    return tween
