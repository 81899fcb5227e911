"""Serving the desk by HTTP."""

import dataclasses
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import waitress
from waitress import wasyncore

from malonewatch.interfaces import BadInput
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import LinkPolicy, Policy, ProxyPolicy

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to serve.

    - `host`, `port`: where to listen; port 0 is any that is free,
    - `url`: where people reach it, None if there,
    - `user_header`: the header in which a proxy says who makes a request; None
      without one: who opens the log-in link is let in,
    - `proxy`: the address that the proxy asks from,
    - `administrators`: the names of those that may do everything.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    url: str | None = None
    user_header: str | None = None
    proxy: str = "127.0.0.1"
    administrators: Sequence[str] = ()


def open_server(database: Any, options: Options, say: Callable[[str], None]) -> "Server":
    """A server of the desk on an open `IDatabase`.

    `say` is given what who started it is to know, such as the log-in link.

    :raises BadInput: the options do not go together.
    :raises OSError: it cannot listen there.
    """
    if options.url is None and options.host not in _LOOPBACK:
        raise BadInput(
            f"Where {options.host} is reached is not known; say so with --url, such as "
            "--url https://bugs.example.com."
        )
    if options.url is not None and urlsplit(options.url).scheme not in ("http", "https"):
        raise BadInput(f"{options.url!r} is not a URL such as https://bugs.example.com.")
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.create_server((options.host, options.port), family=family)
    host = f"[{options.host}]" if ":" in options.host else options.host
    place = Place.at(options.url or f"http://{host}:{listening.getsockname()[1]}")
    application = make_application(database, place, _policy(place, options, say))
    return Server(application, listening, place.url)


def _policy(place: Place, options: Options, say: Callable[[str], None]) -> Policy:
    if options.user_header is not None:
        say(f"The desk is at {place.url}, for whom the proxy at {options.proxy} names.")
        administrators = frozenset(options.administrators)
        return ProxyPolicy(options.user_header, options.proxy, administrators)
    policy = LinkPolicy(lambda token: say(f"To log in, open {place.url}/log-in?token={token}"))
    policy.new_link()
    return policy


class Server:
    """A server that listens; it answers while it runs."""

    def __init__(self, application: Any, listening: socket.socket, url: str) -> None:
        parts = urlsplit(url)
        self._map: dict[int, Any] = {}
        self._server = waitress.create_server(
            application,
            self._map,
            sockets=[listening],
            url_scheme=parts.scheme,
            url_prefix=parts.path,
            ident=None,
            max_request_body_size=1 << 20,
        )

    def run(self) -> None:
        """Answer until it is stopped, or the process interrupted."""
        try:
            self._server.run()
        finally:
            self._server.task_dispatcher.shutdown()
            wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Let `run` return; called in another thread."""
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._map))
