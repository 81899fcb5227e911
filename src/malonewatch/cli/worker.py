"""The command worker."""

from pathlib import Path
from typing import Any

import click

from malonewatch.application import working
from malonewatch.cli.logs import nothing_said
from malonewatch.cli.options import Settings, database_options
from malonewatch.interfaces import WorkerSettings
from malonewatch.parameters import Whole, log_options


@click.command(
    epilog="Exit codes: 0 it was told to end, and has handed over; 4 the database cannot be used "
    "in the beginning, or has not answered for a minute: start it again; otherwise as for "
    "'malonewatch'."
)
@click.option(
    "--jobs",
    type=Whole(min=1),
    metavar="N",
    default=WorkerSettings().jobs,
    show_default=True,
    help="Ask N hosts at the same time.",
)
@click.option(
    "--only",
    metavar="NAME-OR-NETWORK",
    multiple=True,
    help="Ask this bug tracker only: its name, a pattern of its name or host (*.example.com), or "
    "a network that it is in (10.0.0.0/8); may be given again for more.",
)
@click.option(
    "--except",
    "besides",
    metavar="NAME-OR-NETWORK",
    multiple=True,
    help="Leave this bug tracker to others; may be given again for more.",
)
@click.option(
    "--no-deliver", is_flag=True, help="Send no messages; others, or 'malonewatch deliver', do."
)
@click.option(
    "--health-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write there, as JSON, how the worker is: what it does, as of when; every ten seconds.",
)
@click.option(
    "--metrics-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write metrics for Prometheus there, every five minutes, for the textfile collector of "
    "node_exporter, which wants a name that ends in .prom.",
)
@log_options
@database_options
@click.pass_obj
def worker(
    settings: Settings, /, *, no_deliver: bool, quiet: bool, verbose: bool, **values: Any
) -> None:
    """Ask the bug trackers how the watched bugs are, as it becomes time to.

    It does what 'checkwatches' does, until SIGTERM or SIGINT.  Any number of
    them may be at work, on any machines that reach the database, and
    'checkwatches' besides: they share what is due.
    """
    wanted = WorkerSettings(
        delivers=not no_deliver, verbosity=-1 if quiet else int(verbose), **values
    )
    with nothing_said(), settings.open() as database:
        working.work(database, wanted)
