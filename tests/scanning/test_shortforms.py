"""Short forms of bugs."""

import re

import pytest

from malonewatch.interfaces import BadInput
from malonewatch.scanning.shortforms import short_form

GITHUB = "https://github.com/{owner}/{repo}/issues/{number}"
NUMBER = "https://bugs.example.org/{number}"
OWNER = "https://x.example/{owner}"


@pytest.mark.parametrize(
    ("form", "url", "text", "means"),
    [
        ("gh:{owner}/{repo}#{number}", GITHUB, "gh:o-1/r.x#12", "o-1/r.x/issues/12"),
        ("gh:{owner}/{repo}#{number}", GITHUB, "(GH:Some/one#12).", "Some/one/issues/12"),
        ("rhbz#{number}", NUMBER, "RHBZ#123,", "123"),
        ("LP: #{number}", NUMBER, "[LP:#123]", "123"),
        ("LP: #{number}", NUMBER, "lp: \t #123", "123"),
        ("PROJECT-{number}", NUMBER, "fix-PROJECT-7", "7"),
        ("bug {number} of us", NUMBER, "Bug 7 of us", "7"),
        ("JIRA {key}-{number}", "https://x.example/browse/{key}-{number}", "jira A_B2-7", "A_B2-7"),
        ("gl:{project}#{number}", "https://gitlab.com/{project}/{number}", "gl:a/b/c#7", "a/b/c/7"),
        ("{owner} said bug{number}", NUMBER, "jo said bug7", "7"),
        ("bug {repo}-{number}", "https://x.example/{repo}/{number}", "bug a-b-7", "a-b/7"),
    ],
)
def test_a_form_stands_for_a_url(form, url, text, means):
    ((start, end, found),) = short_form(form, url).find(text)
    assert found.endswith(f"/{means}")
    assert text[start:end].strip("[(.,)]") == text[start:end]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("rhbz#{number}", "xrhbz#1"),
        ("rhbz#{number}", "rhbz#1a"),
        ("rhbz#{number}", "rhbz#"),
        ("rhbz#{number}", "rhbz#1234567890123456"),
        ("rhbz#{number}", "https://example.org/rhbz#1"),
        ("LP: #{number}", "help:#1"),
        ("LP: #{number}", "LP:         #1"),
        ("PROJECT-{number}", "MYPROJECT-1"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(form, text):
    assert list(short_form(form, NUMBER).find(text)) == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Closes: #987654, #123, bug#5", ["#987654", "#123", "bug#5"]),
        ("(closes:#1,#2) #3", ["#1", "#2"]),
        ("Closes: 1, 2", ["1", "2"]),
        ("Closes: Bug #1 , bug 2, and 3", ["Bug #1", "bug 2"]),
        ("Closes: #1. Closes: #2", ["#1", "#2"]),
        ("Closes: #1x", []),
        ("Closes: nothing", []),
    ],
)
def test_a_list_stands_for_a_url_each(text, written):
    form = short_form("Closes: #{numbers}", NUMBER)
    found = list(form.find(text))
    assert [text[start:end] for start, end, _ in found] == written
    assert [url.rpartition("/")[2] for _, _, url in found] == [
        re.sub(r"\D", "", each) for each in written
    ]
    assert form.is_in(text) == bool(written)


def test_a_list_has_an_end():
    found = short_form("Closes: {numbers}", NUMBER).find("Closes: " + "1, " * 10_000)
    assert len(list(found)) == 200


def test_every_line_with_a_form_has_its_literal():
    assert short_form("See LP: Bug #{number}", NUMBER).literal == b"see"
    assert short_form("Closes: #{numbers}", NUMBER).literal == b"closes:"
    assert short_form("{owner}/{repo} issue#{number}", NUMBER).literal == b"issue#"


@pytest.mark.parametrize(
    ("form", "url", "sentence"),
    [
        ("rhbz#{id}", NUMBER, "there is no {id}; use {owner}, {repo}, {project}, {key}, {number}"),
        ("rhbz#{number", NUMBER, "it cannot be read; write text and {owner}, "),
        ("rhbz#number}", NUMBER, "it cannot be read"),
        ("rhbz#{number}" + "x" * 200, NUMBER, "it cannot be read"),
        ("{owner}/{owner} bug{number}", NUMBER, "a field is in it twice"),
        ("#{number}", NUMBER, "it needs two ASCII characters"),
        ("# # {number}", NUMBER, "it needs two ASCII characters"),
        ("№№{number}", NUMBER, "it needs two ASCII characters"),
        ("#{numbers}", NUMBER, "it needs two ASCII characters"),
        ("rhbz", NUMBER, "it needs a {number}, or ends with {numbers}"),
        ("closes {numbers} now", NUMBER, "it needs a {number}, or ends with {numbers}"),
        ("{owner} closes {numbers}", NUMBER, "it needs a {number}, or ends with {numbers}"),
        ("{owner}{repo} bug", OWNER, "write something between {owner} and {repo} that the former"),
        ("{owner}.x-{repo} bug", OWNER, "write something between {owner} and {repo} that the for"),
        ("{project} / {owner} bug", OWNER, "write something between {project} and {owner} that"),
        ("{number} 0{owner} bug", OWNER, "write something between {number} and {owner} that the"),
        ("rhbz#{number}", "bugs.example.org/{number}", "is not the URL of a bug"),
        ("rhbz#{number}", "https://", "is not the URL of a bug"),
        ("rhbz#{number}", "https://bugs.example.org/", "the URL needs some of {number}"),
        ("rhbz#{number}", GITHUB, "the URL needs some of {number}, and has no others"),
        ("rhbz#{numbers}", "https://x.example/{numbers}", "the URL needs some of {number}"),
    ],
)
def test_what_cannot_be_used_is_said(form, url, sentence):
    with pytest.raises(BadInput, match=re.escape(sentence)):
        short_form(form, url)
