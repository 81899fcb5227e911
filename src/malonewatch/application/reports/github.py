"""Reports as the commands by which a workflow of GitHub's makes annotations.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Sequence

from malonewatch.application.linkfacts import LinkFacts
from malonewatch.application.reports.entries import (
    TITLES,
    Entry,
    Severity,
    findings,
    severity_of,
)

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# There would be "\r", too, if texts were not made lines before.
_IN_DATA = {"%": "%25", "\n": "%0A"}
_DATA = str.maketrans(_IN_DATA)
_PROPERTY = str.maketrans({**_IN_DATA, ":": "%3A", ",": "%2C"})


def github_report(links: Sequence[LinkFacts]) -> str:
    """A line for each of `links` that does not stay; empty if there is none.

    GitHub shows the first ten of each kind in a step, the rest is in its log.
    """
    return "".join(map(_command, findings(links)))


def _command(entry: Entry) -> str:
    link = entry.link
    properties = {
        "file": entry.path,
        "line": str(link.line),
        "col": str(link.column),
        "title": TITLES[link.verdict],
    }
    told = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in properties.items())
    message = f"{entry.sentence}\n{entry.url}".translate(_DATA)
    return f"::{_COMMANDS[severity_of(link.verdict)]} {told}::{message}\n"
