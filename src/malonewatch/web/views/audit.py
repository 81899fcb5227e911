"""Who did what."""

from typing import Any

from malonewatch.application import audit
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import whole_number
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Audit
from malonewatch.web.security import ADMINISTER

_PAGE = 50

#: So many has the number of an entry.
_DIGITS = 19


@page(Audit, "audit", permission=ADMINISTER)
def listed(context: Audit, request: Any) -> dict[str, Any]:
    """A page of what people did, the latest first."""
    given = request.GET.get("before")
    before = whole_number(given, _DIGITS) if given else None
    found = audit.find_page(RequestDatabase(), before=before, size=_PAGE + 1)
    following = found[_PAGE - 1].number if len(found) > _PAGE else None
    return shown(request, "Who did what", entries=found[:_PAGE], following=following)
