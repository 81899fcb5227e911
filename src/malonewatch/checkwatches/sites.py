"""Updating what is due in the sites of a database, one after the other."""

import contextlib
import dataclasses
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import transaction
from zope.component import getUtility

from malonewatch.checkwatches.delivering import deliver_due
from malonewatch.checkwatches.due import due, known, refuse_unknown, warn_if_untold
from malonewatch.checkwatches.logs import said
from malonewatch.exitcodes import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_LOCKED, EXIT_TROUBLE
from malonewatch.guard import Guard
from malonewatch.identity import new_id
from malonewatch.interfaces import DatabaseError, IClock, IDatabaseOpener
from malonewatch.lock import lock_path, run_lock

if TYPE_CHECKING:
    from malonewatch.checkwatches.metrics import Metrics
    from malonewatch.checkwatches.report import Report

log = logging.getLogger("malonewatch.checkwatches")

#: Exit codes; of several sites, and of what is done in one, the last one of these counts.
SEVERITY = (0, EXIT_TROUBLE, EXIT_LOCKED, EXIT_INTERRUPTED, EXIT_FAULT)

#: From how many watches on a progress bar is worth its place.
LONG_RUN = 200


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What stands on the command line of the script."""

    names: Sequence[str]
    batch_size: int | None
    reset: bool
    jobs: int
    time_limit: float
    dry_run: bool
    no_deliver: bool
    quiet: bool
    verbose: bool
    log_format: str
    uri: str | None
    sites: Sequence[str]
    configuration: Sequence[str]
    lock_file: Path | None
    metrics_file: Path | None


class Task(NamedTuple):
    """A site to update: its path, None for the only one; and which bug trackers, if not all."""

    site: str | None
    names: Sequence[str]


def find_tasks(options: Options) -> list[Task]:
    """What is to be done, site by site.

    :raises BadInput: there is no bug tracker of some name in any of several sites.
    :raises DatabaseError: the database cannot be read.
    """
    sites = options.sites or getUtility(IDatabaseOpener).sites(options.uri)
    if len(sites) < 2 or not options.names:
        # Where there is none, opening it says what there is instead.
        return [Task(site, options.names) for site in sites or [None]]
    tasks = []
    for site in sites:
        with _opened(options, site, read_only=True) as database:
            there = database.read(lambda trackers: known(trackers, options.names))
        if there:
            tasks.append(Task(site, there))
    refuse_unknown(options.names, {name for task in tasks for name in task.names})
    return tasks


def update_site(
    options: Options, task: Task, seconds: float, metrics: "Metrics | None" = None
) -> int:
    """Update what is due in a site, and deliver what people are to be told, in so many seconds;
    the exit code.

    However that ends, the `metrics` read how the site is doing then.

    :raises Locked: another run is at work there.
    :raises BadInput: there is no bug tracker of some name.
    :raises DatabaseError: the database cannot be used.
    """
    with (
        Guard(seconds) as guard,
        _opened(options, task.site, options.dry_run) as database,
        contextlib.ExitStack() as stack,
    ):
        guard.place = database.place
        run_id = new_id()
        ended: list[str] = []
        if not options.dry_run:
            path = options.lock_file or lock_path(database.identity)
            ended = stack.enter_context(_locked(path, run_id))
        if metrics is not None:
            stack.callback(metrics.read, database, task.site)
        end = time.monotonic() + seconds
        code = _update(options, task, database, seconds, run_id, ended, guard)
        if code == EXIT_INTERRUPTED or options.dry_run or options.no_deliver:
            return code
        delivered = deliver_due(database, end - time.monotonic(), guard)
    return max(code, delivered, key=SEVERITY.index)


def _update(
    options: Options,
    task: Task,
    database: Any,
    seconds: float,
    run_id: str,
    ended: list[str],
    guard: Guard,
) -> int:
    """Ask for what is due; the exit code."""
    now = getUtility(IClock).now()
    names = due(database, task.names, now, reset=options.reset, dry_run=options.dry_run)
    if not names:
        return 0
    if not (options.dry_run or options.configuration):
        warn_if_untold(database)
    # Only now: a run that finds nothing to do does without.
    from malonewatch.checkwatches.run import Run

    with _progress(options, database, names) as progress:
        run = Run(
            database,
            batch_size=_batch_size(options),
            jobs=options.jobs,
            time_limit=seconds,
            insist=options.reset,
            dry_run=options.dry_run,
            progress=progress,
            run_id=run_id,
            ended=ended,
            guard=guard,
        )
        report = run.update(names)
    _tell(options, report)
    return _code(options, report)


def _batch_size(options: Options) -> int | None:
    return 0 if options.reset and options.batch_size is None else options.batch_size


def _opened(
    options: Options, site: str | None, read_only: bool
) -> "contextlib.AbstractContextManager[Any]":
    # The thread's own transactions, so that what an application's subscribers
    # join is the transaction that makes the change.
    return contextlib.closing(
        getUtility(IDatabaseOpener)(
            options.uri,
            read_only=read_only,
            transaction_manager=transaction.manager,
            site=site,
        )
    )


@contextlib.contextmanager
def _locked(path: Path, run_id: str) -> Iterator[list[str]]:
    log.info("creating lockfile", extra=said("lock"))
    with contextlib.ExitStack() as stack:
        try:
            ended = stack.enter_context(run_lock(path, run_id))
        except OSError as error:
            raise DatabaseError(
                f"The lock file {path} cannot be made ({error.strerror}); "
                "name another with --lock-file."
            ) from None
        yield ended


@contextlib.contextmanager
def _progress(
    options: Options, database: Any, names: Sequence[str]
) -> Iterator[Callable[[int, int], None] | None]:
    """What to call as the run gets on: a progress bar on a terminal, for a long run."""
    if options.quiet or not sys.stderr.isatty():
        yield None
        return
    now = getUtility(IClock).now()
    watches = database.read(lambda trackers: sum(trackers[name].countDue(now) for name in names))
    if watches < LONG_RUN:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Watches", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(options: Options, report: "Report") -> None:
    """Say what concerns the run as a whole."""
    report.tell_claimed(logging.WARNING if options.names else logging.INFO)
    report.tell_refused()
    if report.out_of_time:
        log.warning(
            "Time is up after %g minutes; what was fetched is saved, the rest is still due.",
            options.time_limit,
            extra=said("out of time"),
        )
    applied = report.applied
    log.debug(
        "%d watches taken on: %d checked, %d changed, %d failed; %d bug trackers in trouble",
        *(report.watches, applied.checked, report.changed, applied.failed, len(report.troubled)),
        extra=said("sum"),
    )


def _code(options: Options, report: "Report") -> int:
    if report.faults:
        return EXIT_FAULT
    if report.interrupted:
        return EXIT_INTERRUPTED
    if options.names and report.claimed:
        return EXIT_LOCKED
    return EXIT_TROUBLE if report.troubled or report.postponed or report.refused else 0
