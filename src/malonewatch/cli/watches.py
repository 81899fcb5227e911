"""The commands watch, show, unwatch and move."""

import sys
from collections.abc import Sequence

import click

from malonewatch.application import watches
from malonewatch.application.facts import TrackerFacts, WatchFacts, now
from malonewatch.application.plain import joined
from malonewatch.application.registering import Registration
from malonewatch.cli.options import (
    Number,
    Settings,
    Span,
    confirmed,
    database_options,
    json_option,
    of_bug,
    yes_option,
)
from malonewatch.cli.output import say, show_json
from malonewatch.cli.showing import FAILED, show_activity, show_links, status_style
from malonewatch.cli.tables import Styled, show_facts
from malonewatch.cli.text import at, count_of, span
from malonewatch.exitcodes import EXIT_INTERRUPTED
from malonewatch.interfaces import Certainty, FollowedBug, remote_name

#: How many proposals are shown.
_PROPOSALS = 20


@click.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option(
    "--bug",
    "bug_id",
    type=Number(),
    metavar="ID",
    help="Watch them for this bug of ours, which is made if it is not there.  [default: a new bug]",
)
@click.option("--title", metavar="TEXT", help="The title of that bug, if it has none.")
@database_options
@click.pass_obj
def watch(settings: Settings, urls: Sequence[str], bug_id: int | None, title: str | None) -> None:
    """Watch the remote bugs at these URLs.

    Bug trackers that are not known yet are registered; where a URL could be
    that of several types, the server is asked which it is.  With - for URL,
    the URLs are found in a text on standard input; bug trackers registered for
    those are marked as guessed, and are not asked on private networks.
    """
    if "-" in urls and len(urls) > 1:
        raise click.UsageError("- stands for a text on standard input; give it alone.")
    with settings.open() as database:
        if "-" in urls:
            text = sys.stdin.buffer.read() if sys.stdin is not None else b""
            decoded = text.decode(errors="replace")
            watched = watches.watch_text(database, decoded, bug_id, title)
        else:
            watched = watches.watch(database, urls, bug_id, title)
    _say_watched(watched)


def _say_watched(watched: watches.Watched) -> None:
    for registration in watched.registered:
        say_registered(registration)
    for name in watched.approved:
        say(f"{name} is not marked as guessed any more.")
    if watched.bug is not None and watched.is_new:
        say(f"Made bug {watched.bug.id}.")
    for facts in watched.existing:
        say(f"{facts.remote} is watched for bug {facts.bug} already (watch {facts.id}).")
    trackers = {tracker.name: tracker for tracker in watched.trackers}
    for facts in watched.watches:
        caution = _caution(trackers[facts.tracker])
        say(f"Watch {facts.id}: {facts.remote} for bug {facts.bug}{caution}.")
    for bug_id in watched.keep_title:
        say(
            f"Bug {bug_id} keeps its title; 'malonewatch bug retitle {bug_id} TITLE' gives it "
            "another."
        )
    if not watched.watches and watched.bug is not None and not watched.existing:
        say(f"There is nothing in the text that bug {watched.bug.id} does not watch already.")
    _say_proposals(watched.proposals)


def _caution(tracker: TrackerFacts) -> str:
    if tracker.guessed:
        return f" ({tracker.baseurl} was guessed from the text)"
    return "" if tracker.active else " (the bug tracker is inactive)"


def say_registered(registration: Registration) -> None:
    """A bug tracker that was registered, and how it was found out what it is."""
    facts = registration.tracker
    say(
        f"Registered {facts.name}, of type {facts.bugtrackertype}, at {facts.baseurl}"
        f"{how_sure(registration.certainty, registration.identified)}."
    )


def how_sure(certainty: Certainty | None, identified: str | None) -> str:
    """How it was found out of which type a bug tracker is, in brackets; or nothing."""
    if identified is not None:
        return f" (it says: {identified.rstrip('.')})"
    if certainty is Certainty.KNOWN_HOST:
        return " (a host that is known)"
    if certainty is Certainty.SHAPE:
        return " (only this type has such URLs)"
    return ""


def _say_proposals(proposals: Sequence[watches.Proposal]) -> None:
    if not proposals:
        return
    what = count_of(len(proposals), "URL")
    say(f"{what} may be that of a bug; 'malonewatch watch' with it asks the server:")
    for proposal in proposals[:_PROPOSALS]:
        say(f"  {proposal.url} ({proposal.bugtrackertype}?)")
    if len(proposals) > _PROPOSALS:
        say(f"  and {len(proposals) - _PROPOSALS} more")


@click.command()
@click.argument("what", metavar="WATCH")
@of_bug
@json_option
@database_options
@click.pass_obj
def show(settings: Settings, what: str, bug_id: int | None, as_json: bool) -> None:
    """Show all that is known of a watch.

    WATCH is its number, or the URL of the remote bug.
    """
    with settings.open(read_only=True) as database:
        details = watches.show(database, what, bug_id)
    if as_json:
        show_json(joined(details))
        return
    _show_watch(details.facts)
    show_links(details.links)
    show_activity(details.activity)


