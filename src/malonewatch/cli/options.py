"""What the commands have in common: the database, and kinds of argument."""

import contextlib
import dataclasses
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from malonewatch.application.database import open_database
from malonewatch.application.references import MOST_DIGITS, is_id, shortened
from malonewatch.configuration import configure
from malonewatch.parameters import Command


@dataclasses.dataclass
class Settings:
    """What holds for the whole command line.

    `site` is the path of the site that is meant, `extra` names packages and
    ZCML files of the application's that are loaded too.
    """

    uri: str | None = None
    site: str | None = None
    extra: list[str] = dataclasses.field(default_factory=list)

    def configure(self) -> dict[str, Any]:
        """Register everything; the options that open the database.

        :raises BadInput: a package or ZCML file cannot be loaded.
        """
        configure(self.extra)
        return {} if self.site is None else {"site": self.site}

    @contextlib.contextmanager
    def open(self, read_only: bool = False) -> Iterator[Any]:
        """The `IDatabase`, closed in the end.

        :raises BadInput: as for `configure`.
        :raises DatabaseError: it cannot be opened.
        """
        options = self.configure()
        with open_database(self.uri, read_only=read_only, **options) as database:
            yield database


def database_options(command: Command) -> Command:
    """The options that say which database and site, for the group and after each subcommand."""
    for option in (
        click.option(
            "--configure",
            "extra",
            metavar="PACKAGE-OR-ZCML",
            multiple=True,
            expose_value=False,
            callback=_remember,
            help="Load the ZCML of your application too; may be given again for more.",
        ),
        click.option(
            "--site",
            metavar="PATH",
            expose_value=False,
            callback=_remember,
            help="The site in the database, such as /app.  [default: the only one]",
        ),
        click.option(
            "--database",
            "uri",
            metavar="URI",
            expose_value=False,
            callback=_remember,
            help="The database.  [default: $MALONEWATCH_DATABASE, else your own]",
        ),
    ):
        command = option(command)
    return command


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what was said last; of what may be said again, all."""
    settings = context.ensure_object(Settings)
    if isinstance(value, tuple):
        settings.extra += value
    elif value is not None:
        if not value.strip():
            raise click.BadParameter("it is empty.", context, parameter)
        setattr(settings, parameter.name or "", value)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done only.")


def confirmed(question: str, yes: bool) -> bool:
    """Whether to go on: a person at a terminal is asked, unless `yes` was said before."""
    on_terminal = sys.stdin is not None and sys.stdin.isatty()
    return yes or not on_terminal or click.confirm(question)


# Generic only in the latest releases of click.
class Number(click.ParamType):  # type: ignore[type-arg]
    """A whole number from 1 on."""

    name = "number"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> int:
        digits = value.lstrip("0")
        if not is_id(digits):
            self.fail(
                f"{shortened(value, 40)!r} is not a whole number from 1 on, of at most "
                f"{MOST_DIGITS} digits.",
                parameter,
                context,
            )
        return int(digits)


of_bug = click.option(
    "--bug", "bug_id", type=Number(), metavar="ID", help="If WATCH is a URL: for this bug."
)


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """So many seconds, 0 or more."""

    name = "seconds"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> float:
        if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value, re.ASCII) is None:
            self.fail(f"{shortened(value, 40)!r} is no number of seconds.", parameter, context)
        return float(value)


# Generic only in the latest releases of click.
class Span(click.ParamType):  # type: ignore[type-arg]
    """A length of time, such as 30m, 12h, 3d or 2w; the value is in seconds."""

    name = "span"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> float:
        found = re.fullmatch(r"([0-9]{1,6})([mhdw])", value, re.ASCII)
        if found is None:
            self.fail(
                f"{shortened(value, 40)!r} is no length of time, such as 30m, 12h, 2d or 1w.",
                parameter,
                context,
            )
        return timedelta(**{_UNITS[found[2]]: int(found[1])}).total_seconds()


_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Moment(click.ParamType):  # type: ignore[type-arg]
    """A date, a time, or how long ago that was; the value is a function of now."""

    name = "moment"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Callable[[datetime], datetime]:
        back = re.fullmatch(r"([0-9]{1,9})([mhdw])", value)
        try:
            if back is not None:
                length = timedelta(**{_UNITS[back[2]]: int(back[1])})
                return lambda now: now - length if length < now - _EARLIEST else _EARLIEST
            moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            moment = moment.astimezone(timezone.utc)
        except (ValueError, OverflowError):
            self.fail(
                f"{shortened(value, 40)!r} is neither a date such as 2024-01-31 or "
                "2024-01-31T12:00, nor how long ago that is, such as 30m, 12h, 2d or 1w.",
                parameter,
                context,
            )
        return lambda now: moment


def attributes_of_tracker(command: Command) -> Command:
    """The options for what can be said of a bug tracker."""
    options: Sequence[Callable[[Command], Command]] = (
        click.option("--contact", metavar="TEXT", help="How to reach the people who run it."),
        click.option("--summary", metavar="TEXT", help="What it is for."),
        click.option("--title", metavar="TEXT", help="Its title, for people."),
        click.option("--name", "new_name", metavar="NAME", help="Its name, in commands and URLs."),
        type_option,
    )
    for option in options:
        command = option(command)
    return command


type_option = click.option(
    "--type", "type_name", metavar="TYPE", help="Its type, such as BUGZILLA."
)
