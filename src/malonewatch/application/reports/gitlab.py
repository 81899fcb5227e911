"""Reports that GitLab shows as findings on the quality of code.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

import json
from collections.abc import Sequence
from typing import Any

from malonewatch.application.linkfacts import LinkFacts
from malonewatch.application.reports.entries import (
    Entry,
    Severity,
    findings,
    rule_of,
    severity_of,
)

# Of five; what neither lets something go nor breaks a promise is none of the middle ones.
_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}


def gitlab_report(links: Sequence[LinkFacts]) -> str:
    """A list in JSON with an object for each of `links` that does not stay."""
    return json.dumps(list(map(_object, findings(links))), indent=2) + "\n"


def _object(entry: Entry) -> dict[str, Any]:
    link = entry.link
    return {
        "description": entry.message,
        "check_name": rule_of(link.verdict),
        "fingerprint": entry.fingerprint,
        "severity": _SEVERITIES[severity_of(link.verdict)],
        "location": {"path": entry.path, "lines": {"begin": link.line}},
    }
