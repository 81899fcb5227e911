"""The bugs of ours, and each with its watches."""

from typing import Any

from malonewatch.application import bugs
from malonewatch.application.listing import find_page
from malonewatch.interfaces import IBug
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import text, whole_number
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import Bugs
from malonewatch.web.security import VIEW_PRIVATE, WATCH
from malonewatch.wording import count_of

_PAGE = 50


@page(Bugs, "bugs")
def listed(context: Bugs, request: Any) -> dict[str, Any]:
    """A page of the bugs, by number."""
    first = whole_number(request.GET.get("from") or "1")
    found = bugs.list_page(RequestDatabase(), first, _PAGE + 1)
    following = found[_PAGE].id if len(found) > _PAGE else None
    return shown(request, "Bugs", bugs=found[:_PAGE], following=following, first=first)


@page(IBug, "bug")
def one(context: Any, request: Any) -> dict[str, Any]:
    """A bug, and a page of its watches."""
    database, number = RequestDatabase(), int(context.__name__)
    (bug,) = bugs.find(database, [number])
    found = find_page(database, f"bug:{number}", start=request.GET.get("after"))
    title = f"Bug {bug.id}: {bug.title}" if bug.title else f"Bug {bug.id}"
    return shown(request, title, bug=bug, found=found)


@page(IBug, "confirm", "delete", permission=WATCH)
def ask_delete(context: Any, request: Any) -> dict[str, Any]:
    """Ask whether a bug is to be forgotten."""
    (bug,) = bugs.find(RequestDatabase(), [int(context.__name__)])
    count = count_of(bug.watches, "watch", "watches")
    return shown(
        request,
        f"Forget bug {bug.id}?",
        sentence=f"Bug {bug.id} is forgotten, with its {count} and the history of these.",
        button="Forget it",
        back=("bugs", bug.id),
    )


@action(IBug, "delete")
def delete(context: Any, request: Any) -> Any:
    """Forget a bug and its watches."""
    bugs.delete(RequestDatabase(), [int(context.__name__)])
    return done(request, [f"Bug {context.__name__} is forgotten."], "bugs")


@action(IBug, "private", VIEW_PRIVATE)
def set_private(context: Any, request: Any) -> Any:
    """Make a bug private, or public again."""
    private = bool(text(request.POST, "private"))
    _, after = bugs.set_private(RequestDatabase(), int(context.__name__), private)
    what = "private" if after.private else "public"
    return done(request, [f"Bug {after.id} is {what} now."], "bugs", after.id)


@action(IBug, "retitle")
def retitle(context: Any, request: Any) -> Any:
    """Give a bug another title."""
    _, after = bugs.retitle(RequestDatabase(), int(context.__name__), text(request.POST, "title"))
    return done(request, [f"Bug {after.id} has that title now."], "bugs", after.id)
