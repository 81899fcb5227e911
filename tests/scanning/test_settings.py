"""The configuration of a source tree."""

import re

import pytest

from malonewatch.interfaces import BadInput
from malonewatch.scanning.settings import Settings, ignore_spec, read_settings


def test_an_empty_configuration_says_nothing():
    assert read_settings("file", b"") == Settings((), {}, ())


def test_a_configuration_is_read():
    settings = read_settings(
        "file",
        b"""
        [short-forms]
        "gh:{owner}/{repo}#{number}" = "https://github.com/{owner}/{repo}/issues/{number}"
        "Closes: #{numbers}" = "https://bugs.debian.org/{number}"

        [trackers]
        "https://bugs.example.org" = "BUGZILLA"
        "http://issues.example.org/x" = ""

        [scan]
        exclude = ["docs/", "!docs/own"]
        """,
    )
    assert [form.literal for form in settings.forms] == [b"gh:", b"closes:"]
    assert settings.trackers == {
        "https://bugs.example.org": "BUGZILLA",
        "http://issues.example.org/x": None,
    }
    assert settings.exclude == ("docs/", "!docs/own")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"x = ", "FILE is not TOML: Invalid value"),
        (b"\xff", "FILE is not TOML: "),
        (b"[other]", "FILE has 'other', which is not known; there is 'scan', 'short-forms', 'tr"),
        (b"scan = 1", "FILE has 'scan', which is not a table; write [scan]."),
        (b"[scan]\nx = 1", "FILE has 'x' in [scan], which is not known; there is 'exclude'."),
        (b"[scan]\nexclude = 'x'", "FILE has an 'exclude' in [scan] that is not a list of strings"),
        (b"[scan]\nexclude = [1]", "FILE has an 'exclude' in [scan] that is not a list of strings"),
        (b"[trackers]\n'https://x' = 1", "FILE maps the tracker https://x to what is no string"),
        (b"[trackers]\n'x' = ''", "FILE has the tracker 'x', which does not begin with https://"),
        (b"[short-forms]\n'x' = 1", "FILE maps the short form 'x' to what is no string."),
        (
            b"[short-forms]\n'rhbz' = 'https://x/{number}'",
            "FILE has the short form 'rhbz': it needs a {number}, or ends with {numbers} and has",
        ),
        (
            b"[short-forms]\n" + b"\n".join(b"'bug%d' = ''" % each for each in range(101)),
            "FILE has more than 100 short forms.",
        ),
        (
            b"[trackers]\n" + b"\n".join(b"'https://x/%d' = 'TRAC'" % each for each in range(201)),
            "FILE has more than 200 trackers.",
        ),
        (
            b"[trackers]\n" + b"\n".join(b"'https://x/%d' = ''" % each for each in range(11)),
            "FILE has more than 10 trackers without a type; give those of the others.",
        ),
        (b"x = " + b"[" * 10_000, "FILE has lists or tables in one another that are too many."),
    ],
)
def test_what_cannot_be_used_is_said(content, sentence):
    with pytest.raises(BadInput, match=f"^{re.escape(sentence)}") as caught:
        read_settings("FILE", content)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("pattern", ["!", "[z-a]"])
def test_a_pattern_that_cannot_be_read_is_said(pattern):
    with pytest.raises(BadInput, match=r"^FILE has a pattern that cannot be read: .*\.$"):
        ignore_spec("FILE", [pattern])


def test_an_odd_pattern_is_read_without_a_word():
    assert ignore_spec("FILE", ["x[[:alpha:]"])


def test_a_pattern_that_would_take_long_is_said():
    ignore_spec("FILE", ["**/*.egg-info/**/x*", "# * * * * *", ""])
    with pytest.raises(BadInput, match=r"'\*a\*a\*a\*a\*'; it may have 4 asterisks\.$"):
        ignore_spec("FILE", ["*.c", "*a*a*a*a*"])
