"""What is kept of an answer."""

import pickle
from collections import OrderedDict
from types import MappingProxyType

import pytest

from malonewatch.model.answers import LONGEST, pack, unpack


def kept(record, scrub=None):
    octets = pack(record, scrub)
    assert len(octets) <= LONGEST
    return unpack(octets)


def scrub(text):
    return text.replace("sesame", "***").replace("4711", "***")


RECORD = {
    "id": 1,
    "open": True,
    "title": "Ünïcode \udc00",
    "tags": ["a", "b"],
    "none": None,
    "x": 1.5,
}


@pytest.mark.parametrize("secrets", [None, scrub])
def test_a_small_record_is_kept_as_it_is(secrets):
    assert kept(RECORD, secrets) == RECORD


def test_nothing_is_kept_of_nothing():
    assert pack(None, None) == b""
    assert unpack(b"") is None


def test_of_a_long_text_the_beginning_is_kept_and_all_that_is_short():
    found = kept({"id": 1, "body": "x" * 10_000, "status": "new"})
    assert (found["id"], found["status"]) == (1, "new")
    assert found["body"] == "x" * 500 + "…"


def test_of_a_long_list_the_first_are_kept():
    found = kept({"comments": [{"text": f"{number:0>100}"} for number in range(100)]})
    assert found["comments"][0] == {"text": "0" * 100}
    assert found["comments"][-1] == "… 80 more"


def test_of_many_fields_the_first_are_kept():
    found = kept({f"field {number}": f"{number:0>100}" for number in range(1000)})
    assert found["field 0"] == "0" * 40 + "…"
    assert found["…"] == "970 more"


def test_what_is_in_itself_comes_to_an_end():
    record = {"status": "new"}
    record["record"] = record
    found = kept(record)
    for _ in range(9):
        assert found["status"] == "new"
        found = found["record"]
    assert found == {"status": "new", "record": "…"}


def test_what_is_nested_very_deeply_is_cut():
    record = []
    for _ in range(100_000):
        record = [record]
    assert kept({"status": "new", "more": record}) == {"status": "new", "more": [[[[["…"]]]]]}


def test_what_is_empty_is_nothing_to_cut():
    found = kept({"a": {"b": {"c": {"d": {"e": {"f": {"g": [], "h": [1]}}}}}}, "long": "x" * 5000})
    assert found["a"]["b"]["c"]["d"]["e"]["f"] == "…"
    found = kept({"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}, "long": "x" * 5000})
    assert found["a"]["b"]["c"]["d"]["e"]["f"] == {}


def test_what_is_too_much_in_any_case_is_not_kept():
    record = {
        f"{number}".rjust(20): {str(each).rjust(20): "x" * 20 for each in range(10)}
        for number in range(20)
    }
    assert pack({"x" * 20: record}, None) != b""
    wide = {
        chr(0x4E00 + number) * 20: {chr(0x5000 + each) * 20: "一" * 50 for each in range(20)}
        for number in range(20)
    }
    assert pack(wide, None) == b""


def test_secrets_that_a_server_sends_back_are_not_kept():
    record = {"url": "http://x/?key=sesame", "sesame": ["sesame", 4711, 12], "pin": 1.4711}
    assert kept(record, scrub) == {"url": "http://x/?key=***", "***": ["***", "…", 12], "pin": "…"}
    assert b"sesame" not in pack({"text": "x" * 10_000, "url": "sesame"}, scrub)


def test_nothing_is_kept_where_a_secret_cannot_be_taken_out():
    assert pack([1, 2], lambda text: text.replace("1, 2", "***")) == b""


@pytest.mark.parametrize(
    ("record", "plain"),
    [
        (MappingProxyType({"id": 1}), {"id": 1}),
        ({(1, 2): {3}}, {"(1, 2)": "{3}"}),
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
