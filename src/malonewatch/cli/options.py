"""What the commands have in common: the database, and kinds of argument."""

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import click
from zope.component import getUtility

from malonewatch.configuration import configure
from malonewatch.interfaces import IClock, IDatabaseOpener

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclasses.dataclass
class Settings:
    """What holds for the whole command line."""

    uri: str | None = None

    @contextlib.contextmanager
    def open(self, create: bool = False, read_only: bool = False) -> Iterator[Any]:
        """The `IDatabase`, closed in the end.

        :raises DatabaseError: it cannot be opened.
        """
        configure()
        database = getUtility(IDatabaseOpener)(self.uri, create=create, read_only=read_only)
        with contextlib.closing(database):
            yield database


def now() -> datetime:
    """What time it is."""
    return getUtility(IClock).now()


def database_option(command: Command) -> Command:
    """The option ``--database``, for the group and after each subcommand."""
    return click.option(
        "--database",
        metavar="URI",
        expose_value=False,
        callback=_remember,
        help="The database.  [default: $MALONEWATCH_DATABASE, else your own]",
    )(command)


def _remember(context: click.Context, parameter: click.Parameter, uri: str | None) -> None:
    settings = context.ensure_object(Settings)
    if uri is not None:
        if not uri.strip():
            raise click.BadParameter("it is empty.", context, parameter)
        settings.uri = uri


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


class Number(click.ParamType):
    """A whole number from 1 on, of 18 digits at most."""

    name = "number"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        if re.fullmatch(r"0*[1-9][0-9]{0,17}", value) is None:
            self.fail(f"{value!r} is not such a number.", parameter, context)
        return int(value)


_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType):
    """A date, a time, or how long ago that was; the value is a function of now."""

    name = "moment"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Callable[[datetime], datetime]:
        if callable(value):
            return value
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
                f"{value!r} is neither a date such as 2024-01-31 or 2024-01-31T12:00, nor how long "
                "ago that is, such as 30m, 12h, 2d or 1w.",
                parameter,
                context,
            )
        return lambda now: moment


_EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
