"""What all reports have in common."""

import re

import pytest
from tests.application.linked import FIX, link

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.reports import FORMATS
from malonewatch.application.reports.entries import (
    TITLES,
    Severity,
    entries,
    findings,
    ordered,
    severity_of,
)

#: What nobody wants to have on a screen, in a log or in a document.
HOSTILE = "\x1b[31m\x00\x07\x85\u202e\udcff\ufffe<b>&\"'\r\n::error::%0A]]>"


def fingerprints(*links):
    return [entry.fingerprint for entry in entries(links)]


def test_links_come_by_project_file_line_column_and_url():
    expected = [
        link(project="a", path="b.py", line=9),
        link(project="b", path="a.py", line=9),
        link(project="b", path="b.py", line=2, column=9),
        link(project="b", path="b.py", line=10, column=2, url="https://gtk.example/9"),
        link(project="b", path="b.py", line=10, column=10, url="https://gtk.example/1"),
        link(project="b", path="b.py", line=10, column=10, url="https://gtk.example/2"),
    ]
    assert ordered(expected[::-1]) == expected
    assert [entry.link for entry in entries(expected[::-1])] == expected


@pytest.mark.parametrize("report", FORMATS.values(), ids=FORMATS)
def test_reports_do_not_depend_on_the_order(report):
    links = [link(verdict, line=line) for line, verdict in enumerate(LinkVerdict, 1)]
    assert report(links) == report(links[::-1])


@pytest.mark.parametrize("report", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("verdict", LinkVerdict)
def test_nothing_that_is_hostile_comes_through(report, verdict):
    facts = dict.fromkeys(("path", "text", "url", "remote", "title", "remotestatus"), HOSTILE)
    hostile = link(verdict, **facts, fixed_in=HOSTILE, trouble=HOSTILE, project=HOSTILE)
    text = report([hostile, link(LinkVerdict.STAYS, project="another")])
    assert text.isascii() or report is FORMATS["github"]
    assert set(text).isdisjoint("\x00\x07\x1b\x85\u202e\udcff\ufffe\r")
    assert "\n::" not in text
    # In JSON it could hide; what is made for programs has texts as they are.
    assert report is FORMATS["json"] or re.search(r"\\u(001b|202e|dcff|000d)", text) is None


@pytest.mark.parametrize("report", FORMATS.values(), ids=FORMATS)
def test_a_report_is_whole_lines_even_of_nothing(report):
    assert report([]) == "" or report([]).endswith("\n")
    assert report([link()]).endswith("\n")


def test_what_stays_is_no_finding():
    assert [entry.link.verdict for entry in findings(list(map(link, LinkVerdict)))] == [
        verdict for verdict in LinkVerdict if verdict is not LinkVerdict.STAYS
    ]
    assert TITLES.keys() == {*LinkVerdict} - {LinkVerdict.STAYS}


def test_a_surprise_is_an_error_what_can_go_warns_and_the_rest_is_a_note():
    severities = {severity: [] for severity in Severity}
    for verdict in LinkVerdict:
        severities[severity_of(verdict)].append(verdict.value)
    assert severities == {
        Severity.ERROR: ["unexpected"],
        Severity.WARNING: ["fixed", "closed", "invalid", "gone"],
        Severity.NOTE: ["stays", "unknown", "proposed"],
    }


def test_a_fingerprint_stays_when_the_line_moves():
    assert fingerprints(link(line=1)) == fingerprints(link(line=99, column=40, project="other"))


@pytest.mark.parametrize(
    "facts",
    [
        {"verdict": LinkVerdict.CLOSED},
        {"path": "src/other.py"},
        {"text": "# because of it"},
        {"url": "https://gtk.example/13"},
    ],
)
def test_another_finding_has_another_fingerprint(facts):
    assert fingerprints(link()) != fingerprints(link(**facts))


def test_no_two_entries_have_the_same_fingerprint():
    links = [link(line=line) for line in range(1, 4)] + [link(project="another")]
    assert len(set(fingerprints(*links))) == len(links)
    assert [entry.repeated for entry in entries(links)] == [0, 0, 1, 2]


def test_the_name_of_a_file_is_whole():
    (entry,) = entries([link(path="deep/" * 500)])
    assert entry.path == "deep/" * 500


def test_a_message_names_the_bug_and_its_url_once_each():
    known, unknown = entries([link(**FIX), link(LinkVerdict.PROPOSED, line=8)])
    assert known.message == f"{known.link.sentence} https://gtk.example/12"
    assert unknown.message == unknown.link.sentence
