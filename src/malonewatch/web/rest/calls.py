"""An operation, as it is asked for; and which functions do what they are for."""

import base64
import binascii
import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from malonewatch.application.remote import name_of, scope_of
from malonewatch.interfaces import BadInput, NotFoundError, Refused, Scope
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.rest.access import PERMISSIONS, Access
from malonewatch.web.rest.document import Given

Do = TypeVar("Do", bound=Callable[..., Any])

#: How many are on a page if nobody says.
_PAGE = 50


def query_of(request: Any) -> dict[str, str]:
    """What the query of a request says; of what it says twice, the last.

    :raises UnicodeDecodeError: it is not in UTF-8.
    """
    # WebOb would part it at semicolons as well, and those stand for themselves.
    text = request.query_string.encode("latin-1").decode()
    return dict(parse_qsl(text, keep_blank_values=True, errors="strict"))


class Made(NamedTuple):
    """What was made, where it is, below ``/api/v1`` (None: nowhere), and whether it is new."""

    value: Any
    path: str | None = None
    is_new: bool = True


class Page(NamedTuple):
    """Some of what there is; `next` leads to more, None if there are none."""

    items: list[Any]
    next: str | None = None


class Call:
    """An operation that is asked for.

    - `access`: who asks,
    - `query`, `body`: as the document has them,
    - `database`: what the functions of `malonewatch.application` need, in the
      transaction of the request.
    """

    def __init__(self, request: Any, access: Access, given: Given) -> None:
        self.request = request
        self.access = access
        self.query: Mapping[str, Any] = given.query
        self.body: Any = given.body
        self.database = RequestDatabase()

    def text(self, name: str) -> str:
        """What stands in the path."""
        value: str = self.request.matchdict[name]
        return value

    def number(self, name: str) -> int:
        """The number that stands in the path."""
        return int(self.text(name))

    @property
    def limit(self) -> int:
        """How many are wanted on a page."""
        limit: int = self.query.get("limit", _PAGE)
        return limit

    @property
    def own(self) -> str | None:
        """Whose things may be seen and changed; None for everybody's."""
        return None if self.access.is_admin else self.access.address

    def detached(self) -> AbstractContextManager[Any]:
        """The database for what waits for the network."""
        return detached(self.request)

    def undo(self) -> None:
        """Let nothing that is written be kept, for what only looks what would be."""
        self.request.tm.doom()

    def is_dry(self) -> bool:
        """Whether it is only to look what would be, as the body says; then nothing that is written
        is kept."""
        is_dry: bool = self.body.get("dry_run", False)
        if is_dry:
            self.undo()
        return is_dry

    def next_link(self, cursor: str) -> str:
        """What leads to the next page, relative to this one."""
        query = {**query_of(self.request), "cursor": cursor}
        return f'<?{urlencode(query)}>; rel="next"'


@contextlib.contextmanager
def single() -> Iterator[None]:
    """What functions for many refuse, of the one thing that a path names: it is not there."""
    try:
        yield
    except Refused as error:
        raise NotFoundError(str(error)) from None


def page_of(call: Call, things: Iterable[Any], key: Callable[[Any], Any]) -> Page:
    """A page of `things`, which are in order of `key`; that is what cursors tell.

    :raises BadInput: the cursor is none of those.
    """
    after = after_of(call)
    try:
        left = [each for each in things if after is None or key(each) > after]
    except TypeError:
        raise _nowhere() from None
    return cut(call, left, key)


def cut(call: Call, found: list[Any], key: Callable[[Any], Any]) -> Page:
    """A page of the first of what was `found`, which is one more at least if there are more; the
    `key` is what cursors tell."""
    items = found[: call.limit]
    return Page(items, _cursor_to(key(items[-1])) if len(found) > len(items) else None)


def both(changed: tuple[Any, Any]) -> dict[str, Any]:
    """What something was like before a change, and after it."""
    before, after = changed
    return {"before": before, "after": after}


def _cursor_to(after: Any) -> str:
    """The cursor to what comes after that."""
    return base64.urlsafe_b64encode(json.dumps(after).encode()).decode().rstrip("=")


def after_of(call: Call) -> Any:
    """What the cursor of a call comes after; None without one.

    :raises BadInput: it is not one of a `Page`.
    """
    cursor = call.query.get("cursor")
    if cursor is None:
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _nowhere() from None


def _nowhere() -> BadInput:
    return BadInput("The cursor leads nowhere; take the 'next' of a page of the same list.")


class Way(NamedTuple):
    """How an operation is done, what it takes, and whether it waits for the network."""

    do: Callable[[Call], Any]
    scope: Scope
    permission: str
    waits: bool


#: How each operation is done, by its name.
WAYS: dict[str, Way] = {}


def operation(
    function: Callable[..., Any], waits: bool = False, permission: str | None = None
) -> Callable[[Do], Do]:
    """Decorator: this is how the operation of a function that is marked `remote` is done.

    One that `waits` for the network has no transaction of the request while it does.
    """

    def add(do: Do) -> Do:
        scope = scope_of(function)
        WAYS[name_of(function)] = Way(do, scope, permission or PERMISSIONS[scope], waits)
        return do

    return add
