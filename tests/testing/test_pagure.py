"""The simulated Pagure, asked as nobody should."""

import json
import urllib.error
import urllib.request

import pytest

from malonewatch.testing.pagure import PagureSimulator


@pytest.fixture
def simulator():
    with PagureSimulator() as simulator:
        for number in range(1, 31):
            simulator.add(f"example#{number}", status="Closed" if number > 25 else "Open")
        yield simulator


def ask(simulator, path, data=None):
    """The status and the body of the answer."""
    try:
        with urllib.request.urlopen(simulator.url + path, data) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize(
    ("path", "data", "status", "code"),
    [
        ("/api/0/-/whoami", b"", 401, b"EINVALIDTOK"),
        ("/api/0/example", None, 404, b""),
        ("/api/0/other/issues", None, 404, b"ENOPROJECT"),
        ("/api/0/example/issues?per_page=101", None, 400, b"EINVALIDPERPAGEVALUE"),
        ("/api/0/example/issues?since=yesterday", None, 400, b"ETIMESTAMP"),
    ],
)
def test_what_it_does_not_have_is_an_error(simulator, path, data, status, code):
    found, body = ask(simulator, path, data)
    assert found == status
    assert code in body


@pytest.mark.parametrize(
    ("query", "length"), [("", 20), ("?status=all&page=2", 10), ("?status=closed", 5)]
)
def test_a_list_is_of_open_issues_but_for_what_is_asked(simulator, query, length):
    status, body = ask(simulator, f"/api/0/example/issues{query}")
    assert (status, len(json.loads(body)["issues"])) == (200, length)
