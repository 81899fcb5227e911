"""The simulated Gitea, asked as nobody should."""

import json

import pytest
from tests import asked

from malonewatch.testing.gitea import GiteaSimulator


@pytest.fixture
def simulator():
    with GiteaSimulator() as simulator:
        for number in range(1, 41):
            simulator.add(f"a/b#{number}", status="closed" if number > 35 else "open")
        yield simulator


def ask(simulator, path):
    """The status and the value of the answer."""
    status, _, text = asked.ask(f"{simulator.url}/api/v1{path}")
    return status, json.loads(text)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/user", 401, "token is required"),
        ("/repos/a/b/labels", 404, "couldn't be found"),
        ("/repos/a/b/issues/99", 404, "does not exist"),
        ("/repos/a/b/issues?since=yesterday", 422, "parsing time"),
    ],
)
def test_what_it_does_not_have_is_an_error(simulator, path, status, message):
    found, answer = ask(simulator, path)
    assert found == status
    assert message in answer["message"]


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 30), ("?page=2", 5), ("?state=closed", 5), ("?state=all&limit=1000", 40)],
)
def test_a_list_has_open_issues_thirty_a_page_unless_others_are_wanted(simulator, query, count):
    _, issues = ask(simulator, f"/repos/a/b/issues{query}")
    assert len(issues) == count
