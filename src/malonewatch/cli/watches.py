"""The commands for bug watches: watch, list, show, unwatch."""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import click
from zope.component import getUtility

from malonewatch.cli.facts import WatchFacts
from malonewatch.cli.options import (
    Moment,
    Number,
    Settings,
    database_option,
    json_option,
    now,
)
from malonewatch.cli.output import (
    Cell,
    Styled,
    ago,
    at,
    say,
    show_facts,
    show_json,
    show_table,
)
from malonewatch.cli.references import (
    Refused,
    check_url,
    ensure_bug,
    find_watch,
    oldest_first,
    watches_on,
)
from malonewatch.exitcodes import EXIT_INTERRUPTED
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchActivity,
    IBugSet,
    IBugWatchSet,
    NoBugTrackerFound,
    NotFoundError,
)

# What a status is shown in.
_RESOLVED, _OPEN, _FAILED = "green", "yellow", "red"


@click.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option(
    "--bug",
    "bug_id",
    type=Number(),
    metavar="ID",
    help="Watch them for this bug of ours, which is made if it is not there.  [default: a new bug]",
)
@click.option("--title", metavar="TEXT", help="The title of that bug.")
@database_option
@click.pass_obj
def watch(settings: Settings, urls: Sequence[str], bug_id: int | None, title: str | None) -> None:
    """Watch the remote bugs at these URLs.

    Bug trackers that are not known yet are registered.  With - for URL, the
    URLs are found in a text on standard input; bug trackers registered for
    those are marked as guessed, and are not asked on private networks.
    """
    if "-" in urls and len(urls) > 1:
        raise click.UsageError("- stands for a text on standard input; give it alone.")
    text = None
    if "-" in urls:
        text = sys.stdin.buffer.read().decode(errors="replace") if sys.stdin is not None else ""

    def step(trackers: Any) -> list[str]:
        if text is not None:
            return _watch_text(text, bug_id, title)
        return _watch_urls(trackers, urls, bug_id, title)

    with settings.open() as database:
        for line in database.write(step):
            say(line)


def _watch_urls(
    trackers: Any, urls: Sequence[str], bug_id: int | None, title: str | None
) -> list[str]:
    """Watch them all, or raise; what to say of it."""
    lines: list[str] = []
    refused: list[str] = []
    remote: list[tuple[Any, str]] = []
    for url in urls:
        try:
            remote.append(_recognise(trackers, check_url(url), lines))
        except BadInput as error:
            refused.append(str(error))
    bug: Any = None
    if bug_id is not None or not all(watches_on(*pair) for pair in remote):
        bug, is_new = ensure_bug(bug_id, title)
        if is_new:
            lines.append(f"Made bug {bug.id}.")
    elif title is not None and not refused:
        raise BadInput("All of it is watched already; give the bug that gets the title with --bug.")
    for tracker, remotebug in remote:
        others = watches_on(tracker, remotebug)
        if bug_id is None and others:
            lines += [_already(other) for other in others]
            continue
        existing = bug.getBugWatch(tracker, remotebug)
        if existing is not None:
            lines.append(_already(existing))
            continue
        try:
            lines.append(_watching(bug.addWatch(tracker, remotebug, None)))
        except BadInput as error:
            refused.append(str(error))
    if refused:
        # The transaction is aborted, with all that was added in it.
        raise Refused(refused)
    return lines


def _recognise(trackers: Any, url: str, lines: list[str]) -> tuple[Any, str]:
    """The bug tracker and the bug at `url`; registers it, as a person named it."""
    try:
        tracker, remotebug = getUtility(IBugWatchSet).extractBugTrackerAndBug(url)
    except NoBugTrackerFound as missing:
        tracker = trackers.ensureBugTracker(missing.baseurl, None, missing.bugtrackertype)
        remotebug = missing.remotebug
        lines.append(
            f"Registered {tracker.name}, of type {tracker.bugtrackertype}, at {tracker.baseurl}."
        )
    if tracker.guessed:
        tracker.guessed = False
        lines.append(f"{tracker.name} is not marked as guessed any more.")
    return tracker, remotebug


def _watch_text(text: str, bug_id: int | None, title: str | None) -> list[str]:
    bug, is_new = ensure_bug(bug_id, title)
    added = getUtility(IBugWatchSet).fromText(text, bug, None)
    if not added and is_new:
        raise BadInput("There is no URL of a bug in the text.")
    if not added:
        return [f"There is nothing in the text that bug {bug.id} does not watch already."]
    return [*([f"Made bug {bug.id}."] if is_new else ()), *map(_watching, added)]


