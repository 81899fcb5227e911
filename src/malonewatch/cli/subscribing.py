"""The commands about being told of something: subscribe, unsubscribe, subscriptions."""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import click

from malonewatch.application import subscribing
from malonewatch.application.references import shortened
from malonewatch.cli.options import Number, Settings, database_options, json_option
from malonewatch.cli.output import say, show_json
from malonewatch.cli.tables import Table
from malonewatch.interfaces import (
    SUBSCRIBABLE,
    DestinationSettings,
    Happening,
    SubscriptionFacts,
    Target,
    TargetKind,
    Timing,
)
from malonewatch.parameters import Whole

_HAPPENINGS = [each.value for each in SUBSCRIBABLE]


class Happenings(click.ParamType):  # type: ignore[type-arg]
    """Kinds of what happens, with commas between them."""

    name = "happenings"

    def convert(
        self, value: str, parameter: click.Parameter | None, context: click.Context | None
    ) -> frozenset[Happening]:
        words = [word.strip().casefold() for word in value.split(",")]
        for word in words:
            if word not in _HAPPENINGS:
                known = ", ".join(_HAPPENINGS)
                self.fail(f"{shortened(word, 40)!r} is none of {known}.", parameter, context)
        return frozenset(map(Happening, words))


class Quiet(click.ParamType):  # type: ignore[type-arg]
    """Quiet hours, such as 22:00-07:00; the value is minutes of the day."""

    name = "quiet"

    def convert(
        self, value: str, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[int, int]:
        time = "([01]?[0-9]|2[0-3]):([0-5][0-9])"
        parts = re.fullmatch(f"{time}-{time}", value, re.ASCII)
        if parts is None:
            self.fail(f"{shortened(value, 40)!r} is not like 22:00-07:00.", parameter, context)
        first, first_minute, end, end_minute = map(int, parts.groups())
        return first * 60 + first_minute, end * 60 + end_minute


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What stands on the command line of subscribe."""

    bugs: Sequence[int]
    trackers: Sequence[str]
    searches: Sequence[str]
    people: Sequence[str]
    is_all: bool
    email: str | None
    happenings: frozenset[Happening] | None
    mail: str | None
    webhook: str | None
    secret: str | None
    feed: str | None
    apprise: str | None
    timing: str
    hour: int
    timezone: str
    quiet: tuple[int, int] | None
    limit: int

    @property
    def targets(self) -> list[Target]:
        targets = [Target(TargetKind.BUG, str(number)) for number in self.bugs]
        targets += [Target(TargetKind.TRACKER, name) for name in self.trackers]
        targets += [Target(TargetKind.SEARCH, text) for text in self.searches]
        targets += [Target(TargetKind.PERSON, name) for name in self.people]
        if self.is_all:
            targets.append(Target(TargetKind.ALL))
        return targets

    @property
    def destination(self) -> tuple[str, str | None]:
        """The kind, and the address; None is the person's own."""
        places = {
            "mail": self.mail,
            "webhook": self.webhook,
            "feed": self.feed,
            "apprise": self.apprise,
        }
        chosen = [(kind, address) for kind, address in places.items() if address is not None]
        if len(chosen) > 1:
            raise click.UsageError("Say one place only: --mail, --webhook, --feed or --apprise.")
        if self.secret is not None and self.webhook is None:
            raise click.UsageError("--secret is what the messages of a --webhook are signed with.")
        return chosen[0] if chosen else ("mail", None)


@click.command()
@click.option("--bug", "bugs", type=Number(), metavar="ID", multiple=True, help="A bug of ours.")
@click.option("-t", "--tracker", "trackers", metavar="NAME", multiple=True, help="A bug tracker.")
@click.option(
    "--search",
    "searches",
    metavar="SEARCH",
    multiple=True,
    help="What a search finds, before or after the change, such as 'open tracker:gtk'.",
)
@click.option(
    "--person", "people", metavar="NAME", multiple=True, help="Whatever that person is told."
)
@click.option("--all", "is_all", is_flag=True, help="Everything.")
@click.option(
    "--for",
    "email",
    metavar="EMAIL",
    envvar="EMAIL",
    help="Who is told, by address.  [default: $EMAIL, else that of --mail]",
)
@click.option(
    "--events",
    "happenings",
    type=Happenings(),
    metavar="EVENTS",
    help=f"Of what, with commas: {', '.join(_HAPPENINGS)}.  [default: status, duplicate, moved, "
    "gone, private; trouble too for a bug tracker]",
)
@click.option("--mail", metavar="EMAIL", help="By mail; the default.")
@click.option("--webhook", metavar="URL", help="By a webhook, or a reference to its URL.")
@click.option("--secret", metavar="REFERENCE", help="Where the secret is that signs a webhook.")
@click.option("--feed", metavar="FILE", help="By an Atom feed, written to this file.")
@click.option(
    "--apprise", metavar="REFERENCE", help="By what Apprise reaches: where its URL is to be found."
)
@click.option(
    "--deliver",
    "timing",
    type=click.Choice([each.value.replace(" ", "-") for each in Timing]),
    default="at-once",
    show_default=True,
    help="Each by itself, or in a digest.",
)
@click.option(
    "--hour",
    type=Whole(0, 23),
    default=8,
    show_default=True,
    help="When daily and weekly digests go out.",
)
@click.option(
    "--timezone", metavar="NAME", default="UTC", show_default=True, help="Whose hours are meant."
)
@click.option("--quiet-hours", "quiet", type=Quiet(), metavar="TIMES", help="Such as 22:00-07:00.")
@click.option(
    "--limit",
    type=Whole(min=0),
    metavar="N",
    default=20,
    show_default=True,
    help="Tell what is beyond so many messages an hour in one; 0 tells all that waits in one.",
)
@json_option
@database_options
@click.pass_obj
def subscribe(settings: Settings, /, as_json: bool, **values: Any) -> None:
    """Be told what happens to bugs, bug trackers and what searches find.

    Messages go out after each run of 'checkwatches', and with 'malonewatch
    deliver'.  Subscribing again changes what is told, and how.
    """
    options = Options(**values)
    if not options.targets:
        raise click.UsageError("Say of what: --bug, --tracker, --search, --person or --all.")
    kind, address = options.destination
    email = options.email or (address if kind == "mail" else None)
    if email is None:
        raise click.UsageError("Say who is told, with --for EMAIL.")
    wanted = DestinationSettings(
        kind=kind,
        address=email if address is None else address,
        secret=options.secret,
        timing=Timing(options.timing.replace("-", " ")),
        hour=options.hour,
        timezone=options.timezone,
        quiet=options.quiet,
        limit=options.limit,
    )
    with settings.open() as database:
        found = subscribing.subscribe(database, email, wanted, options.targets, options.happenings)
    if as_json:
        show_json(found)
        return
    for each in found:
        say(
            f"Subscription {each.id}: {each.person} is told of {_target(each)} by {each.kind} to "
            f"{each.address}."
        )


@click.command()
@click.argument("numbers", metavar="NUMBER...", type=Number(), nargs=-1, required=True)
@database_options
@click.pass_obj
def unsubscribe(settings: Settings, numbers: Sequence[int]) -> None:
    """Be told no more of what subscriptions are to; by number."""
    with settings.open() as database:
        found = subscribing.unsubscribe(database, numbers)
    for each in found:
        say(f"{each.person} is told of {_target(each)} by {each.kind} no more.")


@click.command("subscriptions")
@click.option("--for", "email", metavar="EMAIL", help="Those of this person.")
@json_option
@database_options
@click.pass_obj
def list_subscriptions(settings: Settings, email: str | None, as_json: bool) -> None:
    """List who is told of what, and where."""
    with settings.open(read_only=True) as database:
        found = subscribing.list_subscriptions(database, email)
    if as_json:
        show_json(found)
        return
    Table(
        ("Number", "Person", "To", "Events", "By", "Address"), wrapped=("To", "Events", "Address")
    ).show(
        [
            (
                *(str(each.id), each.person, _target(each), _events(each.happenings)),
                *(each.kind, each.address),
            )
            for each in found
        ]
    )


def _target(subscription: SubscriptionFacts) -> str:
    return "everything" if subscription.target.kind is TargetKind.ALL else str(subscription.target)


def _events(happenings: frozenset[Happening]) -> str:
    return ", ".join(each.value for each in Happening if each in happenings)
