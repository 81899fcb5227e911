"""What people do with watches: adding them, asking now, forgetting them."""

from collections.abc import Iterator
from typing import Any

from malonewatch.application import watches
from malonewatch.application.asking import Check, check, find_targets
from malonewatch.application.references import is_url, shortened
from malonewatch.interfaces import IBugWatch
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.forms import number, text
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import Watches
from malonewatch.web.security import MANAGE_TRACKERS, WATCH
from malonewatch.wording import count_of

#: How many proposals are told.
_PROPOSALS = 10


@action(Watches, "add")
def add(context: Watches, request: Any) -> Any:
    """Watch what was pasted: URLs, or any text with some in it.

    URLs alone, given by who manages bug trackers, register these on purpose,
    and a server is asked which it is; all else registers what is sure, as
    guessed.
    """
    given, title = text(request.POST, "text"), text(request.POST, "title") or None
    bug_id, words = number(request.POST, "bug"), given.split()
    if words and all(map(is_url, words)) and request.has_permission(MANAGE_TRACKERS):
        with detached(request) as database:
            watched = watches.watch(database, words, bug_id, title)
    else:
        watched = watches.watch_text(RequestDatabase(), given, bug_id, title)
    bug = watched.bug.id if watched.bug is not None else None
    if bug is None and watched.existing:
        bug = watched.existing[0].bug
    return done(request, _told(watched), *(("watches",) if bug is None else ("bugs", bug)))


def _told(watched: watches.Watched) -> Iterator[str]:
    for registration in watched.registered:
        tracker = registration.tracker
        yield f"Registered {tracker.name}, of type {tracker.bugtrackertype}, at {tracker.baseurl}."
    if watched.watches:
        yield f"Added {count_of(len(watched.watches), 'watch', 'watches')}."
    for facts in watched.existing:
        yield f"{facts.remote} is watched for bug {facts.bug} already."
    if not watched.watches and watched.bug is not None and not watched.existing:
        yield f"There is nothing in the text that bug {watched.bug.id} does not watch already."
    for tracker in watched.trackers:
        if tracker.guessed:
            yield f"{tracker.baseurl} was guessed from the text."
    for bug_id in watched.keep_title:
        yield f"Bug {bug_id} keeps its title."
    for proposal in watched.proposals[:_PROPOSALS]:
        yield (
            f"{shortened(proposal.url)} may be a bug's ({proposal.bugtrackertype}?); paste it "
            "alone to have its server asked."
        )


@action(IBugWatch, "check")
def check_now(context: Any, request: Any) -> Any:
    """Ask now how the remote bug is."""
    with detached(request) as database:
        (target,) = find_targets(database, [context.__name__])
        found = check(database, target)
    return done(request, [_answer(found, int(context.__name__))], "watches", context.__name__)


def _answer(found: Check, watch_id: int) -> str:
    if found.checked.claim is not None:
        return f"It was not asked: {found.checked.claim.holder} asks {found.target.name} now."
    after = next((each.after for each in found.answered if each.after.id == watch_id), None)
    if after is None:
        return str(found.checked.trouble or "It was not answered.")
    return after.last_error or f"{after.remote} is {after.meaning}."


@page(IBugWatch, "confirm", "unwatch", permission=WATCH)
def ask_unwatch(context: Any, request: Any) -> dict[str, Any]:
    """Ask whether a watch is to be forgotten."""
    (facts,) = watches.find(RequestDatabase(), [context.__name__])
    return shown(
        request,
        f"Forget {facts.remote}?",
        sentence=f"Watch {facts.id} for bug {facts.bug} is forgotten, with its history.",
        button="Forget it",
        back=("watches", facts.id),
    )


@action(IBugWatch, "unwatch")
def unwatch(context: Any, request: Any) -> Any:
    """Forget a watch and its history."""
    database = RequestDatabase()
    (facts,) = watches.find(database, [context.__name__])
    watches.unwatch(database, [facts.id])
    return done(request, [f"{facts.remote} is not watched for it any more."], "bugs", facts.bug)