def _watching(watch: Any) -> str:
    tracker = watch.bugtracker
    line = f"Watch {watch.id}: {tracker.name} #{watch.remotebug} for bug {watch.bug.id}"
    if tracker.guessed:
        line += f" ({tracker.baseurl} was guessed from the text)"
    elif not tracker.active:
        line += " (the bug tracker is inactive)"
    return f"{line}."


def _already(watch: Any) -> str:
    return (
        f"{watch.bugtracker.name} #{watch.remotebug} is watched for bug {watch.bug.id} already "
        f"(watch {watch.id})."
    )


@click.command("list")
@click.option("--bug", "bug_id", type=Number(), metavar="ID", help="Those of this bug of ours.")
@click.option("-t", "--tracker", "name", metavar="NAME", help="Those on this bug tracker.")
@click.option(
    "--status",
    "statuses",
    metavar="STATUS",
    multiple=True,
    help="Those whose remote status is this, in the remote's words or one of them, or means "
    "this, such as 'Fix Released'; may be given again for more.",
)
@click.option("--error", "failing", is_flag=True, help="Those whose last check failed.")
@click.option(
    "--changed-since",
    type=Moment(),
    metavar="WHEN",
    help="Those whose status was found changed since a date (2024-01-31, in UTC) or so long ago "
    "(30m, 12h, 2d, 1w).",
)
@click.option("--limit", type=Number(), metavar="N", help="The first N of them.")
@json_option
@database_option
@click.pass_obj
def list_watches(
    settings: Settings,
    bug_id: int | None,
    name: str | None,
    statuses: Sequence[str],
    failing: bool,
    changed_since: Callable[[datetime], datetime] | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the watches, in order of their numbers."""
    if not all(map(_folded, statuses)):
        raise click.UsageError("--status wants a word.")

    def select(trackers: Any) -> list[WatchFacts]:
        matching = _candidates(trackers, bug_id, name)
        if statuses:
            words = set(map(_folded, statuses))
            matching = (watch for watch in matching if words & _status_words(watch))
        if failing:
            matching = (watch for watch in matching if watch.last_error_type is not None)
        if changed_since is not None:
            limit_date = changed_since(now())
            matching = (
                watch
                for watch in matching
                if watch.lastchanged is not None and watch.lastchanged >= limit_date
            )
        return [WatchFacts.of(watch) for watch in itertools.islice(matching, limit)]

    with settings.open(read_only=True) as database:
        watches = database.read(select)
    if as_json:
        show_json(watches)
    elif watches:
        show_watches(watches)
    else:
        say("There are no such watches.")


def _candidates(trackers: Any, bug_id: int | None, name: str | None) -> Iterator[Any]:
    if bug_id is None and name is None:
        return iter(getUtility(IBugWatchSet))
    if name is not None and name not in trackers:
        raise NotFoundError(f"There is no bug tracker named {name!r}.")
    if bug_id is None:
        return oldest_first(trackers[name].watches)
    watches = oldest_first(getUtility(IBugSet).get(bug_id).watches)
    return (watch for watch in watches if name in (None, watch.bugtracker.name))


def _folded(status: str) -> str:
    """What is the same for ``Won't Fix``, ``wont-fix`` and ``WONTFIX``."""
    return "".join(filter(str.isalnum, status)).casefold()


def _status_words(watch: Any) -> set[str]:
    """What a person may call the status of a watch."""
    remotestatus = watch.remotestatus or ""
    return {
        _folded(word)
        for word in (watch.status.name, watch.status.title, remotestatus, *remotestatus.split())
    }


def show_watches(watches: Sequence[WatchFacts]) -> None:
    """A table of watches."""
    moment = now()
    show_table(
        (
            *("Watch", "Bug", "Remote bug", "Title", "Status", "Meaning", "Importance"),
            *("Checked", "Changed", "Error"),
        ),
        [
            (
                str(watch.id),
                str(watch.bug),
                watch.remote,
                watch.title,
                *_status_cells(watch),
                ago(watch.lastchecked, moment),
                ago(watch.lastchanged, moment),
                Styled(watch.last_error_type.title if watch.last_error_type else "", _FAILED),
            )
            for watch in watches
        ],
        wrapped=("Title", "Error"),
        stacked=(
            *(["Watch"], ["Bug"], ["Remote bug", "Title"], ["Status", "Meaning", "Error"]),
            *(["Importance"], ["Checked", "Changed"]),
        ),
    )


def _status_cells(watch: WatchFacts) -> tuple[Cell, Cell, Cell]:
    if watch.remotestatus is None:
        return "-", "-", "-"
    meaning = Styled(watch.status.title, status_style(watch.status))
    return watch.remotestatus, meaning, watch.importance.title


def status_style(status: BugTaskStatus) -> str:
    """How to show what a status means."""
    if status is BugTaskStatus.UNKNOWN:
        return "dim"
    return _RESOLVED if status.is_resolved else _OPEN


@click.command()
@click.argument("what", metavar="WATCH")
@click.option(
    "--bug", "bug_id", type=Number(), metavar="ID", help="If WATCH is a URL: for this bug."
)
@json_option
@database_option
@click.pass_obj
def show(settings: Settings, what: str, bug_id: int | None, as_json: bool) -> None:
    """Show all that is known of a watch.

    WATCH is its number, or the URL of the remote bug.
    """

    def select(trackers: Any) -> tuple[WatchFacts, list[BugWatchActivity]]:
        found = find_watch(what, bug_id)
        return WatchFacts.of(found), list(found.activity)

    with settings.open(read_only=True) as database:
        watch, activity = database.read(select)
    if as_json:
        show_json(
            {
                **{name: getattr(watch, name) for name in WatchFacts.__slots__},
                "activity": [entry._asdict() for entry in activity],
            }
        )
        return
    moment = now()
    say(f"{watch.remote}: {watch.remote_title or '(title not known yet)'}", bold=True)
    failed = watch.last_error_type
    show_facts(
        [
            ("Watch", f"{watch.id}, added {at(watch.datecreated, moment)}"),
            ("For bug", f"{watch.bug}{': ' if watch.bug_title else ''}{watch.bug_title}"),
            ("Bug tracker", watch.tracker_title),
            ("URL", watch.url or ""),
            ("Remote status", watch.remotestatus or "not known yet"),
            ("Meaning", Styled(watch.status.title, status_style(watch.status))),
            ("Resolution", watch.resolution),
            ("Remote importance", watch.remote_importance),
            ("Importance", watch.importance.title),
            ("Duplicate of", watch.duplicate_of or ""),
            ("Moved to", watch.moved_to or ""),
            ("Changed there", at(watch.remote_modified, moment)),
            ("Status changed", at(watch.lastchanged, moment)),
            ("Last checked", at(watch.lastchecked, moment) or "never"),
            ("Next check", at(watch.next_check, moment)),
            ("Added by", watch.owner or ""),
            ("Error", Styled(f"{failed.title}: {watch.last_error}" if failed else "", _FAILED)),
            ("What to do", watch.help or ""),
        ]
    )
    show_activity(activity)


def show_activity(activity: Sequence[BugWatchActivity]) -> None:
    """The history of a watch or a bug tracker."""
    if not activity:
        return
    say()
    say("History", bold=True)
    show_facts(
        [
            (
                entry.date.strftime("%Y-%m-%d %H:%M:%S UTC"),
                f"{entry.error_type.title}: {entry.message}" if entry.error_type else entry.message,
            )
            for entry in activity
        ]
    )


@click.command()
@click.argument("what", metavar="WATCH")
@click.option(
    "--bug", "bug_id", type=Number(), metavar="ID", help="If WATCH is a URL: for this bug."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@database_option
@click.pass_obj
def unwatch(settings: Settings, what: str, bug_id: int | None, yes: bool) -> int:
    """Forget a watch and its history.

    WATCH is its number, or the URL of the remote bug.
    """
    with settings.open() as database:
        facts = database.read(lambda trackers: WatchFacts.of(find_watch(what, bug_id)))
        name = f"watch {facts.id} ({facts.remote} for bug {facts.bug})"
        on_terminal = sys.stdin is not None and sys.stdin.isatty()
        if on_terminal and not yes and not click.confirm(f"Forget {name} and its history?"):
            say("Nothing was changed.")
            return EXIT_INTERRUPTED

        def remove(trackers: Any) -> None:
            found = getUtility(IBugWatchSet).get(facts.id)
            found.bug.removeWatch(found)

        database.write(remove)
    say(f"Forgot {name}.")
    return 0
