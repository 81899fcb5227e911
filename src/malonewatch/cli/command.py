"""The group of all commands, and init."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import click
from zope.component import getUtility

from malonewatch.cli.check import check
from malonewatch.cli.options import Settings, database_option
from malonewatch.cli.output import say
from malonewatch.cli.trackers import tracker
from malonewatch.cli.watches import list_watches, show, unwatch, watch
from malonewatch.interfaces import (
    BadInput,
    DatabaseError,
    IBugSet,
    IBugWatchSet,
    IPersonSet,
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    epilog="Exit codes: 0 all is well; 1 a bug tracker could not be asked; 2 what was given "
    "cannot be used, and nothing was changed; 4 the database cannot be used; 5 interrupted; "
    "70 a fault in malonewatch, with a traceback.",
)
@click.version_option(package_name="malonewatch")
@database_option
def command() -> None:
    """Watch bugs in other people's bug trackers.

    'checkwatches', run by cron, asks how the watched bugs are; this command
    says what is watched, and shows what came of it.
    """


@command.command()
@click.option("--sample", is_flag=True, help="Put sample data into it, to play with.")
@database_option
@click.pass_obj
def init(settings: Settings, sample: bool) -> None:
    """Make the database.

    One that is there already is left as it is.
    """
    try:
        with settings.open(read_only=True) as database:
            uri, has_data = database.uri, database.read(_has_data)
    except DatabaseError:
        # Not there; or it cannot be used, and then nor can it be made.
        has_data = None
    else:
        if not sample:
            say(f"There is a database already: {_place(uri)}")
            return
        if has_data:
            raise BadInput(
                f"There are data in the database already, and sample data are for a new one: "
                f"{_place(uri)}"
            )
    with settings.open(create=True) as database:
        if sample:
            from malonewatch.testing.sample import add_sample_data

            database.write(lambda trackers: add_sample_data())
        made = "Made a database" if has_data is None else "Filled the database"
        say(f"{made}{' with sample data' if sample else ''}: {_place(database.uri)}")


def _has_data(trackers: Any) -> bool:
    sets = (getUtility(interface) for interface in (IBugSet, IBugWatchSet, IPersonSet))
    return any(each.count() for each in (trackers, *sets))


def _place(uri: str) -> str:
    """Where the database is: its folder or file, else its URI without a password."""
    from malonewatch.http.urls import shown

    parts = urlsplit(uri)
    if parts.scheme == "file":
        return unquote(parts.path)
    folder = parse_qs(parts.query).get("data_dir")
    return folder[0] if parts.scheme == "sqlite" and folder else shown(uri)


for each in (watch, list_watches, show, check, unwatch, tracker):
    command.add_command(each)
