"""The commands for bug trackers: tracker add, list, show, edit, enable, disable, remove."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import click
from zope.component import getUtility

from malonewatch.cli.facts import ACTIVE, TROUBLE, TrackerFacts
from malonewatch.cli.options import Settings, database_option, json_option, now
from malonewatch.cli.output import Styled, at, say, show_facts, show_json, show_table, span
from malonewatch.cli.references import check_url
from malonewatch.cli.watches import show_activity
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BugTrackerType,
    BugWatchActivity,
    IBugWatchSet,
    NoBugTrackerFound,
    UnknownBugTrackerType,
    UnrecognizedBugTrackerURL,
)


@click.group()
@database_option
def tracker() -> None:
    """Bug trackers: register them, look at them, change them."""


def _attributes(command: Any) -> Any:
    """The options for what can be said of a bug tracker."""
    for option in (
        click.option("--contact", metavar="TEXT", help="How to reach the people who run it."),
        click.option("--summary", metavar="TEXT", help="What it is for."),
        click.option("--title", metavar="TEXT", help="Its title, for people."),
        click.option("--name", "new_name", metavar="NAME", help="Its name, in commands and URLs."),
        click.option("--type", "type_name", metavar="TYPE", help="Its type, such as BUGZILLA."),
    ):
        command = option(command)
    return command


@tracker.command()
@click.argument("url", metavar="URL")
@_attributes
@database_option
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

    URL is its base URL, which needs --type, or that of any bug in it: then
    type and base URL are found out from it.
    """

    def step(trackers: Any) -> TrackerFacts:
        baseurl, bugtrackertype = _base_of(trackers, check_url(url), type_name)
        found = trackers.getByBaseURL(baseurl)
        if found is None:
            added = trackers.ensureBugTracker(
                baseurl,
                None,
                bugtrackertype,
                title=title,
                summary=summary or "",
                contactdetails=contact or "",
                name=new_name,
            )
            return TrackerFacts.of(added)
        if not found.guessed:
            raise BaseURLTaken(f"{baseurl} belongs to the bug tracker {found.name!r} already.")
        # Now somebody registers it.
        found.guessed = False
        if bugtrackertype != found.bugtrackertype:
            found.bugtrackertype = bugtrackertype
        _change(found, new_name, title, summary, contact)
        return TrackerFacts.of(found)

    with settings.open() as database:
        facts = database.write(step)
    say(f"Registered {facts.name}, of type {facts.bugtrackertype}, at {facts.baseurl}.")


def _base_of(trackers: Any, url: str, type_name: str | None) -> tuple[str, BugTrackerType]:
    """Base URL and type of the bug tracker that `url` leads to."""
    types = dict(trackers.getBugTrackerTypes())
    known = ", ".join(types)
    if type_name is not None:
        bugtrackertype = BugTrackerType(type_name.upper())
        if bugtrackertype not in types:
            raise UnknownBugTrackerType(
                f"There is no bug tracker type {type_name!r}; those known are {known}."
            )
        try:
            found = types[bugtrackertype].parseBugURL(urlsplit(url))
        except ValueError:
            found = None
        return (url if found is None else found[0]), bugtrackertype
    registered = trackers.getByBaseURL(url)
    if registered is not None:
        return registered.baseurl, registered.bugtrackertype
    try:
        registered, _ = getUtility(IBugWatchSet).extractBugTrackerAndBug(url)
    except NoBugTrackerFound as missing:
        return missing.baseurl, missing.bugtrackertype
    except UnrecognizedBugTrackerURL:
        raise BadInput(
            f"{url} does not tell of which type the bug tracker is; say so with --type, "
            f"as one of {known}."
        ) from None
    return registered.baseurl, registered.bugtrackertype


def _change(
    found: Any,
    new_name: str | None,
    title: str | None,
    summary: str | None,
    contact: str | None,
) -> None:
    if new_name is not None:
        found.name = new_name
    if title is not None:
        found.title = title
    if summary is not None:
        found.summary = summary
    if contact is not None:
        found.contactdetails = contact


@tracker.command("list")
@json_option
@database_option
@click.pass_obj
def list_trackers(settings: Settings, as_json: bool) -> None:
    """List the bug trackers, by title."""
    with settings.open(read_only=True) as database:
        trackers = database.read(lambda trackers: [TrackerFacts.of(each) for each in trackers])
    if as_json:
        show_json(trackers)
    elif trackers:
        show_table(
            ("Title", "Name", "Type", "Base URL", "Watches", "Due", "State"),
            [
                (
                    *(facts.title, facts.name, facts.bugtrackertype, facts.baseurl),
                    *(str(facts.watches), str(facts.due), _state(facts)),
                )
                for facts in trackers
            ],
            wrapped=("Title", "State"),
            stacked=(["Title", "Name"], ["Type", "Base URL"], ["Watches", "Due"], ["State"]),
        )
    else:
        say("There are no bug trackers.")


