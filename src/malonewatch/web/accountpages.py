"""The pages by which who has an account comes in, and goes."""

import math
from typing import Any
from urllib.parse import urlsplit

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED

from malonewatch.interfaces import BadInput
from malonewatch.web import ROUTE
from malonewatch.web.accounts import AccountPolicy, TooManyAttempts
from malonewatch.web.forms import secret, text
from malonewatch.web.page import done, shown
from malonewatch.web.resources import Account, Desk
from malonewatch.web.security import VIEW
from malonewatch.wording import count_of

#: The longest path that is led to after the log-in.
_LONGEST = 2000


def add_account_pages(config: Any, policy: AccountPolicy) -> None:
    """The pages that open and end a session, and that of who has one."""

    def ask(request: Any) -> Any:
        if request.identity is not None:
            return HTTPSeeOther(_next(request, request.GET))
        return _asked(request)

    def log_in(request: Any) -> Any:
        try:
            if policy.log_in(request, text(request.POST, "name"), secret(request.POST, "password")):
                return HTTPSeeOther(_next(request, request.POST))
        except TooManyAttempts as error:
            return _asked(request, _wait(request, error))
        request.response.status_int = 403
        return _asked(request, "There is no such name with that password.")

    def log_out(request: Any) -> HTTPSeeOther:
        policy.log_out(request)
        return HTTPSeeOther(request.route_path(ROUTE, traverse=()))

    def own(request: Any) -> dict[str, Any]:
        return shown(request, "Your account", identity=request.identity, problem="")

    def change_password(request: Any) -> Any:
        old, new, again = (secret(request.POST, name) for name in ("old", "new", "again"))
        if new != again:
            raise BadInput("The new password was typed in two ways. Nothing was changed.")
        try:
            policy.change_password(request, old, new)
        except TooManyAttempts as error:
            return own(request) | {"problem": _wait(request, error)}
        return done(request, ["You have another password now."], "account")

    pages = "malonewatch.web:templates/{}.pt".format
    for view, context, name, method, permission, renderer in (
        (ask, Desk, "log-in", "GET", NO_PERMISSION_REQUIRED, pages("log-in")),
        (log_in, Desk, "log-in", "POST", NO_PERMISSION_REQUIRED, pages("log-in")),
        (log_out, Desk, "log-out", "POST", NO_PERMISSION_REQUIRED, None),
        (own, Account, "", "GET", VIEW, pages("account")),
        (change_password, Account, "password", "POST", VIEW, pages("account")),
    ):
        config.add_view(
            view,
            context=context,
            name=name,
            route_name=ROUTE,
            request_method=method,
            require_csrf=True,
            permission=permission,
            renderer=renderer,
        )
    config.add_settings({"malonewatch.accounts": True})


def _asked(request: Any, problem: str = "") -> dict[str, Any]:
    fields = request.POST if request.method == "POST" else request.GET
    following, name = _next(request, fields), text(fields, "name")[:100]
    return shown(request, "Log in", problem=problem, following=following, name=name)


def _wait(request: Any, error: TooManyAttempts) -> str:
    """Say with the answer that it is too early for another one."""
    seconds = math.ceil(error.seconds)
    request.response.status_int = 429
    request.response.headers["Retry-After"] = str(seconds)
    return f"There were too many attempts; try again in {count_of(seconds, 'second')}."


def _next(request: Any, fields: Any) -> str:
    """The path to lead to: what a form says, if it is one of ours; else the front page."""
    front: str = request.route_path(ROUTE, traverse=())
    path = fields.get("next", "")
    if not isinstance(path, str) or not 0 < len(path) <= _LONGEST:
        return front
    # Browsers take a backslash for a slash, and two of these for another host.
    is_plain = path.isascii() and path.isprintable() and not {"\\", " "} & {*path}
    if not is_plain or not path.startswith(front) or path.startswith("//"):
        return front
    parts = urlsplit(path)
    is_log_in = parts.path == request.route_path(ROUTE, traverse=("log-in",))
    return front if parts.scheme or parts.netloc or is_log_in else path
