"""Whether the bug trackers take the credentials that are kept for them."""

from typing import Any

from malonewatch.application.credentials import check_credentials
from malonewatch.web.database import detached
from malonewatch.web.page import action, page, shown
from malonewatch.web.resources import Trackers
from malonewatch.web.security import MANAGE_TRACKERS


@page(Trackers, "credentials", "credentials", permission=MANAGE_TRACKERS)
def ask_credentials(context: Trackers, request: Any) -> dict[str, Any]:
    """Ask whether the bug trackers are to be asked."""
    return shown(request, "Credentials", checks=None)


@action(Trackers, "credentials", MANAGE_TRACKERS, template="credentials")
def credentials(context: Trackers, request: Any) -> dict[str, Any]:
    """Ask the bug trackers, and show what they say."""
    with detached(request) as database:
        checks = check_credentials(database)
    return shown(request, "Credentials", checks=checks)