def _state(facts: TrackerFacts) -> Styled:
    if facts.state == ACTIVE:
        return Styled(f"{facts.state}, guessed" if facts.guessed else facts.state, "green")
    if facts.state != TROUBLE or facts.last_error_type is None:
        return Styled(facts.state, "dim")
    text = f"{facts.state}: {facts.last_error_type.title}"
    wait = None if facts.next_attempt is None else (facts.next_attempt - now()).total_seconds()
    if wait is not None and wait > 0:
        text += f", left alone for {span(wait)}"
    return Styled(text, "red")


@tracker.command()
@click.argument("name", metavar="NAME")
@json_option
@database_option
@click.pass_obj
def show(settings: Settings, name: str, as_json: bool) -> None:
    """Show all that is known of a bug tracker."""

    def select(trackers: Any) -> tuple[TrackerFacts, str, list[BugWatchActivity]]:
        found = trackers[name]
        external = dict(trackers.getBugTrackerTypes()).get(found.bugtrackertype)
        title = "nothing here can talk to it" if external is None else external.title
        return TrackerFacts.of(found), title, list(found.activity)

    with settings.open(read_only=True) as database:
        facts, type_title, activity = database.read(select)
    if as_json:
        show_json(
            {
                **{name: getattr(facts, name) for name in TrackerFacts.__slots__},
                "activity": [entry._asdict() for entry in activity],
            }
        )
        return
    moment = now()
    say(facts.title, bold=True)
    show_facts(
        [
            ("Name", facts.name),
            ("Type", f"{facts.bugtrackertype} ({type_title})"),
            ("Base URL", facts.baseurl),
            ("Aliases", ", ".join(facts.aliases)),
            ("Dialect", facts.dialect or "not known yet"),
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
            ("Clock", _clock(facts.clock_skew)),
            ("State", _state(facts)),
            ("Left alone until", at(facts.next_attempt, moment)),
            ("Failures in a row", str(facts.failures or "")),
            ("Trouble", Styled(facts.last_error or "", "red")),
            ("What to do", facts.help or ""),
        ]
    )
    show_activity(activity)


def _clock(skew: float | None) -> str:
    if skew is None:
        return "not known yet"
    # It tells whole seconds.
    if abs(skew) <= 2:
        return "as this machine's"
    return f"{span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} this machine's"


@tracker.command()
@click.argument("name", metavar="NAME")
@_attributes
@click.option("--url", metavar="URL", help="Its base URL.")
@click.option(
    "--alias",
    "aliases",
    metavar="URL",
    multiple=True,
    help="Another base URL of it, beside those known; may be given again for more.",
)
@click.option("--no-aliases", is_flag=True, help="Forget the aliases known.")
@click.option("--enable", is_flag=True, help="Ask it, if it was disabled.")
@database_option
@click.pass_obj
def edit(
    settings: Settings,
    name: str,
    type_name: str | None,
    new_name: str | None,
    title: str | None,
    summary: str | None,
    contact: str | None,
    url: str | None,
    aliases: Sequence[str],
    no_aliases: bool,
    enable: bool,
) -> None:
    """Change what is known of a bug tracker."""
    if not (aliases or no_aliases or enable) and {
        *(type_name, new_name, title, summary, contact, url)
    } == {None}:
        raise click.UsageError("Say what to change, such as --title; see --help.")

    def step(trackers: Any) -> None:
        found = trackers[name]
        if url is not None:
            found.baseurl = check_url(url)
        if aliases or no_aliases:
            known = () if no_aliases else found.aliases
            found.aliases = (*known, *map(check_url, aliases))
        if type_name is not None:
            found.bugtrackertype = BugTrackerType(type_name.upper())
        if enable:
            found.active = True
        _change(found, new_name, title, summary, contact)

    with settings.open() as database:
        database.write(step)
    say(f"Changed {name if new_name is None else new_name}.")


@tracker.command()
@click.argument("name", metavar="NAME")
@database_option
@click.pass_obj
def enable(settings: Settings, name: str) -> None:
    """Ask a bug tracker again that was disabled."""
    _set_active(settings, name, True)


@tracker.command()
@click.argument("name", metavar="NAME")
@database_option
@click.pass_obj
def disable(settings: Settings, name: str) -> None:
    """Do not ask a bug tracker any more; its watches stay."""
    _set_active(settings, name, False)


def _set_active(settings: Settings, name: str, active: bool) -> None:
    def step(trackers: Any) -> bool:
        found = trackers[name]
        before, found.active = found.active, active
        return before

    with settings.open() as database:
        before = database.write(step)
    word = "active" if active else "inactive"
    say(f"{name} is {word} {'already' if before == active else 'now'}.")


@tracker.command()
@click.argument("name", metavar="NAME")
@database_option
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Forget a bug tracker that has no watches."""
    with settings.open() as database:
        database.write(lambda trackers: trackers.remove(trackers[name]))
    say(f"Forgot {name}.")
