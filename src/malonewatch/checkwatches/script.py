"""The cron script ``checkwatches``."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from malonewatch import streams
from malonewatch.checkwatches.exposing import metrics_type
from malonewatch.checkwatches.limits import JOBS, TIME_LIMIT, TooFewFiles, affordable
from malonewatch.checkwatches.logs import said, set_up
from malonewatch.checkwatches.sites import SEVERITY, Options, find_tasks, update_site
from malonewatch.configuration import configure
from malonewatch.exitcodes import (
    EXIT_DATABASE,
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_LOCKED,
    EXIT_TROUBLE,
    EXIT_USAGE,
)
from malonewatch.garbage import left_at_exit, seldom_collected
from malonewatch.interfaces import BadInput, DatabaseError
from malonewatch.lock import Locked
from malonewatch.parameters import Minutes, Whole, log_options

if TYPE_CHECKING:
    from malonewatch.checkwatches.metrics import Metrics

log = logging.getLogger("malonewatch.checkwatches")


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    epilog="Exit codes: 0 all was asked; 1 some bug tracker could not be asked, is not to be "
    "believed, or what it said could not be saved, or a message could not be delivered, or metrics "
    "could not be written; 2 the command "
    "line is wrong; 3 another run is at work; 4 the database, or this machine, cannot be used; "
    "5 interrupted, with what was fetched saved; 70 a fault in malonewatch, with a traceback in "
    "the log.",
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
    type=Whole(min=0),
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
    type=Whole(min=1),
    metavar="N",
    default=JOBS,
    show_default=True,
    help="Ask N hosts at the same time.",
)
@click.option(
    "--time-limit",
    type=Minutes(),
    metavar="MINUTES",
    default=TIME_LIMIT,
    show_default=True,
    help="End after so long; what is still due is for the next run.",
)
@click.option("--dry-run", is_flag=True, help="Ask, say what would change, and write nothing.")
@click.option("--no-deliver", is_flag=True, help="Send no messages; 'malonewatch deliver' does.")
@log_options
@click.option(
    "--database",
    "uri",
    metavar="URI",
    help="The database.  [default: $MALONEWATCH_DATABASE, else your own]",
)
@click.option(
    "--site",
    "sites",
    metavar="PATH",
    multiple=True,
    help="The site in the database, such as /app/tracker; may be given again for more.  "
    "[default: all that malonewatch is installed in]",
)
@click.option(
    "--configure",
    "configuration",
    metavar="NAME",
    multiple=True,
    help="Load this first, the package or the ZCML file of an application, so that its "
    "subscribers are told what changes; may be given again for more.",
)
@click.option(
    "--lock-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The lock file.  [default: one for each database, in your state directory]",
)
@click.option(
    "--metrics-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write metrics for Prometheus there in the end, for the textfile collector of "
    "node_exporter, which wants a name that ends in .prom.",
)
@click.version_option(package_name="malonewatch", message="%(prog)s %(version)s")
def command(**values: Any) -> int:
    """Ask the bug trackers how the watched bugs are.

    Made to be run by cron, every ten minutes, say: only what is due is asked for.
    """
    options = Options(**values)
    if options.dry_run and options.reset:
        raise click.UsageError("--dry-run writes nothing, and --reset would have to.")
    set_up(options.log_format, -1 if options.quiet else int(options.verbose))
    with seldom_collected():
        return _code_of(lambda: _run(options))


def _code_of(run: Callable[[], int]) -> int:
    """The exit code of a run; says what ended it."""
    try:
        return run()
    except Locked as error:
        log.warning("%s", error)
        return EXIT_LOCKED
    except BadInput as error:
        log.error("%s", error)
        return EXIT_USAGE
    except (DatabaseError, TooFewFiles) as error:
        log.error("%s", error)
        return EXIT_DATABASE
    except Exception:
        log.exception("Unexpected failure")
        return EXIT_FAULT


def _run(options: Options) -> int:
    started = time.monotonic()
    options = dataclasses.replace(options, jobs=affordable(options.jobs))
    configure(options.configuration)
    metrics = _metrics(options)
    if metrics is None:
        return _update(options, started, None)
    code = _code_of(lambda: _update(options, started, metrics))
    return metrics.write(code, time.monotonic() - started)


def _metrics(options: Options) -> "Metrics | None":
    """What is to be written to the metrics file, if there is one.

    :raises BadInput: nothing can write it.
    """
    if options.metrics_file is None:
        return None
    make = metrics_type()
    if options.dry_run:
        log.info("A dry run writes no metrics.", extra=said("no metrics"))
        return None
    return make(options.metrics_file)


def _update(options: Options, started: float, metrics: "Metrics | None") -> int:
    code = _update_sites(options, started, metrics)
    seconds = time.monotonic() - started
    log.info("Time for this run: %.3f seconds.", seconds, extra=said("end", seconds=seconds))
    if code == EXIT_INTERRUPTED:
        log.warning("Interrupted; what was fetched is saved, the rest is still due.")
    return code


def _update_sites(options: Options, started: float, metrics: "Metrics | None") -> int:
    code = 0
    tasks = find_tasks(options)
    for task in tasks:
        left = max(options.time_limit * 60 - (time.monotonic() - started), 0.0)
        try:
            code = max(code, update_site(options, task, left, metrics), key=SEVERITY.index)
        except Locked as error:
            if len(tasks) == 1:
                raise
            log.warning("%s: %s", task.site, error)
            code = max(code, EXIT_LOCKED, key=SEVERITY.index)
        if code == EXIT_INTERRUPTED:
            break
    return code


def main(args: Sequence[str] | None = None) -> int:
    """Run the script; the exit code."""
    streams.ensure()
    left_at_exit()
    code = _main(args)
    # So that the end of the process does not fail.
    streams.settle()
    return code


def _main(args: Sequence[str] | None) -> int:
    try:
        return command.main(args, prog_name="checkwatches", standalone_mode=False) or 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        log.warning("Interrupted.")
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return EXIT_USAGE
    except OSError as error:
        # Help and the version are all that is written there.
        log.error("Standard output cannot be written (%s).", error.strerror)
        return EXIT_TROUBLE
