"""The command scan."""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from malonewatch.application import links, scanning
from malonewatch.application.database import cache_uri, open_database
from malonewatch.application.linkfacts import LinkFacts, LinkVerdict
from malonewatch.application.linking import ProposedTracker
from malonewatch.application.reports import FORMATS
from malonewatch.cli.options import Settings, confirmed, database_options, yes_option
from malonewatch.cli.output import OutputFailed, complain, say, show_json, write
from malonewatch.cli.progress import progress_bar
from malonewatch.cli.tables import Cell, Styled, Table
from malonewatch.cli.text import count_of
from malonewatch.exitcodes import EXIT_FAULT, EXIT_FOUND, EXIT_INTERRUPTED
from malonewatch.interfaces import Certainty, DatabaseError
from malonewatch.parameters import Minutes

#: How many bug trackers that are not accepted are shown.
_PROPOSALS = 20


class Verdicts(click.ParamType):  # type: ignore[type-arg]
    """Verdicts on links, with commas between them; ``any`` is all that can go."""

    name = "verdicts"

    def convert(
        self, value: str, parameter: click.Parameter | None, context: click.Context | None
    ) -> frozenset[LinkVerdict]:
        chosen: set[LinkVerdict] = set()
        for word in filter(None, (each.strip().casefold() for each in value.split(","))):
            if word == "any":
                chosen.update(verdict for verdict in LinkVerdict if verdict.can_go)
            elif word in _NAMES:
                chosen.add(LinkVerdict(word))
            else:
                self.fail(
                    f"{word!r} is none of any, {', '.join(_NAMES)}.",
                    parameter,
                    context,
                )
        return frozenset(chosen)


