"""The command moved."""

from collections.abc import Callable
from datetime import datetime

import click

from malonewatch.application.facts import now
from malonewatch.application.moved import MovedBug, find_moved
from malonewatch.cli.options import Moment, Settings, database_options, json_option
from malonewatch.cli.output import say, show_json
from malonewatch.cli.showing import status_style
from malonewatch.cli.text import ago, count_of
from malonewatch.exitcodes import EXIT_FOUND


@click.command()
@click.option(
    "--since",
    type=Moment(),
    metavar="WHEN",
    default="1d",
    show_default=True,
    help="A date (2024-01-31, in UTC) or how long ago (30m, 12h, 2d, 1w).",
)
@click.option("--fail-if-any", is_flag=True, help="Exit with 6 if there are any, for scripts.")
@json_option
@database_options
@click.pass_obj
def moved(
    settings: Settings,
    since: Callable[[datetime], datetime],
    fail_if_any: bool,
    as_json: bool,
) -> int:
    """Show what moved: whose status became another one, by bug of ours.

    That a remote bug is seen for the first time is no change.
    """
    with settings.open(read_only=True) as database:
        moment = now()
        bugs = find_moved(database, since(moment))
    if as_json:
        show_json(bugs)
    else:
        _say_moved(bugs, since(moment), moment)
    return EXIT_FOUND if bugs and fail_if_any else 0


def _say_moved(bugs: list[MovedBug], since: datetime, moment: datetime) -> None:
    for bug in bugs:
        say(f"Bug {bug.bug}{': ' if bug.title else ''}{bug.title}", bold=True)
        for watch in bug.watches:
            title = f" ({watch.remote_title})" if watch.remote_title else ""
            fixed_in = f", in {watch.fixed_in}" if watch.fixed_in else ""
            # The history may not go back so far.
            before = f"{watch.meaning_before} -> " if watch.meaning_before else ""
            say(
                f"  {watch.remote}{title}: {before}{watch.meaning}{fixed_in}, "
                f"{ago(watch.lastchanged, moment)}",
                color=status_style(watch.status),
            )
    count = sum(len(bug.watches) for bug in bugs)
    when = since.strftime("%Y-%m-%d %H:%M UTC")
    if count:
        say(f"{count_of(count, 'watch', 'watches')} of {count_of(len(bugs), 'bug')} since {when}.")
    else:
        say(f"Nothing moved since {when}.")
