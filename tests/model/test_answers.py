"""What is kept of an answer."""

import pickle
from collections import OrderedDict
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.model.answers import LONGEST, pack, unpack


def kept(record, scrub=None):
    octets = pack(record, scrub)
    assert len(octets) <= LONGEST
    return unpack(octets)


def scrub(text):
    return text.replace("sesame", "***").replace("4711", "***")


RECORD = {"id": 1, "open": True, "title": "Ünïcode \udc00", "tags": ["a", None], "x": 1.5}


@pytest.mark.parametrize("secrets", [None, scrub])
def test_a_small_record_is_kept_as_it_is(secrets):
    assert kept(RECORD, secrets) == RECORD


def test_nothing_is_kept_of_nothing():
    assert pack(None, None) == b""
    assert unpack(b"") is None


def test_of_a_long_text_the_beginning_is_kept_and_all_that_is_short():
    found = kept({"id": 1, "body": "x" * 10_000, "tags": ["a"], "notes": "ü" * 10_000, "end": 2})
    assert [*found] == ["id", "body", "tags", "notes", "end"]
    assert (found["id"], found["tags"], found["end"]) == (1, ["a"], 2)
    assert found["body"] == "x" * (len(found["body"]) - 1) + "…"
    assert found["notes"] == "ü" * (len(found["notes"]) - 1) + "…"
    assert len(found["body"]) > 1500
    assert len(found["notes"]) > 400


def test_of_a_long_list_the_first_are_kept():
    found = kept({"comments": [{"text": f"{number:0>100}"} for number in range(100)]})
    assert found["comments"][0] == {"text": "0" * 100}
    *_, cut, more = found["comments"]
    assert (cut, more) == ("…", f"… {100 - len(found['comments']) + 1} more")
    assert len(found["comments"]) > 20
    short, long = kept(["a", "x" * 5000])
    assert (short, long[-2:]) == ("a", "x…")


def test_of_many_fields_the_first_are_kept():
    found = kept({f"field {number}": number for number in range(1000)})
    assert found["field 0"] == 0
    assert found["…"] == f"{1000 - len(found) + 1} more"
    assert len(found) > 100


def test_what_is_nested_is_looked_into_where_it_is_most_of_all():
    users = {f"user {number}": {"name": f"{number:0>900}"} for number in range(10)}
    found = kept({"id": 1, "fields": {"status": {"name": "Open"}, "text": "x" * 5000, **users}})
    assert found["fields"]["status"] == {"name": "Open"}
    assert found["fields"]["user 1"] == "…"
    assert found["fields"]["text"].startswith("xxx")


def test_what_cannot_be_cut_is_left_out():
    assert kept({"id": 1, "number": 10**9000}) == {"id": 1, "number": "…"}
    assert kept([10**9000]) == ["…"]
    assert kept("x" * 5000)[0] == "x"


def test_what_is_in_itself_comes_to_an_end():
    record = {"status": "new"}
    record["record"] = record
    found = kept(record)
    for _ in range(10):
        assert found["status"] == "new"
        found = found["record"]
    assert found == "…"


def test_what_is_nested_very_deeply_is_cut():
    record = []
    for _ in range(100_000):
        record = [record]
    found = kept({"status": "new", "more": record})
    assert found == {"status": "new", "more": [[[[[[[[["…"]]]]]]]]]}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
)


@given(PLAIN, st.integers(0, 3))
def test_whatever_comes_is_kept_within_bounds(record, more):
    record = {"record": record, **{f"long {number}": "ü" * 3000 for number in range(more)}}
    found = kept(record)
    assert more or found == record


def test_secrets_that_a_server_sends_back_are_not_kept():
    record = {"url": "http://x/?key=sesame", "sesame": ["sesame", 4711, 12], "pin": 1.4711}
    expected = {"url": "http://x/?key=***", "***": ["***", "***", 12], "pin": "1.***"}
    assert kept(record, scrub) == expected
    assert kept(MappingProxyType(record), scrub) == expected
    assert kept({**record, "more": {7}}, scrub) == {**expected, "more": "{7}"}
    assert b"sesame" not in pack({"text": "sesame" * 10_000, "url": "sesame"}, scrub)


def test_nothing_is_kept_where_a_secret_cannot_be_taken_out():
    assert pack([1, 2], lambda text: text.replace("1, 2", "***")) == b""


@pytest.mark.parametrize(
    ("record", "plain"),
    [
        (MappingProxyType({"id": 1}), {"id": 1}),
        ({(1, 2): {3}}, {"(1, 2)": "{3}"}),
        ({"id": (1, 2)}, {"id": [1, 2]}),
        ({"id": compile("1", "it", "eval")}, None),
    ],
)
def test_what_is_no_plain_value_is_kept_in_words(record, plain):
    found = kept(record)
    assert found == plain if plain is not None else found["id"].startswith("<code object")


class Malicious:
    def __reduce__(self):
        return print, ("run",)


def test_what_is_kept_runs_no_code(capsys):
    for octets in (pack({"id": Malicious()}, None), pickle.dumps(Malicious())):
        assert unpack(octets) is None
    assert capsys.readouterr().out == ""
    assert kept(OrderedDict(id=1)) == {"id": 1}
    assert kept({"more": OrderedDict(id=1)}) is None