_HARD = (LinkVerdict.GONE, LinkVerdict.UNEXPECTED)
_NAMES = [verdict.value for verdict in LinkVerdict]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What stands on the command line."""

    paths: Sequence[str]
    project: str | None
    report: bool
    ask: bool
    format_name: str
    output: Path | None
    fail_on: frozenset[LinkVerdict]
    show_all: bool
    accept_known: bool
    accept: Sequence[str]
    configuration: str | None
    anew: bool
    time_limit: float

    @property
    def reports(self) -> bool:
        return self.report or self.ask or bool(self.fail_on)

    @property
    def talks(self) -> bool:
        """Whether standard output is for people."""
        return self.format_name == "table" or self.output is not None


@click.command(
    epilog="Exit codes: 6 there are links that --fail-on names; otherwise as for 'malonewatch'. "
    "With --check, a bug tracker that could not be asked is said and is no failure."
)
@click.argument("paths", metavar="[PATH...]", nargs=-1)
@click.option(
    "--project",
    metavar="NAME",
    help="Whose links they are.  [default: the name of the folder that the tree is in]",
)
@click.option("--report", is_flag=True, help="Say what can go.")
@click.option(
    "--check",
    "ask",
    is_flag=True,
    help="Scan, ask what is due, and report, all in one go, with a database of its own in your "
    "cache folder unless --database names one; implies --accept-known.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", *FORMATS]),
    default="table",
    show_default=True,
    help="How to write the report; without --report, json is for what the scan found.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report to this file.",
)
@click.option(
    "--fail-on",
    type=Verdicts(),
    metavar="VERDICTS",
    default="",
    help="Report, and exit with 6 if there are such links: fixed, closed, invalid, gone, "
    "unexpected (any is all of these), unknown, proposed; with commas between them.",
)
@click.option("--all", "show_all", is_flag=True, help="Report the links that stay too.")
@click.option(
    "--accept-known",
    is_flag=True,
    help="Register bug trackers on known hosts, and those that the tree's configuration names.",
)
@click.option(
    "--accept",
    metavar="URL",
    multiple=True,
    help="Register the bug tracker at this base URL that links lead to; may be given again.",
)
@click.option(
    "--config",
    "configuration",
    type=click.Path(),
    metavar="FILE",
    help="How short forms are read.  [default: .malonewatch.toml in the root of the tree]",
)
@click.option("--anew", is_flag=True, help="Read every file, not only what changed.")
@click.option(
    "--time-limit",
    type=Minutes(),
    metavar="MINUTES",
    default=10,
    show_default=True,
    help="With --check: end asking after so long.",
)
@click.option("--forget", is_flag=True, help="Forget the links of --project, and their watches.")
@yes_option
@database_options
@click.pass_obj
def scan(settings: Settings, /, forget: bool, yes: bool, **values: Any) -> int:
    """Find links to bugs in source trees, and say which workarounds can go.

    PATH is a folder of a source tree, or some folders and files of one.  Each
    place in it that names a bug is kept as a link, and the bug is watched if
    its bug tracker is registered.  Without PATH the links that were found
    before are reported.
    """
    options = Options(**values)
    if forget:
        return _forget(settings, options.project, yes)
    if not options.paths and (options.ask or not options.reports):
        raise click.UsageError("Give the folder of a source tree, or --report.")
    if options.output is not None and not options.reports:
        raise click.UsageError("--output is for a report; give --report too.")
    if options.output is not None and options.format_name == "table":
        raise click.UsageError("--output is for a report of another --format than table.")
    if not options.reports and options.format_name not in ("table", "json"):
        raise click.UsageError(f"--format {options.format_name} is for a report; give --report.")
    if options.ask and settings.uri is None and settings.site is not None:
        raise click.UsageError("--site is of a database; give --database too.")
    opening = settings.configure()
    # First of all: while git looks at a repository, the database is opened.
    tree = scanning.open_tree(options.paths, options.configuration) if options.paths else None
    with _database(settings.uri, tree, options.ask, opening) as database:
        code = 0
        projects = [] if options.project is None else [options.project]
        parts: Sequence[str] = ()
        if tree is not None:
            scanned = scanning.scan(
                database,
                tree,
                options.project,
                options.accept_known or options.ask,
                options.accept,
                options.anew,
            )
            projects, parts = [scanned.project], scanned.parts
            _say_scanned(scanned, options)
        if options.ask:
            code = _ask(database, options)
        if not options.reports:
            return code
        found = links.report(database, projects, parts)
    _write_report(found, options)
    if any(link.verdict in options.fail_on for link in found):
        return code or EXIT_FOUND
    return code


@contextlib.contextmanager
def _database(uri: str | None, tree: Any, ask: bool, opening: Mapping[str, Any]) -> Iterator[Any]:
    """The database that is meant: with --check one of the tree's own, unless one is named."""
    if ask and uri is None:
        own = cache_uri(scanning.name_of(tree), tree.root)
        with contextlib.ExitStack() as stack:
            try:
                database = stack.enter_context(open_database(own, create=True, **opening))
            except DatabaseError as error:
                raise DatabaseError(
                    f"{error} It is only a cache: remove it, or name another with --database."
                ) from error
            yield database
        return
    with open_database(uri, read_only=tree is None, **opening) as database:
        yield database


def _forget(settings: Settings, project: str | None, yes: bool) -> int:
    if project is None:
        raise click.UsageError("Say with --project whose links to forget.")
    if not confirmed(f"Forget the links of {project}, and their watches?", yes):
        say("Nothing was changed.")
        return EXIT_INTERRUPTED
    with settings.open() as database:
        count = scanning.forget(database, project)
    say(f"Forgot {project} and its {count_of(count, 'link')}.")
    return 0


def _say_scanned(scanned: scanning.Scanned, options: Options) -> None:
    for sentence in scanned.refused:
        complain(sentence, "Warning")
    if not options.talks:
        if not options.reports:
            show_json(scanned)
        return
    for tracker in scanned.registered:
        say(f"Registered {tracker.name}, of type {tracker.bugtrackertype}, at {tracker.baseurl}.")
    which = "" if scanned.is_anew else " that changed"
    ignored = f", {scanned.ignored} ignored" if scanned.ignored else ""
    say(
        f"{scanned.project}: {count_of(scanned.links, 'link')} ({scanned.added} new, "
        f"{scanned.moved} moved, {scanned.removed} gone{ignored}) after reading "
        f"{count_of(scanned.files, 'file')}{which} in {scanned.root}."
    )
    _say_proposed(scanned.proposed)


