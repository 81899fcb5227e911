"""The simulated GitLab, asked as nobody should."""

import json

import pytest
from tests import asked

from malonewatch.testing.gitlab import GitLabSimulator


@pytest.fixture
def simulator():
    with GitLabSimulator() as simulator:
        for number in range(1, 31):
            simulator.add(f"a/b#{number}", status="closed" if number > 25 else "opened")
        yield simulator


def ask(simulator, path, value=None):
    """The status and the value of the answer."""
    body = None if value is None else json.dumps(value)
    status, _, text = asked.ask(simulator.url + path, body)
    return status, json.loads(text)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/v4/user", 401, "401 Unauthorized"),
        ("/api/v4/issues?updated_after=2024-01-01T00:00:00Z", 401, "401 Unauthorized"),
        ("/api/v4/projects/a%2Fb", 404, "404 Not Found"),
        ("/api/v4/projects/a%2Fc/issues", 404, "404 Project Not Found"),
        ("/api/v4/projects/a%2Fb/issues/99", 404, "404 Not found"),
    ],
)
def test_what_it_does_not_have_is_not_found(simulator, path, status, message):
    assert ask(simulator, path) == (status, {"message": message})


@pytest.mark.parametrize(
    ("query", "length"), [("", 20), ("?per_page=1000", 30), ("?state=closed", 5), ("?iids[]=7", 1)]
)
def test_a_list_is_of_all_issues_but_for_what_is_asked(simulator, query, length):
    status, issues = ask(simulator, f"/api/v4/projects/a%2Fb/issues{query}")
    assert (status, len(issues)) == (200, length)


def test_a_query_that_is_too_complex_is_refused(simulator):
    fields = " ".join(
        f'p{number}: project(fullPath: "a/b") {{'
        "issues(iids: $iids) {nodes {labels {nodes {title}}}}}"
        for number in range(21)
    )
    value = {"query": f"query($iids: [String!]) {{{fields}}}", "variables": {"iids": ["1"]}}
    status, answer = ask(simulator, "/api/graphql", value)
    (error,) = answer["errors"]
    assert (status, error["message"]) == (
        *(200, "Query has complexity of 210, which exceeds max complexity of 200"),
    )


def test_a_time_has_to_be_one(simulator):
    path = "/api/v4/merge_requests?scope=all&updated_after=yesterday"
    assert ask(simulator, path) == (400, {"error": "updated_after is invalid"})
