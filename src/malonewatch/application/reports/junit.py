"""Reports as results of tests, in JUnit's XML.

It is what Jenkins' schema has (junit-10.xsd of its xUnit plug-in), and the
attributes `file` and `line` of a test case that GitLab and others look for.
"""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from malonewatch.application.linkfacts import LinkFacts, LinkVerdict
from malonewatch.application.reports.entries import Entry, entries
from malonewatch.cleaning import clean

_FAILURE, _SKIPPED = "failure", "skipped"


def junit_report(links: Sequence[LinkFacts]) -> str:
    """XML with a test suite for each project, and a test case for each link.

    What can go failed, what is not known was skipped, the rest passed.  A test
    case has the same name wherever its line moves, and no other in the file has it.
    """
    root = ElementTree.Element("testsuites", name="malonewatch")
    for project, members in groupby(entries(links), key=lambda entry: entry.link.project):
        suite = ElementTree.SubElement(root, "testsuite", name=clean(project))
        for entry in members:
            _add_case(suite, entry)
        _count(suite, suite)
        suite.set(_SKIPPED, str(len(suite.findall(f"testcase/{_SKIPPED}"))))
    _count(root, root)
    ElementTree.indent(root)
    # In ASCII, so that it is what it says in whatever encoding it is written.
    text = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_case(suite: ElementTree.Element, entry: Entry) -> None:
    link = entry.link
    name = f"{entry.url} ({entry.repeated + 1})" if entry.repeated else entry.url
    place = {"classname": entry.path, "file": entry.path, "line": str(link.line)}
    case = ElementTree.SubElement(suite, "testcase", {"name": name, **place})
    if link.verdict is LinkVerdict.STAYS:
        return
    outcome = ElementTree.SubElement(case, _FAILURE if link.verdict.can_go else _SKIPPED)
    outcome.set("type", link.verdict.value)
    outcome.set("message", entry.sentence)
    # GitLab shows this alone.
    where = f"{entry.path}:{link.line}:{link.column}: {entry.text}"
    outcome.text = f"{entry.sentence}\n{entry.url}\n{where}"


def _count(element: ElementTree.Element, below: ElementTree.Element) -> None:
    element.set("tests", str(len(list(below.iter("testcase")))))
    element.set("failures", str(len(list(below.iter(_FAILURE)))))
    element.set("errors", "0")