def _say_proposed(proposed: Sequence[ProposedTracker]) -> None:
    if not proposed:
        return
    which = count_of(len(proposed), "bug tracker")
    say(f"Links lead to {which} not accepted yet:")
    for tracker in proposed[:_PROPOSALS]:
        doubt = "" if tracker.certainty > Certainty.GUESS else "?"
        say(
            f"  {tracker.baseurl} ({tracker.bugtrackertype}{doubt}, "
            f"{count_of(tracker.links, 'link')})"
        )
    if len(proposed) > _PROPOSALS:
        say(f"  and {len(proposed) - _PROPOSALS} more")
    known = sum(tracker.is_known for tracker in proposed)
    if known:
        say(f"--accept-known takes those on known hosts, {known} of them.")
    if known < len(proposed):
        say("--accept URL takes another one.")


def _ask(database: Any, options: Options) -> int:
    """Ask for what is due; the exit code."""
    with progress_bar("Watches") as progress:
        updated = links.ask_due(database, options.time_limit * 60, progress)
    if options.talks and updated.checked:
        say(f"Asked for {count_of(updated.checked, 'bug')}.")
    for name, trouble in updated.troubled.items():
        complain(f"{name} could not be asked: {trouble}", "Warning")
    for name in updated.left:
        complain(f"{name} was not asked for all; the rest is due the next time.", "Warning")
    if updated.out_of_time:
        complain("Time is up; what was not asked for is due the next time.", "Warning")
    if updated.faults:
        return EXIT_FAULT
    return EXIT_INTERRUPTED if updated.interrupted else 0


def _write_report(found: Sequence[LinkFacts], options: Options) -> None:
    if options.format_name == "table":
        _show_report(found, options.show_all)
        return
    text = FORMATS[options.format_name](found)
    if options.output is None:
        write(text)
        return
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"{options.output} cannot be written: {error.strerror}.") from None
    say(f"Wrote {options.output}.")


def _show_report(found: Sequence[LinkFacts], show_all: bool) -> None:
    can_go = [link for link in found if link.verdict.can_go]
    all_links = count_of(len(found), "link")
    say(f"{len(can_go) or 'None'} of {all_links} can go.", bold=True)
    shown = found if show_all else can_go
    if shown:
        several = len({link.project for link in shown}) > 1
        table = Table(
            ["Verdict", "Place", "Bug", "Status", "Since", "Fixed in", "Words"],
            wrapped=("Words",),
            stacked=(
                (["Verdict"], ["Place", "Words"], ["Bug", "Status"], ["Since", "Fixed in"]),
                (["Verdict", "Since", "Fixed in"], ["Place", "Words", "Bug", "Status"]),
            ),
        )
        table.show([_row(link, several) for link in shown])
    unknown = Counter(link.trouble for link in found if link.verdict is LinkVerdict.UNKNOWN)
    for trouble, count in unknown.items():
        say(f"Not known for {count_of(count, 'link')}: {trouble}", color="yellow")
    proposed = sum(link.verdict is LinkVerdict.PROPOSED for link in found)
    if proposed:
        which = count_of(proposed, "link")
        say(f"Not asked for {which}: the bug tracker has not been accepted.", color="yellow")


_STYLES = {LinkVerdict.STAYS: "dim", LinkVerdict.UNKNOWN: "yellow", LinkVerdict.PROPOSED: "yellow"}


def _row(link: LinkFacts, with_project: bool) -> tuple[Cell, ...]:
    style = _STYLES.get(link.verdict, "red" if link.verdict in _HARD else "green")
    status = f"{link.remotestatus} ({link.meaning})" if link.meaning else ""
    gone = link.trouble.removesuffix(".")
    said = [gone if link.is_gone else status, link.wish.value if link.wish else ""]
    return (
        Styled(link.verdict.value, style),
        f"{f'{link.project}: ' if with_project else ''}{link.path}:{link.line}",
        (link.remote or link.url) + (f" -> {link.survivor}" if link.survivor else ""),
        "; ".join(filter(None, said)),
        f"{link.since:%Y-%m-%d}" if link.since is not None else "",
        link.fixed_in,
        link.text,
    )
