"""The command audit."""

from collections.abc import Callable
from datetime import datetime

import click

from malonewatch.application import audit
from malonewatch.application.facts import now
from malonewatch.cli.options import Moment, Number, Settings, database_options, json_option
from malonewatch.cli.output import say, show_json_pages
from malonewatch.cli.tables import Table

#: How many entries are shown unless more are asked for.
_USUAL = 50


@click.command("audit")
@click.option(
    "--since",
    type=Moment(),
    metavar="TIME",
    help="What was done since then: a date, a time, or how long ago, such as 2d.",
)
@click.option(
    "--limit",
    type=Number(),
    metavar="N",
    help=f"The last N.  [default: {_USUAL}; with --since: all]",
)
@json_option
@database_options
@click.pass_obj
def audit_command(
    settings: Settings,
    since: Callable[[datetime], datetime] | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show who did what, the latest first.

    It goes back a year and a month at most.
    """
    moment = None if since is None else since(now())
    if limit is None and since is None:
        limit = _USUAL
    with settings.open(read_only=True) as database:
        pages = audit.list_entries(database, moment, limit)
        if as_json:
            show_json_pages(pages)
            return
        table = Table(
            ("When", "Who", "From", "Did", "To what", "Details"), wrapped=("To what", "Details")
        )
        empty = True
        for page in pages:
            table.show(
                [
                    (
                        *(f"{each.moment:%Y-%m-%d %H:%M:%S}", each.actor or "-", each.face),
                        *(each.action, each.target, each.detail),
                    )
                    for each in page
                ]
            )
            empty = False
    if empty:
        say("Nothing was done.")
