"""Asking a real Trac, and comparing with what its own model says."""

import contextlib
import os
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.externalbugtracker.driver import build_url
from malonewatch.externalbugtracker.trac import COLUMNS, Query, Trac
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.trac import TracSimulator

from .trac_server import PRIVATE_KEYWORD, NotServing, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(serving(tmp_path_factory.mktemp("trac")))
        except NotServing as reason:
            if os.environ.get("CI"):
                pytest.fail(f"No real Trac: {reason}")
            pytest.skip(f"No real Trac: {reason}")
        yield running


@pytest.fixture(scope="module")
def plain(server):
    """Tickets that everybody may see, by number, as Trac's model gives them."""
    return {
        number: ticket
        for number, ticket in server.tickets("plain").items()
        if ticket["keywords"] != PRIVATE_KEYWORD
    }


def asker(server, project):
    return Asker(Trac, f"{server.url}/{project}")


def changetime(ticket):
    return datetime.fromtimestamp(ticket["changetime"], timezone.utc)


def get(url):
    """The status and the body of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_every_ticket_is_as_trac_says(server, plain):
    outcomes = asker(server, "plain").ask(plain)
    for number, ticket in plain.items():
        outcome = outcomes[number]
        assert isinstance(outcome, RemoteBug), outcome
        assert outcome.title == ticket["summary"]
        assert outcome.remotestatus == f"{ticket['status']} {ticket['resolution']}".strip()
        assert outcome.resolution == ticket["resolution"]
        assert outcome.remote_importance == ticket["priority"]


def test_no_default_status_or_priority_is_unknown(server, plain):
    assert {ticket["status"] for ticket in plain.values()} == {
        *("new", "assigned", "accepted", "reopened", "closed")
    }
    assert {ticket["resolution"] for ticket in plain.values()} == {
        *("", "fixed", "invalid", "wontfix", "duplicate", "worksforme")
    }
    assert {ticket["priority"] for ticket in plain.values()} == {
        *("blocker", "critical", "major", "minor", "trivial")
    }
    for outcome in asker(server, "plain").ask(plain).values():
        assert outcome.status is not BugTaskStatus.UNKNOWN, outcome
        assert outcome.importance is not BugTaskImportance.UNKNOWN, outcome


def test_all_tickets_come_in_one_request(server, plain):
    asking = asker(server, "plain")
    asking.ask(plain)
    assert len(asking.exchanges) == 1


def test_why_a_ticket_cannot_be_had(server, plain):
    everything = server.tickets("plain")
    (private,) = everything.keys() - plain.keys()
    last = max(map(int, everything))
    (deleted,) = {str(number) for number in range(1, last)} - everything.keys()
    outcomes = asker(server, "plain").ask([*plain, private, deleted, "999", "0", "abc"])
    errors = {
        number: outcome.error_type
        for number, outcome in outcomes.items()
        if isinstance(outcome, RemoteBugError)
    }
    assert errors == {
        private: BugWatchErrorType.PRIVATE_REMOTE_BUG,
        deleted: BugWatchErrorType.BUG_NOT_FOUND,
        "999": BugWatchErrorType.BUG_NOT_FOUND,
        "0": BugWatchErrorType.BUG_NOT_FOUND,
        "abc": BugWatchErrorType.INVALID_BUG_ID,
    }


def test_a_severity_that_is_known_decides(server):
    tickets = server.tickets("iso")
    outcomes = asker(server, "iso").ask(tickets)
    importances = {
        ticket["severity"]: outcomes[number].importance for number, ticket in tickets.items()
    }
    assert importances == {
        "blocker": BugTaskImportance.CRITICAL,
        "minor": BugTaskImportance.LOW,
        # These leave it to the priority, which is major.
        "catastrophic": BugTaskImportance.HIGH,
        "": BugTaskImportance.HIGH,
    }


def test_times_in_iso_8601_are_exact_whatever_the_zone(server):
    tickets = server.tickets("iso")
    for number, outcome in asker(server, "iso").ask(tickets).items():
        assert outcome.modified == changetime(tickets[number]).replace(microsecond=0)


def test_times_for_people_are_not_guessed_at(server, plain):
    assert {outcome.modified for outcome in asker(server, "plain").ask(plain).values()} == {None}


def test_what_is_known_is_asked_for_in_full_all_the_same(server, plain):
    # It takes no more requests than to ask what changed, and tells what is gone.
    asking = asker(server, "plain")
    outcomes = asking.ask(plain, since=datetime.now(timezone.utc))
    assert len(asking.exchanges) == 1
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize("project", ["iso", "plain"])
def test_it_says_what_changed_whatever_the_zone(server, plain, project):
    tickets = plain if project == "plain" else server.tickets(project)
    asking = asker(server, project)
    asking.ask(["1", "2"])
    for since in {changetime(ticket).replace(microsecond=0) for ticket in tickets.values()}:
        for moment in (since, since + timedelta(seconds=1)):
            expected = {
                number for number, ticket in tickets.items() if changetime(ticket) >= moment
            }
            assert set(asking.sweep(moment)) == expected
            assert len(asking.exchanges) == 1


def test_a_change_is_seen(server):
    before = asker(server, "iso").ask(["4"])["4"]
    server.change("iso", "4", status="closed", resolution="fixed")
    outcome = asker(server, "iso").ask(["4"])["4"]
    assert outcome.status is BugTaskStatus.FIXRELEASED
    assert outcome.modified == changetime(server.tickets("iso")["4"]).replace(microsecond=0)
    assert outcome.modified > before.modified


def test_a_full_request_is_not_too_much(server):
    # As many runs as that number of ids can make, of long numbers.
    ids = [
        str(10_000_000 + 3 * pair + number)
        for pair in range(Trac.request_size // 2)
        for number in range(2)
    ]
    asking = asker(server, "plain")
    (ask,) = Query(Trac(asking.facts)).ask_many(["1", *ids[1:]], None)
    status, body = get(build_url(asking.baseurl + ask.path, ask.query))
    assert status == 200
    assert len(body.splitlines()) == 2


def test_it_says_what_it_is(server):
    assert asker(server, "plain").identify() == "Trac"


def test_a_trac_for_members_only_wants_credentials(server):
    with pytest.raises(BugTrackerCredentialsRefused, match="wants a log-in"):
        asker(server, "members").ask(["1"])


def test_where_no_trac_is_served_none_is_supported(server):
    with pytest.raises(UnsupportedBugTracker):
        asker(server, "nosuch").ask(["1"])


def test_links_lead_to_pages(server):
    external = Trac(BugTrackerFacts("x", BugTrackerType.TRAC, f"{server.url}/plain"))
    links = external.getBugFilingAndSearchLinks(summary="Closed", description="As it was")
    status, page = get(links.bug_search_url)
    assert status == 200
    assert b"in two lines" in page
    assert get(external.getBugURL("1"))[0] == 200
    # Anonymous users may not file tickets; but there is such a page.
    assert get(links.bug_filing_url)[0] == 403


# The simulator, against the real one.


@pytest.fixture
def simulator(server):
    with TracSimulator(zone=timezone(timedelta(hours=5, minutes=30))) as simulator:
        for number, ticket in server.tickets("iso").items():
            simulator.add(
                number,
                title=ticket["summary"],
                **{name: ticket[name] for name in ("status", "resolution", "priority", "severity")},
                modified=changetime(ticket),
            )
        yield simulator


@pytest.mark.parametrize(
    "query",
    [
        "id=1-3",
        "id=1,2,4&changetime=2024-01-03T03:04:05Z..",
        "id=1-4&changetime=2024-01-03T03:04:06Z..",
        "id=1-4&changetime=2024-01-03T08:34:05..",
        "id=1-4&changetime=2024-01-03T08:34:06..",
        "id=1&id=3",
        "id=1-3&max=1",
        "id=999",
        "id=abc",
        "id=1,abc",
        "id=1&changetime=rubbish..",
        "changetime=2024-01-03T03:04:06Z..",
        f"id=1-{2**31 - 1}&changetime=2024-01-03T03:04:06Z..",
        "max=0",
        "id=1-4&modified=2024-01-03T03:04:06Z..",
    ],
)
def test_the_simulator_answers_queries_as_trac_does(server, simulator, query):
    query += "&format=csv&order=id&col=nosuch" + "".join(f"&col={name}" for name in COLUMNS)
    real = get(f"{server.url}/iso/query?{query}")
    assert get(f"{simulator.url}/query?{query}") == real
    assert real[0] == 200


@pytest.mark.parametrize(
    "path", ["query", "ticket/1", "ticket/999?format=csv", "ticket/abc?format=csv"]
)
def test_the_simulator_has_pages_where_trac_has_them(server, simulator, path):
    status, page = get(f"{simulator.url}/{path}")
    real_status, real_page = get(f"{server.url}/iso/{path}")
    assert status == real_status
    assert b"<!DOCTYPE html>" in page
    assert b"<!DOCTYPE html>" in real_page


def test_the_simulator_gives_a_ticket_as_trac_does(server, simulator):
    numbers = list(simulator.bugs)
    there = Asker(Trac, f"{server.url}/iso", dialect="ticket").ask(numbers)
    here = Asker(Trac, simulator.url, dialect="ticket").ask(numbers)
    # Trac has more columns than are read.
    assert [bug._replace(raw=None) for bug in here.values()] == (
        [bug._replace(raw=None) for bug in there.values()]
    )
