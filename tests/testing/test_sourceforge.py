"""The simulated SourceForge, asked as nobody should."""

import json
import urllib.error
import urllib.request

import pytest

from malonewatch.testing.sourceforge import SourceForgeSimulator


@pytest.fixture
def simulator():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1")
        simulator.add("example/bugs#2")
        yield simulator


def get(simulator, path, **headers):
    """The status and the value of the answer, if it has one."""
    request = urllib.request.Request(simulator.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, None


@pytest.mark.parametrize(
    "path",
    [
        "/p/example/",
        "/p/example/bugs/search?q=ticket_num_i:1",
        "/rest/p/example/other/1/",
        "/rest/p/example/bugs/3/",
    ],
)
def test_what_it_does_not_have_is_not_found(simulator, path):
    assert get(simulator, path)[0] == 404


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("ticket_num_i:1", [1]),
        ("ticket_num_i:(1+OR+2)+AND+mod_date_dt:[2024-01-02T00:00:00Z+TO+*]", [2, 1]),
        ("ticket_num_i:(1+OR+2)+AND+mod_date_dt:[2024-01-03T00:00:00Z+TO+*]", []),
        ("no+such+query", []),
        ("", []),
    ],
)
def test_a_search(simulator, query, numbers):
    status, answer = get(simulator, f"/rest/p/example/bugs/search?q={query}")
    assert status == 200
    assert [ticket["ticket_num"] for ticket in answer["tickets"]] == numbers


def test_only_a_bearer_has_a_token(simulator):
    simulator.token = "sesame"
    simulator.change("example/bugs#1", private=True)
    path = "/rest/p/example/bugs/1/"
    assert get(simulator, path, Authorization="Basic c2VzYW1l")[0] == 401
    assert get(simulator, path, Authorization="Bearer simsim")[0] == 401
    assert get(simulator, path, Authorization="Bearer sesame")[0] == 200
