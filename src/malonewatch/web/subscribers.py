"""What those may have told who do not administer the site."""

from typing import Any

from malonewatch.interfaces import BadInput, DestinationSettings
from malonewatch.web.security import ADMINISTER
from malonewatch.web.tokens import own_address

#: What anybody may have messages sent by; the others write files, or read secrets.
_OPEN_KINDS = ("mail", "webhook")


def whose(request: Any) -> str | None:
    """Whose subscriptions who makes a request may see and change, by address; None for
    everybody's."""
    return None if request.has_permission(ADMINISTER) else own_address(request)


def check_own(own: str | None, email: str, settings: DestinationSettings) -> None:
    """See that who has the address `own` (None: who administers the site) may have the person at
    `email` told so.

    :raises BadInput: only who administers the site may; or who asks has no address.
    """
    if own is None:
        return
    if own == "":
        raise BadInput("It takes an e-mail address to subscribe; none is known of you.")
    if settings.kind not in _OPEN_KINDS:
        raise BadInput(f"Only who administers the site lets messages go by {settings.kind[:40]}.")
    if email != own or (settings.kind == "mail" and settings.address != own):
        raise BadInput("Only who administers the site lets others be told.")
    if settings.kind == "webhook" and not settings.address.startswith("https://"):
        raise BadInput("A webhook is at a URL that begins with https://.")
