"""The simulated Jira, asked as nobody should."""

import json
import urllib.error
import urllib.request

import pytest

from malonewatch.testing.jira import JiraSimulator


def ask(simulator, path, call=None, **headers):
    """The status and the value of the answer."""
    body = None if call is None else json.dumps(call).encode()
    fields = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(simulator.url + path, body, fields)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("cloud", "path", "call", "status"),
    [
        (False, "/rest/api/2/myself", None, 401),
        (False, "/rest/api/3/issue/A-1", None, 404),
        (False, "/rest/api/3/search/jql", {"jql": "key in (A-1)"}, 404),
        (False, "/rest/api/2/search", {"jql": "project = A"}, 400),
        (True, "/rest/api/2/search", {"jql": "key in (A-1)"}, 410),
        (True, "/rest/api/2/issue/A-1", None, 200),
        (True, "/rest/api/3/issue/A-2", None, 404),
    ],
)
def test_what_it_does_not_understand_it_says(cloud, path, call, status):
    with JiraSimulator(cloud=cloud) as simulator:
        simulator.add("A-1")
        assert ask(simulator, path, call)[0] == status


def test_one_that_is_closed_shows_nothing_to_others():
    with JiraSimulator() as simulator:
        simulator.closed = True
        simulator.add("A-1")
        assert ask(simulator, "/rest/api/2/issue/A-1")[0] == 401


def test_who_shows_what_is_wrong_is_refused():
    with JiraSimulator() as simulator:
        assert ask(simulator, "/rest/api/2/serverInfo", Authorization="Bearer x")[0] == 401
