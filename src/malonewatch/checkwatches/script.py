"""The cron script ``checkwatches``."""

import contextlib
import functools
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import transaction
from zope.component import getUtility

from malonewatch.checkwatches.lock import Locked, lock_path, run_lock
from malonewatch.checkwatches.logs import set_up
from malonewatch.configuration import configure
from malonewatch.exitcodes import (
    EXIT_DATABASE,
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_LOCKED,
    EXIT_TROUBLE,
    EXIT_USAGE,
)
from malonewatch.interfaces import (
    BadInput,
    BugTrackerState,
    DatabaseError,
    IClock,
    IDatabaseOpener,
)

if TYPE_CHECKING:
    from malonewatch.checkwatches.updater import Report

log = logging.getLogger("malonewatch.checkwatches")

#: From how many watches on a progress bar is worth its place.
LONG_RUN = 200


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    epilog="Exit codes: 0 all was asked; 1 some bug tracker could not be asked; 2 the command "
    "line is wrong; 3 another run is at work; 4 the database cannot be used; 5 interrupted, "
    "with what was fetched saved; 70 a fault in malonewatch, with a traceback in the log.",
)
@click.option(
    "-t",
    "--bug-tracker",
    "names",
    metavar="NAME",
    multiple=True,
    help="Update this bug tracker only; may be given again for more.",
)
@click.option(
    "-b",
    "--batch-size",
    type=click.IntRange(min=0),
    metavar="N",
    help="Update at most N watches of each bug tracker; 0 for all that are due.",
)
@click.option(
    "--reset",
    is_flag=True,
    help="Make all watches due first, forget all back-off, and update them all.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Ask N bug trackers at the same time.  [default: 100]",
)
@click.option("--dry-run", is_flag=True, help="Ask, say what would change, and write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to say it on standard error.",
)
@click.option(
    "--database",
    "uri",
    metavar="URI",
    help="The database.  [default: $MALONEWATCH_DATABASE, else your own]",
)
@click.option(
    "--lock-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The lock file.  [default: one for each database, in your state directory]",
)
def command(
    names: Sequence[str],
    batch_size: int | None,
    reset: bool,
    jobs: int | None,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
    log_format: str,
    uri: str | None,
    lock_file: Path | None,
) -> int:
    """Ask the bug trackers how the watched bugs are.

    Made to be run by cron, every ten minutes, say: only what is due is asked for.
    """
    if dry_run and reset:
        raise click.UsageError("--dry-run writes nothing, and --reset would have to.")
    set_up(log_format, -1 if quiet else int(verbose))
    started = time.monotonic()
    configure()
    # The thread's own transactions, so that what an application's subscribers
    # join is the transaction that makes the change.
    database = getUtility(IDatabaseOpener)(
        uri, read_only=dry_run, transaction_manager=transaction.manager
    )
    with contextlib.closing(database), contextlib.ExitStack() as stack:
        if not dry_run:
            path = lock_file or lock_path(database.uri)
            log.info("creating lockfile")
            try:
                stack.enter_context(run_lock(path))
            except OSError as error:
                raise DatabaseError(
                    f"The lock file {path} cannot be made ({error.strerror}); "
                    "name another with --lock-file."
                ) from None
        report = _run(database, names, batch_size, reset, jobs, dry_run, quiet)
    log.info("Time for this run: %.3f seconds.", time.monotonic() - started)
    if report is None:
        return 0
    if report.faults:
        return EXIT_FAULT
    if report.interrupted:
        log.warning("Interrupted; what was fetched is saved, the rest is still due.")
        return EXIT_INTERRUPTED
    return EXIT_TROUBLE if report.troubled else 0


def _run(
    database: Any,
    names: Sequence[str],
    batch_size: int | None,
    reset: bool,
    jobs: int | None,
    dry_run: bool,
    quiet: bool,
) -> "Report | None":
    """Update what is due; None if nothing is."""
    now = getUtility(IClock).now()
    states, clock_went_back = database.read(
        lambda trackers: (_states(trackers, names, now), trackers.clockWentBack(now))
    )
    if clock_went_back and not dry_run:
        log.warning("The clock went back; watches checked in what is now the future are due.")
        every = database.read(lambda trackers: [tracker.name for tracker in trackers])
        _change_each(database, every, lambda tracker: tracker.setClockBack(now))
        database.write(lambda trackers: trackers.setClockBack(now))
    if reset and not dry_run:
        wanted = [state.name for state in states if state.active]
        _change_each(database, wanted, lambda tracker: tracker.resetWatches(now))
        batch_size = 0 if batch_size is None else batch_size
    if (clock_went_back or reset) and not dry_run:
        states = database.read(lambda trackers: _states(trackers, names, now))
    due = [state.name for state in states if _is_to_be_asked(state)]
    if not due:
        return None
    # Only now: a run that finds nothing to do does without.
    from malonewatch.checkwatches.updater import JOBS, Run

    with _progress(database, due, now, quiet) as progress:
        run = Run(
            database,
            batch_size=batch_size,
            jobs=jobs or JOBS,
            dry_run=dry_run,
            progress=progress,
        )
        report = run.update(due)
    applied = report.applied
    log.debug(
        "%d watches taken on: %d checked, %d changed, %d failed; %d bug trackers in trouble",
        *(report.watches, applied.checked, report.changed, applied.failed, len(report.troubled)),
    )
    return report


def _states(trackers: Any, names: Sequence[str], now: datetime) -> list[BugTrackerState]:
    unknown = [name for name in names if name not in trackers]
    if unknown:
        raise BadInput(
            f"There is no bug tracker named {unknown[0]!r}; 'malonewatch tracker list' shows them."
        )
    return [
        state for state in trackers.getBugTrackerStates(now) if not names or state.name in names
    ]


def _change_each(database: Any, names: Sequence[str], change: Callable[[Any], Any]) -> None:
    """Change each of those bug trackers, in a transaction of its own."""

    def step(trackers: Any, name: str) -> None:
        # It may have been removed meanwhile.
        if name in trackers:
            change(trackers[name])

    for name in names:
        database.write(functools.partial(step, name=name))


def _is_to_be_asked(state: BugTrackerState) -> bool:
    """Whether to ask a bug tracker; says so if not."""
    if not state.active:
        log.info("Skipping updating %s watches.", state.title)
    elif not state.due:
        log.info("No watches to update on %s", state.baseurl)
    elif state.next_attempt is not None:
        log.info(
            "Leaving %s alone until %s",
            state.baseurl,
            state.next_attempt.strftime("%Y-%m-%d %H:%M:%S UTC"),
        )
    else:
        return True
    return False


@contextlib.contextmanager
def _progress(
    database: Any, names: Sequence[str], now: datetime, quiet: bool
) -> Iterator[Callable[[int, int], None] | None]:
    """What to call as the run gets on: a progress bar on a terminal, for a long run."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    due = database.read(lambda trackers: sum(trackers[name].countDue(now) for name in names))
    if due < LONG_RUN:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Watches", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def main(args: Sequence[str] | None = None) -> int:
    """Run the script; the exit code."""
    try:
        return command.main(args, prog_name="checkwatches", standalone_mode=False) or 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except Locked as error:
        log.warning("%s", error)
        return EXIT_LOCKED
    except BadInput as error:
        log.error("%s", error)
        return EXIT_USAGE
    except DatabaseError as error:
        log.error("%s", error)
        return EXIT_DATABASE
    except (KeyboardInterrupt, click.Abort):
        log.warning("Interrupted.")
        return EXIT_INTERRUPTED
    except Exception:
        log.exception("Unexpected failure")
        return EXIT_FAULT
