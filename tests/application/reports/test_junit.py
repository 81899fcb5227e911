from pathlib import Path

import pytest
from defusedxml import ElementTree
from lxml import etree
from tests.application.linked import FIX, link
from tests.application.reports.test_entries import HOSTILE

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.reports import FORMATS


@pytest.fixture(scope="module")
def schema():
    """Jenkins' schema, with what GitLab and others look for beside."""
    text = (Path(__file__).parent / "data" / "junit-10.xsd").read_text()
    known = '<xs:attribute name="classname" type="xs:string"/>'
    more = '<xs:attribute name="file"/><xs:attribute name="line"/>'
    assert text.count(known) == 1
    return etree.XMLSchema(etree.XML(text.replace(known, known + more).encode()))


def report(*links):
    return ElementTree.fromstring(FORMATS["junit"](links).encode())


def test_a_link_is_a_test_case_and_its_project_a_suite():
    root = report(link(**FIX), link(LinkVerdict.STAYS, path="a.py"), link(project="inn"))
    assert [(suite.tag, suite.get("name")) for suite in root] == [
        ("testsuite", "inn"),
        ("testsuite", "mill"),
    ]
    stays, fixed = root[1]
    assert (stays.get("name"), stays.get("file"), list(stays)) == (
        "https://gtk.example/12",
        "a.py",
        [],
    )
    assert fixed.attrib == {
        "name": "https://gtk.example/12",
        "classname": "src/mill.py",
        "file": "src/mill.py",
        "line": "7",
    }


@pytest.mark.parametrize("verdict", LinkVerdict)
def test_what_can_go_failed_and_what_is_not_known_was_skipped(verdict):
    told = link(verdict, **FIX)
    outcome = None if verdict is LinkVerdict.STAYS else "failure" if verdict.can_go else "skipped"
    (case,) = report(told)[0]
    assert [each.tag for each in case] == ([] if outcome is None else [outcome])
    for each in case:
        assert each.attrib == {"type": verdict.value, "message": told.sentence}
        assert each.text.splitlines() == [
            told.sentence,
            "https://gtk.example/12",
            "src/mill.py:7:3: # until it is fixed",
        ]


def test_everything_is_counted():
    root = report(*map(link, LinkVerdict), link(project="other"))
    assert root.attrib == {"name": "malonewatch", "tests": "9", "failures": "6", "errors": "0"}
    counts = {"tests": "8", "failures": "5", "errors": "0", "skipped": "2"}
    assert root[0].attrib == {"name": "mill", **counts}


def test_the_name_of_a_case_stays_when_its_line_moves_and_is_its_own():
    def names(*lines):
        return [case.get("name") for case in report(*(link(line=line) for line in lines))[0]]

    url = "https://gtk.example/12"
    assert names(1, 7, 9) == names(2, 8, 44) == [url, f"{url} (2)", f"{url} (3)"]


@pytest.mark.parametrize("links", [[], [*map(link, LinkVerdict), link(project="other", **FIX)]])
def test_a_report_is_as_the_schema_has_it(schema, links):
    schema.assertValid(etree.XML(FORMATS["junit"](links).encode()))


def test_the_schema_refuses_what_is_none(schema):
    text = FORMATS["junit"]([link()])
    assert not schema.validate(etree.XML(text.replace("failures", "faults").encode()))


@pytest.mark.parametrize("verdict", LinkVerdict)
def test_what_xml_forbids_is_not_there(schema, verdict):
    facts = dict.fromkeys(("path", "text", "url", "title", "trouble", "project"), HOSTILE)
    text = FORMATS["junit"]([link(verdict, **facts)])
    schema.assertValid(etree.XML(text.encode()))
    (case,) = ElementTree.fromstring(text)[0]
    assert case.get("classname") == " \ufffd\ufffd<b>&\"'  ::error::%0A]]>"


def test_letters_of_all_scripts_are_there_in_any_encoding():
    text = FORMATS["junit"]([link(**FIX | {"title": "Ünïcode 中 🐞"})])
    assert text.isascii()
    (case,) = ElementTree.fromstring(text)[0]
    assert "(Ünïcode 中 🐞)" in case[0].text