def _show_watch(watch: WatchFacts) -> None:
    moment = now()
    say(f"{watch.remote}: {watch.remote_title or '(title not known yet)'}", bold=True)
    failed = watch.last_error_type
    meaning = watch.status.title + (" (guessed)" if watch.guessed else "")
    show_facts(
        [
            ("Watch", f"{watch.id}, added {at(watch.datecreated, moment)}"),
            ("For bug", f"{watch.bug}{': ' if watch.bug_title else ''}{watch.bug_title}"),
            ("Bug tracker", watch.tracker_title),
            ("URL", watch.url or ""),
            ("Remote status", watch.remotestatus or "not known yet"),
            ("Meaning", Styled(meaning, status_style(watch.status))),
            ("Why", f"'malonewatch explain {watch.id}' tells"),
            ("Before", watch.meaning_before),
            ("Resolution", watch.resolution),
            ("Fixed in", watch.fixed_in),
            ("Remote importance", watch.remote_importance),
            ("Importance", watch.importance.title),
            ("Private", "yes, it is read with credentials" if watch.private else ""),
            ("Duplicate of", watch.duplicate_of or ""),
            ("Followed to", ", ".join(map(_followed, watch.followed))),
            ("Moved to", watch.moved_to or ""),
            ("Closed there", at(watch.date_closed, moment)),
            ("Changed there", at(watch.remote_modified, moment)),
            ("Quiet since", at(watch.quiet_since, moment)),
            ("Status changed", at(watch.lastchanged, moment)),
            ("Last checked", at(watch.lastchecked, moment) or "never"),
            ("Next check", at(watch.next_check, moment) or f"never: {watch.not_polled}"),
            ("Checked within", _within(watch.longest_interval)),
            ("Added by", watch.owner or ""),
            ("Error", Styled(f"{failed.title}: {watch.last_error}" if failed else "", FAILED)),
            ("What to do", watch.help or ""),
        ]
    )


def _within(seconds: float | None) -> str:
    return "" if seconds is None else f"{span(seconds)}, as you set it"


def _followed(bug: FollowedBug) -> str:
    """A bug that a watch is followed to, in short."""
    if bug.tracker is None:
        return f"{bug.url} (not asked: nothing is registered there that is)"
    return remote_name(bug.tracker, bug.remotebug)


@click.command()
@click.argument("what", metavar="WATCH...", nargs=-1, required=True)
@of_bug
@yes_option
@database_options
@click.pass_obj
def unwatch(settings: Settings, what: Sequence[str], bug_id: int | None, yes: bool) -> int:
    """Forget watches and their history.

    WATCH is the number of one, or the URL of a remote bug.
    """
    with settings.open() as database:
        found = watches.find(database, what, bug_id)
        names = [f"watch {facts.id} ({facts.remote} for bug {facts.bug})" for facts in found]
        which = f"{names[0]} and its" if len(names) == 1 else f"{len(names)} watches and their"
        if not confirmed(f"Forget {which} history?", yes):
            say("Nothing was changed.")
            return EXIT_INTERRUPTED
        watches.unwatch(database, [facts.id for facts in found])
    for name in names:
        say(f"Forgot {name}.")
    return 0


@click.command()
@click.argument("what", metavar="WATCH")
@click.argument("url", metavar="URL")
@of_bug
@database_options
@click.pass_obj
def move(settings: Settings, what: str, url: str, bug_id: int | None) -> None:
    """Let a watch stand for the remote bug at URL.

    WATCH is its number, or the URL of the remote bug that it stands for now.
    It keeps its number and its history, and is due.
    """
    with settings.open() as database:
        moved = watches.move(database, what, url, bug_id)
    if moved.registered is not None:
        say_registered(moved.registered)
    say(
        f"Watch {moved.after.id} for bug {moved.after.bug} stands for {moved.after.remote} now; "
        f"it stood for {moved.before.remote}."
    )


@click.command()
@click.argument("what", metavar="WATCH...", nargs=-1, required=True)
@click.option("--every", type=Span(), metavar="SPAN", help="Check it within that time, such as 1d.")
@click.option("--no-every", is_flag=True, help="Leave that to its bug tracker's settings again.")
@of_bug
@database_options
@click.pass_obj
def edit(
    settings: Settings,
    what: Sequence[str],
    every: float | None,
    no_every: bool,
    bug_id: int | None,
) -> None:
    """Change how often watches are checked at least.

    WATCH is the number of one, or the URL of a remote bug.
    """
    if (every is None) is not no_every:
        raise click.UsageError("Say either --every or --no-every.")
    with settings.open() as database:
        found = watches.find(database, what, bug_id)
        changed = watches.set_interval(database, [facts.id for facts in found], every)
    how = "as its bug tracker's settings say" if every is None else f"within {span(every)}"
    for facts in changed:
        say(f"Watch {facts.id} ({facts.remote}) is checked {how}.")
