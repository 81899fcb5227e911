"""The simulated Jira, asked as nobody should."""

import json

import pytest
from tests import asked

from malonewatch.testing.jira import JiraSimulator


def ask(simulator, path, call=None, **headers):
    """The status of the answer."""
    body = None if call is None else json.dumps(call)
    fields = {"Content_Type": "application/json", **headers}
    return asked.ask(simulator.url + path, body, **fields)[0]


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
        assert ask(simulator, path, call) == status


def test_one_that_is_closed_shows_nothing_to_others():
    with JiraSimulator() as simulator:
        simulator.closed = True
        simulator.add("A-1")
        assert ask(simulator, "/rest/api/2/issue/A-1") == 401


def test_who_shows_what_is_wrong_is_refused():
    with JiraSimulator() as simulator:
        assert ask(simulator, "/rest/api/2/serverInfo", Authorization="Bearer x") == 401
