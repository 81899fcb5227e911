"""How watches, and the history of anything, are shown."""

from collections.abc import Sequence

from malonewatch.application.facts import WatchFacts, now
from malonewatch.application.linkfacts import LinkFacts
from malonewatch.cli.output import say
from malonewatch.cli.tables import Cell, Styled, Table, show_facts
from malonewatch.cli.text import ago
from malonewatch.interfaces import BugTaskStatus, BugWatchActivity
from malonewatch.wording import exact, what_happened

# What a status is shown in.
CLOSED, OPEN, FAILED = "green", "yellow", "red"


def status_style(status: BugTaskStatus) -> str:
    """How to show what a status means."""
    if status is BugTaskStatus.UNKNOWN:
        return "dim"
    return CLOSED if status.is_closed else OPEN


class WatchTable:
    """A table of watches, a page at a time; with what their status was before if `before`."""

    def __init__(self, before: bool = False) -> None:
        self.before = before
        previous = ["Before"] if before else []
        self.table = Table(
            [
                *("Watch", "Bug", "Remote bug", "Title", "Status", "Meaning", *previous),
                *("Importance", "Checked", "Changed", "Error"),
            ],
            wrapped=("Title", *previous, "Error"),
            stacked=(
                (
                    *(["Watch", "Bug"], ["Remote bug", "Title"], ["Status", "Meaning"]),
                    *([*previous, "Error"], ["Importance"], ["Checked", "Changed"]),
                ),
                (
                    *(["Watch", "Bug"], ["Remote bug", "Title"]),
                    *(["Status", "Meaning", *previous, "Error"],),
                    *(["Importance", "Checked", "Changed"],),
                ),
            ),
        )

    def show(self, watches: Sequence[WatchFacts]) -> None:
        """Write a page of it."""
        moment = now()
        self.table.show(
            [
                (
                    *(str(watch.id), str(watch.bug), watch.remote, watch.title),
                    *_status_cells(watch),
                    *((watch.meaning_before,) if self.before else ()),
                    "-" if watch.remotestatus is None else watch.importance.title,
                    ago(watch.lastchecked, moment),
                    ago(watch.lastchanged, moment),
                    Styled(watch.last_error_type.title if watch.last_error_type else "", FAILED),
                )
                for watch in watches
            ]
        )


def _status_cells(watch: WatchFacts) -> tuple[Cell, Cell]:
    if watch.remotestatus is None:
        return "-", "-"
    return watch.remotestatus, Styled(watch.status.title, status_style(watch.status))


def show_links(links: Sequence[LinkFacts]) -> None:
    """The places in source trees that lead to a watch."""
    if not links:
        return
    say()
    say("Links", bold=True)
    show_facts([(f"{link.project} {link.path}:{link.line}", link.text) for link in links])


def show_activity(activity: Sequence[BugWatchActivity]) -> None:
    """The history of a watch or a bug tracker."""
    if not activity:
        return
    say()
    say("History", bold=True)
    show_facts([(exact(entry.date), what_happened(entry)) for entry in activity])
