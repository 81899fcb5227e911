import json

import pytest
from tests.application.linked import FIX, link

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.reports import FORMATS

#: What GitLab's documentation says there are.
SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def report(*links):
    return json.loads(FORMATS["gitlab"](links))


def test_a_finding_has_the_keys_that_gitlab_requires():
    (finding,) = report(link(**FIX))
    assert len(finding.pop("fingerprint")) == 64
    assert finding == {
        "description": "gtk #12 (It crashes) is RESOLVED FIXED (Fix Released). "
        "https://gtk.example/12",
        "check_name": "bug-fixed",
        "severity": "major",
        "location": {"path": "src/mill.py", "lines": {"begin": 7}},
    }


@pytest.mark.parametrize(
    ("verdict", "severity"),
    [
        (LinkVerdict.CLOSED, "major"),
        (LinkVerdict.INVALID, "major"),
        (LinkVerdict.GONE, "major"),
        (LinkVerdict.UNEXPECTED, "critical"),
        (LinkVerdict.UNKNOWN, "info"),
        (LinkVerdict.PROPOSED, "info"),
    ],
)
def test_what_cannot_go_for_sure_is_information(verdict, severity):
    (finding,) = report(link(verdict))
    assert finding["severity"] == severity
    assert severity in SEVERITIES
    assert finding["check_name"] == f"bug-{verdict.value}"


def test_what_stays_is_left_out():
    assert report(link(LinkVerdict.STAYS)) == []


def test_every_finding_has_a_fingerprint_of_its_own():
    found = report(link(line=1), link(line=2), link(LinkVerdict.GONE), link(project="other"))
    assert len({finding["fingerprint"] for finding in found}) == 4
