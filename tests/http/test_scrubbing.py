import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.http.scrubbing import Scrubber


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://example.com/?key=s3cret", "http://example.com/?key=***"),
        ("http://example.com/?key=S3CRET", "http://example.com/?key=***"),
        ("http://example.com/?key=%73%33cret", "http://example.com/?key=***"),
        ("http://example.com/?pass=with%20space%2F", "http://example.com/?pass=***"),
        ("http://example.com/?pass=with+space%2f", "http://example.com/?pass=***"),
        ("http://example.com/?pass=with+space/&s3cret", "http://example.com/?pass=***&***"),
        ('{"sent": "with space\\/"}', '{"sent": "***"}'),
        ("The token s3cret is not valid.", "The token *** is not valid."),
        ("nothing", "nothing"),
    ],
)
def test_no_secret_is_left(text, expected):
    assert Scrubber(["s3cret", "with space/"])(text) == expected


def test_a_secret_that_begins_with_another_is_taken_out_whole():
    assert Scrubber(["s", "secret"])("/secret") == "/***"


def test_without_secrets_all_is_as_it_was():
    assert Scrubber([""])("anything") == "anything"


@pytest.mark.parametrize("quoting", [str, quote, quote_plus, html.escape, json.dumps])
@given(secret=st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=1))
def test_any_secret_is_taken_out_in_any_quoting(quoting, secret):
    assert "***" in Scrubber([secret])(f"before {quoting(secret)} after")


def test_there_are_secrets_or_none():
    assert Scrubber(["s3cret"])
    assert not Scrubber(["", ""])
