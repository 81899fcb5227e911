"""Titles of private bugs, and what refers to secrets: who may see them.

The command line, and an application's own code, see all; a face that is used by
several people says who may see what.
"""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

from zope.component import getUtility, queryUtility

from malonewatch.interfaces import (
    PRIVATE_TITLE,
    IPersonSet,
    ISubscriptionSet,
    Target,
    TargetKind,
)

Value = TypeVar("Value")

#: Whether a private bug of ours may be seen by who asks; None: all may.
_sight: ContextVar[Callable[[Any], bool] | None] = ContextVar("sight", default=None)

#: Whether it may be seen where the secrets of a bug tracker are.
_trust: ContextVar[Callable[[Any], bool]] = ContextVar("trust", default=lambda tracker: True)

#: What stands for what refers to a secret, where that may not be seen.
NOT_SHOWN = "not shown"


def begin(
    may_see: Callable[[Any], bool], is_trusted: Callable[[Any], bool] | None = None
) -> Callable[[], None]:
    """Let who asks from now on see the titles of those private bugs only for which `may_see` says
    so, and what refers to secrets of those bug trackers only for which `is_trusted` does (None:
    as before); what is returned takes that back."""
    sight, trust = _sight.set(may_see), _trust.set(is_trusted or _trust.get())

    def end() -> None:
        _sight.reset(sight)
        _trust.reset(trust)

    return end


def secrets_of(tracker: Any) -> tuple[str, ...]:
    """What refers to the secrets of a bug tracker's events, as who asks may see it."""
    references = tuple(tracker.hook_secrets)
    if references and not _trust.get()(tracker):
        return (NOT_SHOWN,) * len(references)
    return references


def kept(values: Iterator[Value]) -> Iterator[Value]:
    """The same values as who asks now may see them, also if they are made when the request is
    over, as what is sent piece by piece is."""
    may_see = _sight.get()
    if may_see is None:
        return values
    return _seen(values, may_see)


def _seen(values: Iterator[Value], may_see: Callable[[Any], bool]) -> Iterator[Value]:
    while True:
        end = begin(may_see)
        try:
            value = next(values)
        except StopIteration:
            return
        finally:
            end()
        yield value


def is_hidden(bug: Any) -> bool:
    """Whether a bug of ours is private, and not for who asks."""
    may_see = _sight.get()
    return may_see is not None and is_private(bug) and not may_see(bug)


def hides_titles(watch: Any) -> bool:
    """Whether a watch is on a private bug, or for one, that is not for who asks."""
    return _hides_titles(watch, None)


def _hides_titles(watch: Any, bug: Any) -> bool:
    may_see = _sight.get()
    if may_see is None:
        return False
    bug = watch.bug if bug is None else bug
    return (watch.private or is_private(bug)) and not may_see(bug)


def shown() -> Callable[[Any], bool] | None:
    """What a search by words may find, a function of a watch; None: everything."""
    return None if _sight.get() is None else lambda watch: not hides_titles(watch)


def title_of(bug: Any) -> str:
    """The title of a bug of ours as who asks may see it."""
    return PRIVATE_TITLE if is_hidden(bug) else bug.title or ""


def remote_title_of(watch: Any, bug: Any = None) -> str:
    """The title of a remote bug as who asks may see it; empty without one.

    Who has the bug of ours gives it, as to find it takes a while.
    """
    return "" if _hides_titles(watch, bug) else watch.remote_title or ""


def is_told(bug: Any, email: str) -> bool:
    """Whether the person with that address is told of this very bug by mail."""
    subscriptions, person = queryUtility(ISubscriptionSet), getUtility(IPersonSet).getByEmail(email)
    if subscriptions is None or person is None:
        return False
    target = Target(TargetKind.BUG, str(bug.id))
    return any(
        each.target == target and each.destination.settings.kind == "mail"
        for each in subscriptions.ofPerson(person)
    )


def is_private(bug: Any) -> bool:
    """Whether a bug is private; those of an application may not know of that."""
    return bool(getattr(bug, "private", False))
