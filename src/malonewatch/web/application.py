"""The desk as a WSGI application of its own, on one database."""

import dataclasses
import secrets
from typing import Any
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.session import SignedCookieSessionFactory
from zope.component import hooks

from malonewatch.application.audit import note
from malonewatch.interfaces import BadInput
from malonewatch.web import ROUTE
from malonewatch.web.accountpages import add_account_pages
from malonewatch.web.accounts import LENGTH, AccountPolicy
from malonewatch.web.database import RequestDatabase
from malonewatch.web.headers import plain_host
from malonewatch.web.page import plain
from malonewatch.web.resources import Desk
from malonewatch.web.security import LinkPolicy, Policy

_HOW = "The link that counts was shown last where the server was started."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a desk is to be seen: at `url`, without a slash at its end, and under which names.

    `hosts` are those with the port, as browsers send them.
    """

    url: str
    hosts: frozenset[str]

    @classmethod
    def at(cls, url: str) -> "Place":
        """The place at that URL; on this machine under all of the machine's own names."""
        parts = urlsplit(url)
        names = {"localhost", "127.0.0.1", "[::1]"}
        name = plain_host(parts.netloc, parts.scheme)
        port = "" if parts.port is None else f":{parts.port}"
        own = {plain_host(f"{each}{port}", parts.scheme) for each in names}
        return cls(url=url.rstrip("/"), hosts=frozenset(own if name in own else {name}))

    @property
    def is_secure(self) -> bool:
        """Whether it is reached by https."""
        return self.url.startswith("https:")


def make_application(database: Any, place: Place, policy: Policy) -> Any:
    """The WSGI application of a desk on an open `IDatabase`."""
    db, site = database.read(lambda trackers: (trackers._p_jar.db(), hooks.getSite()._p_oid))
    settings = {
        "malonewatch.database": database.uri,
        "malonewatch.site": site,
        "malonewatch.hosts": place.hosts,
        "tm.manager_hook": "pyramid_tm.explicit_manager",
        "retry.attempts": 3,
    }
    sessions = SignedCookieSessionFactory(
        secrets.token_hex(32),
        # Cookies are sent to all ports of a host.
        cookie_name=f"malonewatch-{urlsplit(place.url).port or ''}",
        timeout=LENGTH,
        reissue_time=300,
        httponly=True,
        secure=place.is_secure,
        samesite="Lax",
    )
    with Configurator(settings=settings, session_factory=sessions) as config:
        config.set_security_policy(policy)
        config.add_tween("malonewatch.web.headers.hosts_tween")
        config.add_exception_view(_misspelt, context=URLDecodeError)
        config.include("malonewatch.web")
        if isinstance(policy, LinkPolicy):
            config.add_settings({"malonewatch.log_in": _HOW})
            _add_log_in(config, policy)
        elif isinstance(policy, AccountPolicy):
            add_account_pages(config, policy)
        # All requests share the database that is open.
        config.registry._zodb_databases[""] = db
        return config.make_wsgi_app()


def _misspelt(error: URLDecodeError, request: Any) -> Response:
    """View: no path of ours is so."""
    return plain("The address is not in UTF-8.", 400)


def _add_log_in(config: Any, policy: LinkPolicy) -> None:
    """The pages that open and end a session."""

    def log_in(request: Any) -> HTTPSeeOther:
        if not policy.log_in(request, request.GET.get("token", "")):
            raise BadInput(f"This log-in link was used already, or is not of this server. {_HOW}")
        note(
            RequestDatabase(),
            "log in",
            f"person {policy.NAME}",
            f"from {request.client_addr or '?'}",
        )
        return HTTPSeeOther(request.route_path(ROUTE, traverse=()))

    def log_out(request: Any) -> HTTPSeeOther:
        policy.log_out(request)
        return HTTPSeeOther(request.route_path(ROUTE, traverse=()))

    for name, method, view in (("log-in", "GET", log_in), ("log-out", "POST", log_out)):
        config.add_view(
            view,
            context=Desk,
            name=name,
            route_name=ROUTE,
            request_method=method,
            require_csrf=True,
            permission=NO_PERMISSION_REQUIRED,
        )
