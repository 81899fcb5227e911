"""The simulated Launchpad, asked as nobody should."""

import json

import pytest
from tests import asked

from malonewatch.testing.launchpad import LaunchpadSimulator


@pytest.fixture
def simulator():
    with LaunchpadSimulator() as simulator:
        simulator.add("frob#1")
        simulator.add("frob#2", status="Fix Released")
        simulator.add("frob/trunk#3")
        simulator.add("frob#4", duplicate_of="1")
        yield simulator


def ask(simulator, query):
    """The status and the text of the answer."""
    status, _, text = asked.ask(f"{simulator.url}/1.0/bugs{query}")
    return status, text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        # Not all that there are.
        ("", []),
        ("?ws.op=searchTasks", ["1"]),
        ("?ws.op=searchTasks&status=Fix+Released", ["2"]),
        ("?ws.op=searchTasks&omit_targeted=false", ["1", "3"]),
        ("?ws.op=searchTasks&omit_duplicates=false", ["1", "4"]),
    ],
)
def test_a_search_leaves_out_much_by_itself(simulator, query, numbers):
    status, text = ask(simulator, query)
    found = [entry["bug_link"].rpartition("/")[2] for entry in json.loads(text)["entries"]]
    assert (status, found) == (200, numbers)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("status=Unknown", 'status: Invalid value "Unknown".'),
        ("order_by=date_created", "Unrecognized order_by: 'date_created'"),
        ("modified_since=2024-01-01T00:00:00%2B02:00", "modified_since: Time not in UTC."),
    ],
)
def test_a_search_for_what_there_is_not_is_refused(simulator, query, why):
    assert ask(simulator, f"?ws.op=searchTasks&{query}") == (400, why)
