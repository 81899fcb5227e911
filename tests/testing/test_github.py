"""The simulated GitHub, asked as nobody should, or as others do."""

import json

import pytest
from tests import asked

from malonewatch.testing.github import GitHubSimulator


@pytest.fixture
def simulator():
    with GitHubSimulator() as simulator:
        simulator.token = "ghp_sesame"
        simulator.add("a/b#1")
        simulator.renamed["old/b"] = "a/b"
        yield simulator


def ask(simulator, path, value=None, **headers):
    """The status, the headers and the value of the answer."""
    body = None if value is None else json.dumps(value)
    status, found, text = asked.ask(simulator.url + path, body, **headers)
    return status, found, json.loads(text or "null")


@pytest.mark.parametrize(("path", "value"), [("/api/v3/user", None), ("/api/graphql", {})])
def test_who_has_to_log_in_is_told(simulator, path, value):
    assert ask(simulator, path, value)[0] == 401


def test_a_query_for_what_there_is_not_is_refused(simulator):
    _, _, answer = ask(
        simulator, "/api/graphql", {"query": "query{viewer}"}, Authorization="Bearer ghp_sesame"
    )
    assert answer["errors"][0]["message"] == "Field 'viewer' doesn't exist on type 'Query'"


def test_an_issue_that_is_as_it_was_is_not_sent_again(simulator):
    path = "/api/v3/repos/a/b/issues/1"
    _, headers, _ = ask(simulator, path)
    assert ask(simulator, path, If_None_Match=headers["ETag"])[0] == 304


def test_once_the_hour_is_used_up_there_is_no_answer(simulator):
    simulator.anonymous = 1
    codes = [ask(simulator, "/api/v3/repos/a/b/issues/1")[0] for _ in range(2)]
    assert codes == [200, 403]


def test_a_redirect_keeps_the_query(simulator):
    _, _, found = ask(simulator, "/api/v3/repos/old/b/issues/1?x=y")
    assert found["number"] == 1
    assert simulator.requests[-1].endswith("/issues/1?x=y")
