"""What all pages have in common: links, times, messages, and how views are registered."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import exception_view_config, view_config

from malonewatch import wording
from malonewatch.application.facts import now
from malonewatch.application.references import shortened
from malonewatch.interfaces import BugTaskStatus
from malonewatch.web import ROUTE
from malonewatch.web.resources import Located
from malonewatch.web.security import VIEW, WATCH

View = TypeVar("View", bound=Callable[..., Any])

#: The longest sentence on what was done, in characters; and for how many in JSON there is room in
#: a cookie, of which browsers keep 4096 bytes, beside what else is in it.
_LONGEST, _ROOM = 300, 2500

#: What is at the top of each page: where it leads to, and what that is called.
PLACES = (
    ("", "What moved"),
    ("bugs", "Bugs"),
    ("watches", "Watches"),
    ("trackers", "Bug trackers"),
    ("needs", "Needs you"),
    ("subscriptions", "Subscriptions"),
)


def page(
    context: Any, template: str, name: str = "", permission: str = VIEW
) -> Callable[[View], View]:
    """Decorator: the function gives a page for a `context`, shown by `template`."""
    view: Callable[[View], View] = view_config(
        route_name=ROUTE,
        context=context,
        name=name,
        permission=permission,
        renderer=f"malonewatch.web:templates/{template}.pt",
    )
    return view


def action(
    context: Any, name: str, permission: str = WATCH, template: str | None = None
) -> Callable[[View], View]:
    """Decorator: the function does what a form asks for that is sent from one of our pages.

    It leads to another page, or gives one that is shown by `template`.
    """
    view: Callable[[View], View] = view_config(
        route_name=ROUTE,
        context=context,
        name=name,
        request_method="POST",
        permission=permission,
        require_csrf=True,
        renderer=template and f"malonewatch.web:templates/{template}.pt",
    )
    return view


def answer(
    context: Any, name: str = "", method: str = "GET", template: str | None = None
) -> Callable[[View], View]:
    """Decorator: the function gives a response, or a page that is shown by `template`, and sees
    itself to who may have it."""
    view: Callable[[View], View] = view_config(
        route_name=ROUTE,
        context=context,
        name=name,
        request_method=method,
        permission=NO_PERMISSION_REQUIRED,
        # Programs have no form of ours.
        require_csrf=False,
        renderer=template and f"malonewatch.web:templates/{template}.pt",
    )
    return view


def attempt(context: Any, name: str, permission: str = WATCH) -> Callable[[View], View]:
    """Decorator: the function does what a form asks for, or first shows, by `preview`, what that
    would do."""
    return action(context, name, permission, template="preview")


def preview(
    request: Any,
    title: str,
    sentences: Iterable[str],
    back: Iterable[Any],
    fields: Iterable[tuple[str, str]],
    button: str,
    lists: Iterable[tuple[str, list[str], int]] = (),
) -> dict[str, Any]:
    """What would be done: in sentences, and in lists with a title, some lines and how many there
    are.  The `button` sends the `fields` again, with another one named ``sure``; empty for
    none."""
    return shown(
        request,
        title,
        sentences=list(sentences),
        back=list(back),
        fields=list(fields),
        button=button,
        lists=list(lists),
    )


def shown(request: Any, title: str, /, **values: Any) -> dict[str, Any]:
    """What a template is given: `page`, and the values."""
    return {"page": Page(request, title), **values}


def failure(error: type[Exception]) -> Callable[[View], View]:
    """Decorator: the function gives what is shown instead of a page where that was raised."""
    view: Callable[[View], View] = exception_view_config(
        error, route_name=ROUTE, renderer="malonewatch.web:templates/failure.pt"
    )
    return view


def plain(sentence: str, status: int) -> Response:
    """An answer to programs, for people who look at what became of what they sent."""
    return Response(f"{sentence}\n", status, content_type="text/plain")


def done(request: Any, sentences: Iterable[str], *path: Any, **query: str) -> HTTPSeeOther:
    """Lead to the page at `path`, with that query, which says what was done."""
    _let_say(request.session, [shortened(each, _LONGEST) for each in sentences])
    return HTTPSeeOther(
        request.route_path(ROUTE, traverse=tuple(map(str, path)), _query=query or None)
    )


def _let_say(session: Any, sentences: Sequence[str]) -> None:
    """Let the next page say these, as far as there is room."""
    room = _ROOM - len(json.dumps(session.peek_flash()))
    for count, sentence in enumerate(sentences):
        room -= len(json.dumps(sentence))
        if room < 0:
            if count:
                session.flash(f"And {len(sentences) - count} more.")
            return
        session.flash(sentence)


class Page:
    """A page: its title, and what templates ask for."""

    def __init__(self, request: Any, title: str) -> None:
        self._request = request
        self.title = title
        self.now = now()
        traversed = request.matchdict["traverse"] if request.matchdict else ()
        self._path = tuple(traversed)
        self.place = traversed[0] if traversed else ""

    @property
    def user(self) -> str | None:
        """Who looks at it."""
        userid: str | None = self._request.authenticated_userid
        return userid

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """See `PLACES`; none for whoever may not see them."""
        return PLACES if self.may(VIEW) else ()

    @property
    def feeds(self) -> list[tuple[str, str]]:
        """The feeds of what is shown: the title and the path of each."""
        if not self.may(VIEW):
            return []
        found = [("What moved", self.url("feeds", "all"))]
        if isinstance(self._request.context, Located):
            if self.place in ("bugs", "trackers"):
                found.append((self.title, self.url("feeds", *self._path[:2])))
        elif self.place == "watches" and self._request.GET.get("q"):
            search = self._request.GET["q"]
            found.append((search, self.url("feeds", "search", q=search)))
        return found

    @property
    def log_out(self) -> str | None:
        """Where the session is ended; None where it was not begun here."""
        if "key" not in self._request.session or self.user is None:
            return None
        return self.url("log-out")

    @property
    def account(self) -> str | None:
        """Where somebody's own account is; None where people have none, or nobody logged in."""
        has_accounts = self._request.registry.settings.get("malonewatch.accounts")
        return self.url("account") if has_accounts and self.user is not None else None

    def may(self, permission: str) -> bool:
        """Whether who looks at it may do that."""
        # Where the database cannot be used there is no context.
        context = getattr(self._request, "context", None)
        return context is not None and bool(self._request.has_permission(permission, context))

    @property
    def messages(self) -> list[str]:
        """What was done just now, and is told once."""
        messages: list[str] = self._request.session.pop_flash()
        return messages

    @property
    def token(self) -> str:
        """What shows that a form is ours."""
        token: str = get_csrf_token(self._request)
        return token

    def url(self, *path: Any, **query: Any) -> str:
        """The path of another page; a value that is None is left out of the query."""
        given: Mapping[str, Any] = {name: value for name, value in query.items() if value}
        url: str = self._request.route_path(
            ROUTE, traverse=tuple(map(str, path)), _query=given or None
        )
        return url

    def static(self, name: str) -> str:
        """The path of a file that never changes by itself."""
        path: str = self._request.static_path(f"malonewatch.web:static/{name}")
        return path

    count_of = staticmethod(wording.count_of)
    clock = staticmethod(wording.clock)
    what_happened = staticmethod(wording.what_happened)

    def ago(self, moment: datetime | None) -> str:
        return wording.ago(moment, self.now)

    def at(self, moment: datetime | None) -> str:
        return wording.at(moment, self.now)

    def due(self, moment: datetime | None) -> str:
        """When something is due, which may be since a while."""
        return "now" if moment is not None and moment <= self.now else self.ago(moment)

    @staticmethod
    def remote(url: str | None) -> str | None:
        """`url` if a browser may be led there."""
        return url if url and url.lower().startswith(("https://", "http://")) else None

    @staticmethod
    def look(status: BugTaskStatus) -> str:
        """The style of what a status means."""
        if status.is_fixed:
            return "fixed"
        if status.is_closed:
            return "closed"
        return "open" if status.is_open else "unknown"
