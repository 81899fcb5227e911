"""Serving the desk by HTTP."""

import dataclasses
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import waitress
from waitress import wasyncore

from malonewatch.application.people import list_people
from malonewatch.garbage import seldom_collected
from malonewatch.interfaces import BadInput
from malonewatch.web.accounts import AccountPolicy
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
    - `administrators`: the names of those that may do everything,
    - `accounts`: whether people log in by name and password instead.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    url: str | None = None
    user_header: str | None = None
    proxy: str = "127.0.0.1"
    administrators: Sequence[str] = ()
    accounts: bool = False


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
    if options.accounts and options.user_header is not None:
        raise BadInput("Either a proxy says who people are, or they log in; not both.")
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.create_server((options.host, options.port), family=family)
    host = f"[{options.host}]" if ":" in options.host else options.host
    place = Place.at(options.url or f"http://{host}:{listening.getsockname()[1]}")
    application = make_application(database, place, _policy(database, place, options, say))
    # Who logs in is known by the address too, which a proxy before us tells; where there is none,
    # nobody is believed.
    has_proxy = options.accounts and options.url is not None
    return Server(application, listening, place.url, options.proxy if has_proxy else None)


def _policy(database: Any, place: Place, options: Options, say: Callable[[str], None]) -> Policy:
    if options.user_header is not None:
        say(f"The desk is at {place.url}, for whom the proxy at {options.proxy} names.")
        administrators = frozenset(options.administrators)
        return ProxyPolicy(options.user_header, options.proxy, administrators)
    if options.accounts:
        say(f"The desk is at {place.url}, for who has an account.")
        if not any(each.enabled and each.has_password for each in list_people(database)):
            say(
                "Nobody can log in yet: 'malonewatch person add NAME --role administrator' and "
                "'malonewatch person password NAME' let somebody do so."
            )
        return AccountPolicy()
    policy = LinkPolicy(lambda token: say(f"To log in, open {place.url}/log-in?token={token}"))
    policy.new_link()
    return policy


class Server:
    """A server that listens; it answers while it runs.

    Where `proxy` is the address of one, it says from where a request came.
    """

    def __init__(
        self, application: Any, listening: socket.socket, url: str, proxy: str | None = None
    ) -> None:
        parts = urlsplit(url)
        trusted: dict[str, Any] = {}
        if proxy is not None:
            trusted = {"trusted_proxy": proxy, "trusted_proxy_headers": {"x-forwarded-for"}}
        self._map: dict[int, Any] = {}
        self._server = waitress.create_server(
            application,
            self._map,
            sockets=[listening],
            url_scheme=parts.scheme,
            url_prefix=parts.path,
            ident=None,
            max_request_body_size=1 << 20,
            **trusted,
        )

    def run(self) -> None:
        """Answer until it is stopped, or the process interrupted."""
        try:
            # What is loaded by now stays; looking through it would have somebody wait.
            with seldom_collected():
                self._server.run()
        finally:
            self._server.task_dispatcher.shutdown()
            wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Let `run` return; called in another thread."""
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._map))
