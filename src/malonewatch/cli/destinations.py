"""The commands about where messages go, and how: destination, outbox, delivery."""

import dataclasses
from typing import Any

import click

from malonewatch.application import subscribing
from malonewatch.cli.options import Number, Settings, database_options, json_option
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import Table
from malonewatch.cli.text import count_of
from malonewatch.interfaces import (
    DestinationFacts,
    DestinationSettings,
    GivenUp,
    Notice,
    Timing,
    remote_name,
)
from malonewatch.parameters import Whole


@click.group()
def destination() -> None:
    """Where messages go."""


@destination.command("list")
@json_option
@database_options
@click.pass_obj
def list_destinations(settings: Settings, as_json: bool) -> None:
    """List where messages go, and how that does."""
    with settings.open(read_only=True) as database:
        found = subscribing.list_destinations(database)
    if as_json:
        show_json(found)
        return
    Table(
        ("Number", "Person", "By", "Address", "When", "Waiting", "Condition"),
        wrapped=("Address", "When", "Condition"),
    ).show(
        [
            (
                *(str(each.id), each.person, each.settings.kind, each.settings.address),
                *(_timing(each.settings), str(each.pending), _condition(each)),
            )
            for each in found
        ]
    )


def _timing(settings: DestinationSettings) -> str:
    parts = [settings.timing.value]
    if settings.timing in (Timing.DAILY, Timing.WEEKLY):
        parts.append(f"at {settings.hour}:00 {settings.timezone}")
    if settings.quiet is not None:
        first, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in settings.quiet)
        parts.append(f"but from {first} to {end} {settings.timezone}")
    return " ".join(parts)


def _condition(destination: DestinationFacts) -> str:
    if destination.disabled is not None:
        return f"Disabled: {destination.disabled}"
    if destination.failures:
        return f"Failed {count_of(destination.failures, 'time')}: {destination.last_error}"
    if destination.refused:
        given_up = count_of(len(destination.refused), "message")
        return f"Gave up {given_up} of late: {destination.refused[-1].error}"
    return "In order"


_NUMBER = click.argument("number", metavar="NUMBER", type=Number())


@destination.command()
@_NUMBER
@database_options
@click.pass_obj
def enable(settings: Settings, number: int) -> None:
    """Send to a destination again, also what waits for it."""
    with settings.open() as database:
        enabled = subscribing.enable_destination(database, number)
    say(f"Destination {enabled.id} is sent to again; waiting: {enabled.pending}.")


@destination.command("test")
@_NUMBER
@database_options
@click.pass_obj
def send_test(settings: Settings, number: int) -> None:
    """Send a message that says that it is a test."""
    with settings.open(read_only=True) as database:
        sent = subscribing.send_test(database, number)
    say(f"Sent a test to destination {sent.id}, {sent.settings.address}.")


@click.command()
@json_option
@database_options
@click.pass_obj
def outbox(settings: Settings, as_json: bool) -> None:
    """Show what would be delivered now, and which messages were given up."""
    with settings.open(read_only=True) as database:
        found = subscribing.list_waiting(database)
        destinations = [] if as_json else subscribing.list_destinations(database)
    if as_json:
        show_json(found)
        return
    Table(
        ("To", "By", "Happened", "Event", "Bug", "Remote bug", "Was", "Is"),
        wrapped=("Remote bug", "Was", "Is"),
    ).show(
        [
            (
                *(message.destination.person, message.destination.settings.kind),
                *(f"{notice.moment:%Y-%m-%d %H:%M}", notice.happening.value),
                *("" if notice.bug is None else str(notice.bug), _remote(notice)),
                *(notice.old_remotestatus or "", notice.new_remotestatus or notice.text),
            )
            for message in found
            for notice in message.notices
        ]
    )
    given_up = [(destination, each) for destination in destinations for each in destination.refused]
    if given_up:
        say()
        Table(("To", "By", "Given up", "About", "Why"), wrapped=("About", "Why")).show(
            [
                (
                    *(destination.person, destination.settings.kind),
                    *(f"{each.moment:%Y-%m-%d %H:%M}", _about(each), each.error),
                )
                for destination, each in given_up
            ]
        )


def _about(refused: GivenUp) -> str:
    more = refused.notices - 1
    return f"{refused.about} and {more} more" if more else refused.about


def _remote(notice: Notice) -> str:
    if not notice.remotebug:
        return notice.tracker or notice.title
    return remote_name(notice.tracker, notice.remotebug)


@click.command()
@click.option("--sender", metavar="EMAIL", help="Where mail comes from.")
@click.option(
    "--transport",
    metavar="URL",
    help="How mail goes out: smtp://HOST:PORT, smtps://HOST:PORT, sendmail:PATH, maildir:PATH.",
)
@click.option("--username", metavar="NAME", help="The name to log in with for that.")
@click.option("--password", metavar="REFERENCE", help="Where the password is.")
@click.option("--bug-url", metavar="URL", help="Where a bug of ours is, with {bug} for its number.")
@click.option(
    "--unsubscribe-url",
    metavar="URL",
    help="Where to unsubscribe, with {subscription} or {destination} for the number.",
)
@click.option("--desk-url", metavar="URL", help="Where the desk is.")
@click.option(
    "--link-secret",
    metavar="REFERENCE",
    help="Where the secret is that signs links, by which people unsubscribe at the desk.",
)
@click.option("--templates", metavar="FOLDER", help="Where the site's own texts are.")
@click.option(
    "--trouble-after",
    type=Whole(min=1),
    metavar="N",
    help="Tell of a bug tracker's trouble after so many failures in a row.",
)
@json_option
@database_options
@click.pass_obj
def delivery(settings: Settings, /, as_json: bool, **values: Any) -> None:
    """Show how messages go out, or change it; an empty value takes one back."""
    given = {name: value for name, value in values.items() if value is not None}
    with settings.open(read_only=not given) as database:
        if given:
            found = subscribing.change_delivery(database, given)
        else:
            found = subscribing.delivery_settings(database)
    if as_json:
        show_json(found)
        return
    Table(("Setting", "Value"), wrapped=("Value",)).show(
        [
            (field.name.replace("_", "-"), str(getattr(found, field.name)))
            for field in dataclasses.fields(found)
        ]
    )
