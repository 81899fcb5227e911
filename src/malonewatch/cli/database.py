"""The commands for the database itself: init, upgrade, prune, pack, copy."""

from collections.abc import Callable
from datetime import datetime

import click

from malonewatch.application import database as databases
from malonewatch.application.facts import now
from malonewatch.application.pruning import prune as prune_histories
from malonewatch.cli.options import Moment, Settings, database_options, dry_run_option
from malonewatch.cli.output import say
from malonewatch.cli.progress import progress_bar
from malonewatch.cli.text import at, count_of
from malonewatch.parameters import Whole


@click.command()
@click.option("--sample", is_flag=True, help="Put sample data into it, to play with.")
@database_options
@click.pass_obj
def init(settings: Settings, sample: bool) -> None:
    """Make the database.

    One that is there already is left as it is.
    """
    options = settings.configure()
    made = databases.make(settings.uri, _add_sample_data if sample else None, **options)
    if not (made.is_new or made.filled):
        say(f"There is a database already: {made.place}")
        return
    what = "Made a database" if made.is_new else "Filled the database"
    say(f"{what}{' with sample data' if made.filled else ''}: {made.place}")


def _add_sample_data() -> None:
    # Only now: it ships for tests.
    from malonewatch.testing.sample import add_sample_data

    add_sample_data()


@click.command()
@dry_run_option
@database_options
@click.pass_obj
def upgrade(settings: Settings, dry_run: bool) -> None:
    """Bring a database of an earlier malonewatch up to this one.

    Back it up first: an earlier malonewatch cannot read it after that.
    """
    options = settings.configure()
    with progress_bar() as progress:

        def report(step: str, done: int, total: int) -> None:
            if progress is not None:
                progress(done, total)

        done = databases.upgrade(settings.uri, dry_run, report, **options)
    if not done.steps:
        say(f"Nothing is to be done; the schema is {done.schema}, the latest: {done.place}")
        return
    for step in done.steps:
        say(f"{step.version}: {step.description}{' (quick)' if step.quick else ''}")
    last = done.steps[-1].version
    say(f"{'Would go' if dry_run else 'Went'} from schema {done.schema} to {last}: {done.place}")


@click.command()
@click.argument("before", metavar="BEFORE", type=Moment())
@database_options
@click.pass_obj
def prune(settings: Settings, before: Callable[[datetime], datetime]) -> None:
    """Forget what happened BEFORE then: entries of the histories of watches.

    BEFORE is a date (2024-01-31, in UTC) or how long ago that is, such as 104w.
    How each watch is, and since when, stays.  'malonewatch pack' then gives the
    room back.
    """
    with settings.open() as database, progress_bar() as progress:
        moment = before(now())
        pruned = prune_histories(database, moment, progress)
        when = at(moment, now())
    say(
        f"Forgot {count_of(pruned.entries, 'entry', 'entries')} from before {when} of the "
        f"{'history' if pruned.watches == 1 else 'histories'} of "
        f"{count_of(pruned.watches, 'watch', 'watches')}."
    )


@click.command()
@click.option(
    "--days",
    type=Whole(min=0, max=36500),
    default=0,
    metavar="N",
    help="Keep revisions that are younger than that.  [default: 0, none]",
)
@database_options
@click.pass_obj
def pack(settings: Settings, days: int) -> None:
    """Drop what the database needs no more.

    Old revisions too; the histories of watches stay.
    """
    place = databases.pack(settings.uri, days, **settings.configure())
    say(f"Packed: {place}")


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@database_options
@click.pass_obj
def copy(settings: Settings, source: str, target: str) -> None:
    """Copy a database to another storage, and compare both.

    SOURCE and TARGET are URIs; TARGET is made, or empty.  End what writes to SOURCE first.
    """
    settings.configure()
    count = databases.copy(source, target)
    say(f"Copied {count_of(count, 'object')}, and found them all the same.")
