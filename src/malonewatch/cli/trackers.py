"""The commands for bug trackers that add and show: tracker add, list, show."""

import click

from malonewatch.application import trackers
from malonewatch.application.facts import ACTIVE, TROUBLE, TrackerDetails, TrackerFacts, now
from malonewatch.application.hooks import state_of
from malonewatch.application.plain import joined
from malonewatch.cli.options import (
    Settings,
    attributes_of_tracker,
    database_options,
    json_option,
)
from malonewatch.cli.output import say, show_json
from malonewatch.cli.places import Places
from malonewatch.cli.showing import show_activity
from malonewatch.cli.tables import Cell, Styled, Table, show_facts
from malonewatch.cli.text import at, count_of, span
from malonewatch.cli.watches import how_sure
from malonewatch.interfaces import (
    BugWatchChange,
    DailyCounters,
    Politeness,
    Polling,
    remote_name,
)
from malonewatch.wording import age_of, clock, quota_left

#: How many changes that are held are shown.
_HELD = 20


_COMMANDS = Places(
    {
        "accept-changes": "changes.accept_changes",
        "check": "words.check_vocabulary",
        "disable": "changes.disable",
        "edit": "changes.edit",
        "enable": "changes.enable",
        "map": "words.map_word",
        "merge": "changes.merge",
        "migrate": "migrating.migrate",
        "move": "changes.move_tracker",
        "remove": "changes.remove",
        "reread": "words.reread_words",
        "types": "words.list_types",
        "unknown": "words.unknown",
    }
)


@click.group(commands=_COMMANDS)
@database_options
def tracker() -> None:
    """Bug trackers: register them, look at them, change them."""


@tracker.command()
@click.argument("url", metavar="URL")
@attributes_of_tracker
@database_options
@click.pass_obj
def add(
    settings: Settings,
    url: str,
    type_name: str | None,
    new_name: str | None,
    title: str | None,
    summary: str | None,
    contact: str | None,
) -> None:
    """Register a bug tracker.

    URL is its base URL, or that of any bug in it.  Without --type, the type is
    found out from the URL, or else by asking the server.
    """
    changes = trackers.TrackerChanges(
        name=new_name,
        type_name=type_name,
        title=title,
        summary=summary,
        contactdetails=contact,
    )
    with settings.open() as database:
        facts, found = trackers.add(database, url, changes)
    say(
        f"Registered {facts.name}, of type {facts.bugtrackertype}, at {facts.baseurl}"
        f"{how_sure(found.certainty, found.identified)}."
    )


@tracker.command("list")
@json_option
@database_options
@click.pass_obj
def list_trackers(settings: Settings, as_json: bool) -> None:
    """List the bug trackers, by title."""
    with settings.open(read_only=True) as database:
        found = trackers.list_trackers(database)
    if as_json:
        show_json(found)
    elif found:
        Table(
            ("Title", "Name", "Type", "Base URL", "Watches", "Due", "State"),
            wrapped=("Title", "State"),
            stacked=(
                (["Title", "Name"], ["Type"], ["Base URL"], ["Watches", "Due"], ["State"]),
                (["Title", "Name"], ["Type", "Base URL"], ["Watches", "Due"], ["State"]),
            ),
        ).show(
            [
                (
                    *(facts.title, facts.name, facts.bugtrackertype, facts.baseurl),
                    *(str(facts.watches), str(facts.due), _state(facts)),
                )
                for facts in found
            ]
        )
    else:
        say("There are no bug trackers.")


def _state(facts: TrackerFacts) -> Styled:
    if facts.state == ACTIVE:
        return Styled(f"{facts.state}, guessed" if facts.guessed else facts.state, "green")
    if facts.state != TROUBLE or facts.last_error_type is None:
        return Styled(facts.state, "dim")
    text = f"{facts.state}: {facts.last_error_type.title}"
    if facts.next_attempt is not None and facts.next_attempt > now():
        text += f", left alone for {span((facts.next_attempt - now()).total_seconds())}"
    return Styled(text, "red")


@tracker.command()
@click.argument("what", metavar="NAME-OR-URL")
@json_option
@database_options
@click.pass_obj
def show(settings: Settings, what: str, as_json: bool) -> None:
    """Show all that is known of a bug tracker.

    Instead of its name, its base URL will do, or the URL of any bug in it; so
    they do in the other commands for bug trackers.
    """
    with settings.open(read_only=True) as database:
        details = trackers.show(database, what)
    if as_json:
        show_json(joined(details))
        return
    say(details.facts.title, bold=True)
    show_facts(_facts(details))
    show_held(details.held, details.facts.name)
    _show_counters(details.counters)
    show_activity(details.activity)


