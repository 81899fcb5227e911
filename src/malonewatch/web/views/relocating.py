"""Letting watches and bug trackers be elsewhere, and forgetting bug trackers."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from malonewatch.application import migrating, moving, trackers, watches
from malonewatch.application.migrating import ANY_ID, SAME_ID, Migrated, Rule
from malonewatch.interfaces import IBugTracker, IBugWatch
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.forms import text
from malonewatch.web.page import action, attempt, done, page, preview, shown
from malonewatch.web.security import MANAGE_TRACKERS
from malonewatch.wording import count_of

Made = TypeVar("Made")

#: How many watches of each kind are shown.
_SHOWN = 50

#: A list of lines: what it is called, some of them, and how many there are.
_Lines = tuple[str, list[str], int]


@action(IBugWatch, "move", MANAGE_TRACKERS)
def move_watch(context: Any, request: Any) -> Any:
    """Let a watch stand for the bug at another URL; its server may be asked."""
    with detached(request) as database:
        moved = watches.move(database, context.__name__, text(request.POST, "url"))
    told = [f"{moved.before.remote} is {moved.after.remote} from now on."]
    if moved.registered is not None:
        tracker = moved.registered.tracker
        told.insert(0, f"Registered {tracker.name}, of type {tracker.bugtrackertype}.")
    return done(request, told, "watches", context.__name__)


@attempt(IBugTracker, "move", MANAGE_TRACKERS)
def move_tracker(context: Any, request: Any) -> Any:
    """Let a bug tracker be at another base URL."""
    url, kind = _fields(request, "url", "type")

    def change(database: Any, dry_run: bool) -> Any:
        return moving.move(database, context.__name__, url, kind or None, dry_run)

    is_sure, (before, after) = _changed(request, change)
    count = count_of(before.watches, "watch", "watches")
    told = (
        f"{before.name} goes from {before.baseurl} to {after.baseurl}, of type "
        f"{after.bugtrackertype}, with {count}, all to be asked for anew."
    )
    if is_sure:
        return done(request, [told], "trackers", after.name)
    fields = [("url", url), ("type", kind)]
    return preview(request, f"Move {before.title}?", [told], _back(context), fields, "Move it")


@attempt(IBugTracker, "merge", MANAGE_TRACKERS)
def merge(context: Any, request: Any) -> Any:
    """Make one bug tracker of two that are the same."""
    (into,) = _fields(request, "into")

    def change(database: Any, dry_run: bool) -> Any:
        return moving.merge(database, context.__name__, into, dry_run)

    is_sure, merged = _changed(request, change)
    source, target = merged.source, merged.target
    moved = count_of(len(merged.moved), "watch", "watches")
    goes = "goes" if len(merged.moved) == 1 else "go"
    told = f"{moved} of {source.name} {goes} to {target.name}, and {source.name} is forgotten."
    if is_sure:
        return done(request, [told], "trackers", target.name)
    return preview(
        request,
        f"Merge {source.title} into {target.title}?",
        [told, f"{target.name} has the aliases {', '.join(target.aliases)} then."],
        _back(context),
        [("into", into)],
        "Merge them",
        _lists(("Watches that are forgotten, as their bug has one there", merged.dropped, _named)),
    )


@attempt(IBugTracker, "migrate", MANAGE_TRACKERS)
def migrate(context: Any, request: Any) -> Any:
    """Let watches of a bug tracker go where its bugs went, by a rule."""
    names = ("url", "type", "pattern", "template")
    url, kind, pattern, template = given = _fields(request, *names)
    rule = Rule(url or None, kind or None, pattern or ANY_ID, template or SAME_ID)

    def change(database: Any, dry_run: bool) -> Any:
        return migrating.migrate(database, context.__name__, rule, dry_run)

    is_sure, found = _changed(request, change)
    told = [
        f"{each.name}, of type {each.bugtrackertype}, at {each.baseurl}, is registered."
        for each in found.registered
    ]
    count, name = len(found.migrated), found.source.name
    told.append(
        f"{count_of(count, 'watch', 'watches')} of {name} {'goes' if count == 1 else 'go'}."
    )
    if is_sure:
        return done(request, told, *_back(context))
    return preview(
        request,
        f"Migrate {found.source.title}?",
        told,
        _back(context),
        list(zip(names, given, strict=True)),
        "Let them go" if found.migrated else "",
        _lists(
            ("Watches that go", found.migrated, _went), ("Watches that stay", found.stay, _named)
        ),
    )


@page(IBugTracker, "confirm", "remove", permission=MANAGE_TRACKERS)
def ask_remove(context: Any, request: Any) -> dict[str, Any]:
    """Ask whether a bug tracker is to be forgotten."""
    watches = len(context.watches)
    sentence = f"{context.name}, at {context.baseurl}, is forgotten."
    if watches:
        sentence = (
            f"{context.name}, at {context.baseurl}, has {count_of(watches, 'watch', 'watches')}; "
            "only one without can be forgotten. Forget them first, or let them go to another."
        )
    return shown(
        request,
        f"Forget {context.title}?",
        sentence=sentence,
        button="" if watches else "Forget it",
        back=_back(context),
    )


@action(IBugTracker, "remove", MANAGE_TRACKERS)
def remove(context: Any, request: Any) -> Any:
    """Forget a bug tracker that has no watches."""
    gone = trackers.remove(RequestDatabase(), context.__name__)
    return done(request, [f"{gone.name} is forgotten."], "trackers")


def _fields(request: Any, *names: str) -> list[str]:
    return [text(request.POST, name) for name in names]


def _back(context: Any) -> tuple[str, str]:
    return "trackers", context.__name__


def _changed(request: Any, change: Callable[[Any, bool], Made]) -> tuple[bool, Made]:
    """Whether somebody is sure, and what a change did, or would do."""
    is_sure = "sure" in request.POST
    if is_sure:
        return True, change(RequestDatabase(), False)
    # All of it is done, and undone.
    with detached(request) as database:
        return False, change(database, True)


def _lists(*parts: tuple[str, Sequence[Any], Callable[[Any], str]]) -> Iterable[_Lines]:
    return [
        (title, [line_of(each) for each in things[:_SHOWN]], len(things))
        for title, things, line_of in parts
        if things
    ]


def _named(watch: Any) -> str:
    return f"Watch {watch.id}: {watch.remote} for bug {watch.bug}"


def _went(migrated: Migrated) -> str:
    before, after = migrated.before, migrated.after
    line = f"Watch {before.id} for bug {before.bug}: {before.remote} → {after.remote}"
    return f"{line}, one with watch {after.id}" if migrated.merged else line
