"""The simulated Roundup, asked as nobody should."""

import json
from datetime import timedelta, timezone

import pytest
from tests import asked

from malonewatch.testing.roundup import RoundupSimulator


def get(url):
    """The status and the text of the answer."""
    status, _, text = asked.ask(url)
    return status, text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/rest/data/user", 404, "Class user not found"),
        ("/rest/data/issue?@fields=id,colour", 400, "Unknown property: colour"),
        ("/rest/data/issue/2", 404, "no such issue 2"),
        ("/rest/data/user/2", 404, "Class user not found"),
        ("/issue?@action=export_csv&@columns=id,colour", 400, "colour"),
        ("/issueone", 404, ""),
    ],
)
def test_what_is_not_there_is_said(path, status, says):
    with RoundupSimulator() as simulator:
        simulator.add("1")
        code, text = get(simulator.url + path)
    assert code == status
    assert says in text


@pytest.mark.parametrize(
    "path", ["/rest/", "/rest/data/issue", "/issue?@action=export_csv&@columns=id"]
)
def test_an_old_one_has_no_rest_and_exports_for_those_who_know_how(path):
    with RoundupSimulator(old=True) as simulator:
        assert get(simulator.url + path)[0] in (400, 404)


@pytest.mark.parametrize(
    ("time", "found"),
    [
        # Both are in the time zone of whoever asks, but what is stored is in UTC.
        ("20240102030406;", []),
        ("20240102030405;", ["1"]),
        ("2024-01-02.05:04:06;", []),
        ("2024-01-02.05:04:05;", ["1"]),
    ],
)
def test_times_are_those_of_who_asks_unless_they_are_written_as_they_are_stored(time, found):
    with RoundupSimulator(zone=timezone(timedelta(hours=2))) as simulator:
        simulator.add("1")
        path = f"/rest/data/issue?activity={time.replace(';', '%3B')}"
        _, text = get(simulator.url + path)
    assert [bug["id"] for bug in json.loads(text)["data"]["collection"]] == found


def test_what_is_hidden_is_left_out():
    with RoundupSimulator() as simulator:
        simulator.add("1", duplicate_of="7", extra={"hidden": ("title",)})
        path = "/rest/data/issue/1?@fields=title,status,superseder&@verbose=0"
        _, text = get(simulator.url + path)
    attributes = json.loads(text)["data"]["attributes"]
    assert attributes == {"status": "chatting", "superseder": ["7"]}


def test_another_one_is_a_link_unless_it_is_to_be_short():
    with RoundupSimulator() as simulator:
        simulator.add("1", duplicate_of="7")
        _, text = get(f"{simulator.url}/rest/data/issue/1?@fields=superseder")
        link = f"{simulator.url}/rest/data/issue/7"
    assert json.loads(text)["data"]["attributes"] == {"superseder": [{"id": "7", "link": link}]}
