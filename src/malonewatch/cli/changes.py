"""The commands that change bug trackers: tracker edit, enable, disable, remove, move, merge,
accept-changes."""

from collections.abc import Sequence

import click

from malonewatch.application import moving, trackers
from malonewatch.cli.options import (
    Number,
    Seconds,
    Settings,
    Span,
    attributes_of_tracker,
    database_options,
    dry_run_option,
    type_option,
)
from malonewatch.cli.output import say
from malonewatch.cli.text import count_of
from malonewatch.cli.trackers import change_as_text
from malonewatch.interfaces import remote_name

_NAME = click.argument("what", metavar="NAME")


@click.command()
@_NAME
@attributes_of_tracker
@click.option("--url", metavar="URL", help="Its base URL.")
@click.option(
    "--alias",
    "aliases",
    metavar="URL",
    multiple=True,
    help="Another base URL of it, beside those known; may be given again for more.",
)
@click.option("--no-aliases", is_flag=True, help="Forget the aliases known.")
@click.option("--enable/--disable", "active", default=None, help="Ask it again, or no more.")
@click.option(
    "--follow/--no-follow",
    "follows",
    default=None,
    help="Follow watches to where their bugs go, or leave them where they are.",
)
@click.option(
    "--concurrency", type=Number(), metavar="N", help="Ask it N things at a time, at most."
)
@click.option("--gap", type=Seconds(), metavar="SECONDS", help="Leave so much time between two.")
@click.option(
    "--no-politeness", is_flag=True, help="Forget what was said with --concurrency and --gap."
)
@click.option(
    "--hook-secret",
    "hook_secrets",
    metavar="REFERENCE",
    multiple=True,
    help="Take events that are signed with what env:NAME, file:PATH or keyring:SERVICE/USER "
    "refers to, beside those known.",
)
@click.option("--no-hook-secrets", is_flag=True, help="Forget those secrets known.")
@click.option(
    "--budget", type=Number(), metavar="N", help="Let checking its watches take N requests a day."
)
@click.option(
    "--longest-interval", "longest", type=Span(), metavar="SPAN", help="Check each by then at last."
)
@click.option(
    "--longest-interval-closed",
    "longest_closed",
    type=Span(),
    metavar="SPAN",
    help="The same where the remote bug is closed.",
)
@click.option(
    "--no-freshness",
    is_flag=True,
    help="Forget what was said with --budget and the longest intervals.",
)
@database_options
@click.pass_obj
def edit(
    settings: Settings,
    what: str,
    type_name: str | None,
    new_name: str | None,
    title: str | None,
    summary: str | None,
    contact: str | None,
    url: str | None,
    aliases: Sequence[str],
    no_aliases: bool,
    active: bool | None,
    follows: bool | None,
    concurrency: int | None,
    gap: float | None,
    no_politeness: bool,
    hook_secrets: Sequence[str],
    no_hook_secrets: bool,
    budget: int | None,
    longest: float | None,
    longest_closed: float | None,
    no_freshness: bool,
) -> None:
    """Change what is known of a bug tracker."""
    changes = trackers.TrackerChanges(
        name=new_name,
        type_name=type_name,
        title=title,
        summary=summary,
        contactdetails=contact,
        baseurl=url,
        aliases=tuple(aliases),
        no_aliases=no_aliases,
        active=active,
        follows=follows,
        concurrency=concurrency,
        gap=gap,
        no_politeness=no_politeness,
        hook_secrets=tuple(hook_secrets),
        no_hook_secrets=no_hook_secrets,
        budget=budget,
        longest=longest,
        longest_closed=longest_closed,
        no_freshness=no_freshness,
    )
    if changes == trackers.TrackerChanges():
        raise click.UsageError("Say what to change, such as --title; see --help.")
    with settings.open() as database:
        _, after = trackers.edit(database, what, changes)
    say(f"Changed {after.name}.")


@click.command()
@_NAME
@database_options
@click.pass_obj
def enable(settings: Settings, what: str) -> None:
    """Ask a bug tracker again that was disabled."""
    _set_active(settings, what, True)


@click.command()
@_NAME
@database_options
@click.pass_obj
def disable(settings: Settings, what: str) -> None:
    """Do not ask a bug tracker any more; its watches stay."""
    _set_active(settings, what, False)


def _set_active(settings: Settings, what: str, active: bool) -> None:
    with settings.open() as database:
        before, after = trackers.edit(database, what, trackers.TrackerChanges(active=active))
    word = "active" if active else "inactive"
    say(f"{after.name} is {word} {'already' if before.active == active else 'now'}.")


@click.command()
@_NAME
@database_options
@click.pass_obj
def remove(settings: Settings, what: str) -> None:
    """Forget a bug tracker that has no watches."""
    with settings.open() as database:
        forgotten = trackers.remove(database, what)
    say(f"Forgot {forgotten.name}.")


@click.command("accept-changes")
@_NAME
@database_options
@click.pass_obj
def accept_changes(settings: Settings, what: str) -> None:
    """Take changes that were held.

    They were too many at once to be likely; 'malonewatch tracker show' shows
    them.  Nothing is asked.
    """
    with settings.open() as database:
        facts, held = trackers.accept_changes(database, what)
    for change in held:
        say(change_as_text(change))
    if held:
        say(f"{count_of(len(held), 'change')} of {facts.name} taken.")
    else:
        say(f"No changes of {facts.name} are held.")


@click.command("move")
@_NAME
@click.argument("url", metavar="NEWURL")
@type_option
@dry_run_option
@database_options
@click.pass_obj
def move_tracker(
    settings: Settings, what: str, url: str, type_name: str | None, dry_run: bool
) -> None:
    """Let a bug tracker be at another base URL from now on.

    Its watches follow, and all are asked for anew; the old base URL becomes an
    alias.
    """
    with settings.open(read_only=dry_run) as database:
        before, after = moving.move(database, what, url, type_name, dry_run)
    watches = count_of(before.watches, "watch", "watches")
    if dry_run:
        say(
            f"{before.name} would go from {before.baseurl} to {after.baseurl}, of type "
            f"{after.bugtrackertype}, with {watches}, all to be asked for anew."
        )
        return
    say(f"{before.name} went from {before.baseurl} to {after.baseurl}, with {watches}, all due.")


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="INTO")
@dry_run_option
@database_options
@click.pass_obj
def merge(settings: Settings, source: str, target: str, dry_run: bool) -> None:
    """Make one of two that are the same.

    For a bug tracker that was registered twice, under two URLs.  All watches
    of FROM go to INTO, where they keep their numbers and their history, and
    are asked for anew; FROM is forgotten.
    """
    with settings.open(read_only=dry_run) as database:
        merged = moving.merge(database, source, target, dry_run)
    into = merged.target.name
    moved = count_of(len(merged.moved), "watch", "watches")
    say(f"{moved} {'would go' if dry_run else 'went'} from {merged.source.name} to {into}.")
    for facts in merged.dropped:
        say(
            f"Watch {facts.id} {'would be' if dry_run else 'is'} forgotten: bug {facts.bug} "
            f"watches {remote_name(into, facts.remotebug)} already."
        )
    say(
        f"{merged.source.name} {'would be' if dry_run else 'is'} forgotten; {into} "
        f"{'would have' if dry_run else 'has'} the aliases {', '.join(merged.target.aliases)}."
    )
