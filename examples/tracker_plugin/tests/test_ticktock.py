from ticktock import TickTock
from ticktock.testing import TickTockSimulator

from malonewatch.interfaces import BugTaskStatus, Credentials, RemoteBug
from malonewatch.testing.asking import Asker
from malonewatch.testing.conformance import (
    BatchesConformance,
    ChangesSinceConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
    ValidatorsConformance,
)


class TestTickTock(
    BatchesConformance,
    ChangesSinceConformance,
    CredentialsConformance,
    DuplicatesConformance,
    MovesConformance,
    ValidatorsConformance,
    ExternalBugTrackerConformance,
):
    factory = TickTock
    simulator = TickTockSimulator
    urls = [
        ("https://tick.example.com/tickets/TT-42", "https://tick.example.com", "TT-42"),
        ("http://example.com/tick/tickets/tt-042?page=2", "http://example.com/tick", "TT-42"),
    ]
    not_urls = [
        "https://tick.example.com/tickets/42",
        "https://tick.example.com/tickets/TT-",
        "https://tick.example.com/api/tickets/TT-42/history",
    ]
    ids = staticmethod("TT-{}".format)
    spellings = [("TT-42", "TT-42"), (" tt-42 ", "TT-42"), ("#TT-0042", "TT-42")]
    # There are four questions to a full batch, which the last one repeats.
    requests_for_three_batches = 12
    # Fewer bugs fit into a single question.
    bugs_since = 120
    simulator_with_login = staticmethod(lambda: TickTockSimulator({"open sesame": "anna"}))
    login = Credentials(token="open sesame")
    wrong_login = Credentials(token="open barley")


def test_more_changes_than_fit_on_a_page_are_all_seen():
    ids = [f"TT-{number}" for number in range(1, 151)]
    with TickTockSimulator() as simulator:
        for id in ids:
            simulator.add(id)
        asker = Asker(TickTock, simulator.url)
        asker.ask(ids)
        since = simulator.now()
        for id in ids[:80]:
            simulator.change(id, status="stopped")
        simulator.requests.clear()
        outcomes = asker.ask(ids, since=since)
        assert len(simulator.requests) == 2
    changed = [each for each in outcomes.values() if isinstance(each, RemoteBug)]
    assert len(changed) == 80
    assert {bug.status for bug in changed} == {BugTaskStatus.FIXRELEASED}
