"""Reports in SARIF 2.1.0, the form of results of static analysis.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; of GitHub's
support of it, what is shown and how alerts are known again.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from malonewatch.application.linkfacts import LinkFacts, LinkVerdict
from malonewatch.application.reports.entries import (
    TITLES,
    Entry,
    entries,
    rule_of,
    severity_of,
)
from malonewatch.cleaning import clean
from malonewatch.version import version

_HOME = "https://github.com/malonewatch/malonewatch"
_ROOT = "%SRCROOT%"

# What can go are results, which become alerts; what is not known is told of the run.
_RULES = {
    LinkVerdict.FIXED: (
        "What was written because of this bug can go once you use a release that has the fix. "
        "Remove it, and the link with it."
    ),
    LinkVerdict.CLOSED: (
        "Nobody is going to fix this bug. See whether what was written because of it is still "
        "needed; if so, write 'malonewatch: until fixed' or 'malonewatch: expect closed' into "
        "the line."
    ),
    LinkVerdict.INVALID: (
        "This bug was found to be none there. See what was said about it, and whether what was "
        "written because of it is right; if so, write 'malonewatch: expect closed' into the line."
    ),
    LinkVerdict.GONE: (
        "The bug tracker does not have this bug any more, or does not show it. Look for the "
        "place that it moved to, or remove the link."
    ),
    LinkVerdict.UNEXPECTED: (
        "The line says how this bug has to be, and it is otherwise. See whether what was "
        "written there still holds, and correct it, or what is expected."
    ),
}
_NOTIFICATIONS = {
    LinkVerdict.UNKNOWN: (
        "The bug tracker could not be asked, or did not say how this bug is. It is asked again "
        "the next time."
    ),
    LinkVerdict.PROPOSED: (
        "Only bug trackers that were accepted are asked. Register this one with 'malonewatch "
        "tracker add', or accept those on known hosts with 'malonewatch scan --accept-known'."
    ),
}
_RULE_INDEX = {verdict: index for index, verdict in enumerate(_RULES)}
_NOTIFICATION_INDEX = {verdict: index for index, verdict in enumerate(_NOTIFICATIONS)}


def sarif_report(links: Sequence[LinkFacts]) -> str:
    """A log of SARIF, in JSON, with a run for each project.

    There is one in any case: alerts of an earlier log are closed by a run that
    does not have them any more.
    """
    by_project = groupby(entries(links), key=lambda entry: entry.link.project)
    projects = [(project, list(members)) for project, members in by_project]
    runs = [_run(members) for _, members in projects] or [_run([])]
    if len(runs) > 1:
        # Of a single one, whoever uploads the log says which analysis it belongs to.
        for run, (project, _) in zip(runs, projects, strict=True):
            run["automationDetails"] = {"id": f"malonewatch/{clean(project)}/"}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    }
    return json.dumps(log, indent=2) + "\n"


def _run(members: Sequence[Entry]) -> dict[str, Any]:
    results = [_result(entry) for entry in members if entry.link.verdict in _RULES]
    told = [_notification(entry) for entry in members if entry.link.verdict in _NOTIFICATIONS]
    return {
        "tool": {
            "driver": {
                "name": "malonewatch",
                "version": version(),
                "informationUri": _HOME,
                "rules": [_descriptor(*each) for each in _RULES.items()],
                "notifications": [_descriptor(*each) for each in _NOTIFICATIONS.items()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the source tree that was scanned."}}
        },
        # That a bug tracker cannot be asked is no failure of the run.
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": told}],
        "results": results,
    }


def _descriptor(verdict: LinkVerdict, help: str) -> dict[str, Any]:
    return {
        "id": rule_of(verdict),
        "name": f"Bug{verdict.value.capitalize()}",
        "shortDescription": {"text": f"{TITLES[verdict]}."},
        "fullDescription": {"text": help},
        "help": {"text": help},
        "defaultConfiguration": {"level": severity_of(verdict).value},
    }


def _result(entry: Entry) -> dict[str, Any]:
    verdict = entry.link.verdict
    return {
        "ruleId": rule_of(verdict),
        "ruleIndex": _RULE_INDEX[verdict],
        **_finding(entry),
        "partialFingerprints": {"linkFingerprint/v1": entry.fingerprint},
        "suppressions": [],
        "properties": _properties(entry),
    }


def _notification(entry: Entry) -> dict[str, Any]:
    verdict = entry.link.verdict
    return {
        "descriptor": {"id": rule_of(verdict), "index": _NOTIFICATION_INDEX[verdict]},
        **_finding(entry),
    }


def _finding(entry: Entry) -> dict[str, Any]:
    """What results and notifications have in common."""
    link = entry.link
    return {
        "level": severity_of(link.verdict).value,
        "message": {"text": _message(entry.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(link.path), "uriBaseId": _ROOT},
                    "region": {"startLine": link.line, "startColumn": link.column},
                }
            }
        ],
    }


def _message(text: str) -> str:
    """`text` with nothing in it that is a placeholder or a link in a message."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _uri(path: str) -> str:
    # Bytes that are no UTF-8 are surrogates in names of files.
    return quote(path, errors="surrogateescape")


def _properties(entry: Entry) -> dict[str, str]:
    link = entry.link
    properties = {
        "url": entry.url,
        "status": clean(link.remotestatus),
        "since": "" if link.since is None else link.since.isoformat(),
        "fixed_in": clean(link.fixed_in),
    }
    return {name: value for name, value in properties.items() if value}
