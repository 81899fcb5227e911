"""Commands are read as GitHub's runner does it."""

import re

import pytest
from tests.application.linked import FIX, link

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.reports import FORMATS
from malonewatch.application.reports.entries import TITLES


def commands(*links):
    """Command, properties and message of each line of a report."""
    found = []
    for line in FORMATS["github"](links).splitlines():
        command, told, message = re.fullmatch("::([a-z]+) (.*?)::(.*)", line).groups()
        properties = dict(each.split("=", 1) for each in told.split(","))
        found.append(
            (command, {name: data(properties[name]) for name in properties}, data(message))
        )
    return found


def data(text):
    """What an escaped text stands for."""
    for escaped, character in {"D": "\r", "A": "\n"}.items():
        text = text.replace(f"%0{escaped}", character)
    return text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%")


@pytest.mark.parametrize(
    ("verdict", "command"),
    [
        (LinkVerdict.FIXED, "warning"),
        (LinkVerdict.CLOSED, "warning"),
        (LinkVerdict.INVALID, "warning"),
        (LinkVerdict.GONE, "warning"),
        (LinkVerdict.UNEXPECTED, "error"),
        (LinkVerdict.UNKNOWN, "notice"),
        (LinkVerdict.PROPOSED, "notice"),
    ],
)
def test_a_link_is_annotated_at_its_place(verdict, command):
    annotated = link(verdict, **FIX)
    properties = {"file": "src/mill.py", "line": "7", "col": "3", "title": TITLES[verdict]}
    message = f"{annotated.sentence}\nhttps://gtk.example/12"
    assert commands(annotated) == [(command, properties, message)]


def test_what_stays_is_not_annotated():
    assert commands(link(LinkVerdict.STAYS)) == []


def test_a_name_of_a_file_ends_no_property():
    odd = "a,line=1::b%2C=c:%0A.py"
    (_, properties, _) = commands(link(path=odd, **FIX))[0]
    assert properties["file"] == odd
    assert properties["line"] == "7"


def test_a_title_and_a_url_are_the_message_as_they_are():
    url = "https://gtk.example/?a=%2C,%0A::"
    (_, _, message) = commands(link(url=url, **FIX | {"title": "100 %, a=b::error::c"}))[0]
    assert message == f"gtk #12 (100 %, a=b::error::c) is RESOLVED FIXED (Fix Released).\n{url}"
