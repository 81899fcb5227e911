"""Unsubscribing by a link in a mail (RFC 8058)."""

from typing import Any

from malonewatch.application.unsubscribing import find_by_link, unsubscribe_by_link
from malonewatch.interfaces import BadInput
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import answer, shown
from malonewatch.web.resources import Desk


@answer(Desk, "unsubscribe", template="unsubscribe")
def ask(context: Desk, request: Any) -> dict[str, Any]:
    """A page with a button; programs that follow the links in mails change nothing."""
    found = find_by_link(RequestDatabase(), request.subpath)
    return _shown(request, "Unsubscribe", found=found, gone=())


@answer(Desk, "unsubscribe", "POST", "unsubscribe")
def unsubscribe(context: Desk, request: Any) -> dict[str, Any]:
    """Do it, for a mail program as for the button.

    Neither has a token of a form: who has the link may do it.
    """
    if request.POST.get("List-Unsubscribe") != "One-Click":
        raise BadInput("What was sent is not List-Unsubscribe=One-Click; nothing was changed.")
    gone = unsubscribe_by_link(RequestDatabase(), request.subpath)
    return _shown(request, "Unsubscribed", found=(), gone=gone)


def _shown(request: Any, title: str, **values: Any) -> dict[str, Any]:
    # The link is nobody else's.
    request.response.headers["Referrer-Policy"] = "no-referrer"
    return shown(request, title, **values)
