"""The operations on watches."""

from typing import Any

from malonewatch.application import asking, explaining, finding, listing, moved, watches
from malonewatch.application.plain import joined, plain
from malonewatch.web.rest.calls import Call, Made, Page, operation, single


@operation(listing.find_page)
def find_page(call: Call) -> Page:
    query = call.query
    newest = query.get("sort") == "changed"
    found = listing.find_page(
        call.database, query.get("q", ""), newest, query.get("cursor"), call.limit
    )
    return Page(list(found.watches), found.next)


@operation(watches.watch, waits=True)
def watch(call: Call) -> Made:
    urls, bug, title = call.body["urls"], call.body.get("bug"), call.body.get("title")
    if call.access.is_admin:
        with call.detached() as database:
            return _made(watches.watch(database, urls, bug, title))
    # Only an administrator registers on purpose, and has servers asked that
    # may be on a private network.
    return _made(watches.watch_text(call.database, "\n".join(urls), bug, title))


@operation(watches.watch_text)
def watch_text(call: Call) -> Made:
    bug, title = call.body.get("bug"), call.body.get("title")
    return _made(watches.watch_text(call.database, call.body["text"], bug, title))


def _made(watched: watches.Watched) -> Made:
    bug = None if watched.bug is None else watched.bug.id
    if bug is None and watched.existing:
        bug = watched.existing[0].bug
    return Made(watched, None if bug is None else f"bugs/{bug}", bool(watched.watches))


@operation(watches.find)
def find(call: Call) -> Page:
    return Page(list(watches.find(call.database, [call.query["url"]], call.query.get("bug"))))


@operation(watches.show)
def show(call: Call) -> Any:
    return joined(watches.show(call.database, call.text("watch")))


@operation(watches.set_interval)
def set_interval(call: Call) -> Any:
    seconds = call.body["longest_interval"]
    return watches.set_interval(call.database, [call.number("watch")], seconds)[0]


@operation(watches.unwatch)
def unwatch(call: Call) -> None:
    with single():
        watches.unwatch(call.database, [call.number("watch")])


@operation(watches.move, waits=True)
def move(call: Call) -> Any:
    with single():
        watches.find(call.database, [call.text("watch")])
    with call.detached() as database:
        return watches.move(database, call.text("watch"), call.body["url"])


@operation(explaining.explain_watch)
def explain_watch(call: Call) -> Any:
    at = call.query.get("at")
    return joined(explaining.explain_watch(call.database, call.text("watch"), at))


@operation(asking.check, waits=True)
def check(call: Call) -> Any:
    with call.detached() as database:
        targets = asking.find_targets(database, list(map(str, call.body["watches"])))
        return {"checks": [_checked(asking.check(database, target)) for target in targets]}


def _checked(check: asking.Check) -> dict[str, Any]:
    trouble = check.checked.trouble
    return {
        "tracker": check.target.name,
        "answered": check.answered,
        "trouble": None if trouble is None else str(trouble),
        "claim": check.checked.claim,
    }


@operation(finding.find_bugs, waits=True)
def find_bugs(call: Call) -> Any:
    with call.detached() as database:
        guessed = not call.access.is_admin
        return {"bugs": finding.find_bugs(database, call.body["urls"], guessed)}


@operation(moved.find_moved)
def find_moved(call: Call) -> Page:
    limit = call.query.get("limit", 200)
    return Page(plain(moved.find_moved(call.database, call.query["since"], limit)))