def _facts(details: TrackerDetails) -> list[tuple[str, Cell]]:
    facts, moment = details.facts, now()
    type_title = details.type_title or "nothing here can talk to it"
    claim, origin = details.claim, details.origin
    return [
        ("Name", facts.name),
        ("Type", f"{facts.bugtrackertype} ({type_title})"),
        ("Base URL", facts.baseurl),
        ("Aliases", ", ".join(facts.aliases)),
        ("Dialect", _dialect(facts)),
        ("Summary", facts.summary),
        ("Contact", facts.contactdetails),
        ("Registered", at(facts.datecreated, moment)),
        ("Registered by", facts.owner or ""),
        (
            "Guessed",
            "from a text; 'malonewatch tracker add' with its URL registers it"
            if facts.guessed
            else "",
        ),
        ("Watches", f"{facts.watches}, {facts.due} of them due"),
        ("How old", "" if details.staleness is None else age_of(details.staleness)),
        ("Clock", clock(facts.clock_skew)),
        ("Asked", _politeness(details)),
        ("Polled", _polling(facts)),
        ("Checks", _checks(details)),
        ("Follows", "" if facts.follows else "no, watches stay where they are"),
        ("Quota", "" if origin is None else quota_left(origin.quota, moment)),
        ("Wants no more until", "" if origin is None else at(origin.retry_at, moment)),
        ("At work on it", f"{claim.holder}, until {at(claim.until, moment)}" if claim else ""),
        ("Webhook", _webhook(facts)),
        ("State", _state(facts)),
        ("Left alone until", at(facts.next_attempt, moment)),
        ("Failures in a row", str(facts.failures or "")),
        ("Trouble", Styled(facts.last_error or "", "red")),
        ("What to do", facts.help or ""),
    ]


def _dialect(facts: TrackerFacts) -> str:
    if facts.dialect is None:
        return "not known yet"
    learnt = at(facts.dialect_learnt, now())
    since = f", since {learnt}" if learnt else ""
    return f"{facts.dialect}{since}{f': {facts.dialect_reason}' if facts.dialect_reason else ''}"


def _politeness(details: TrackerDetails) -> str:
    """How it is asked, and who says so: the first in line that says anything."""
    learnt = Politeness() if details.origin is None else details.origin.learnt
    said = [
        (details.facts.politeness, "as you set it"),
        (learnt, "as was learnt"),
        (details.type_politeness, "by its type"),
    ]
    parts = [
        f"{count_of(politeness.concurrency, 'request')} at a time ({who})"
        for politeness, who in said
        if politeness.concurrency is not None
    ][:1]
    parts += [
        f"{politeness.gap:g} s apart ({who})"
        for politeness, who in said
        if politeness.gap is not None
    ][:1]
    return ", ".join(parts)


def _polling(facts: TrackerFacts) -> str:
    """How long its bugs are asked for, if not for ever, and why."""
    if facts.polling is Polling.ALWAYS:
        return ""
    return f"{facts.polling.value}: {facts.not_polled}"


def _webhook(facts: TrackerFacts) -> str:
    """Where its events are sent to, what they are signed with, and whether they come."""
    if not facts.hook_secrets:
        return ""
    return (
        f"at /hooks/{facts.name} of the desk, signed with {' or '.join(facts.hook_secrets)}; "
        f"{state_of(facts, now())}"
    )


def _checks(details: TrackerDetails) -> str:
    """How often its watches are checked, and who says so."""
    facts, freshness = details.facts, details.facts.freshness
    if facts.polling is Polling.NEVER:
        return ""
    who = "by default" if freshness.budget is None else "as you set it"
    return (
        f"{count_of(details.requests, 'request')} a day ({who}), each watch within "
        f"{span(freshness.longest_interval)}, within {span(freshness.longest_interval_closed)} "
        "if closed"
    )


def show_held(held: tuple[BugWatchChange, ...], name: str) -> None:
    """The changes that are kept back, and what to do."""
    if not held:
        return
    say()
    say(f"{count_of(len(held), 'change')} held, as so many at once are not likely", bold=True)
    for change in held[:_HELD]:
        say(f"  {change_as_text(change)}")
    if len(held) > _HELD:
        say(f"  and {len(held) - _HELD} more")
    say(f"If it is true, 'malonewatch tracker accept-changes {name}' takes it.")


def change_as_text(change: BugWatchChange) -> str:
    """A change of a watch, in a line."""
    before = change.old_remotestatus or "not known"
    if change.error_type is not None:
        after = change.error_type.title
    else:
        after = f"{change.new_remotestatus} ({change.new_status.title})"
    remote = remote_name(change.tracker, change.remotebug)
    return f"Bug {change.bug_id}: {remote}: {before} -> {after}"


def _show_counters(counters: tuple[DailyCounters, ...]) -> None:
    if not counters:
        return
    say()
    say("By day", bold=True)
    Table(("Day", "Requests", "Checks", "Changes", "Failures"), wrapped=("Failures",)).show(
        [
            (
                *(each.day.isoformat(), str(each.requests), str(each.checks), str(each.changes)),
                ", ".join(f"{count} of {owner.value}" for owner, count in each.failures.items()),
            )
            for each in counters
        ]
    )
