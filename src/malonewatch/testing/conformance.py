"""What every type of external bug tracker has to do, as tests to inherit.

A type's test module composes them (pytest runs them, nothing of pytest is
needed here)::

    class TestBugzilla(ExternalBugTrackerConformance):
        factory = Bugzilla
        simulator = BugzillaSimulator
        urls = [("https://bugs.example.com/show_bug.cgi?id=42", "https://bugs.example.com", "42")]
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import ClassVar
from urllib.parse import urlsplit

from zope.interface.verify import verifyObject

from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    IExternalBugTracker,
    IExternalBugTrackerType,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.simulator import Simulator


class ExternalBugTrackerConformance:
    """Tests of one type, or of one dialect of it, against its simulator."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: (URL, base URL, remote id) of bugs, to be recognised without more ado.
    urls: ClassVar[list[tuple[str, str, str]]]
    #: URLs that look a little like one.
    not_urls: ClassVar[list[str]] = []
    #: An id that the type cannot have.
    invalid_id = "no such id"
    #: Whether such a bug tracker has private bugs and says so.
    has_private_bugs = True
    #: How many requests three full batches of good bugs may take, with probes.
    requests_for_three_batches = 4

    def asker(self, simulator: Simulator) -> Asker:
        return Asker(type(self).factory, simulator.url)

    def external(self, baseurl: str = "http://bugs.example.com") -> ExternalBugTracker:
        factory = type(self).factory
        return factory(BugTrackerFacts("x", BugTrackerType(factory.__name__.upper()), baseurl))

    def test_it_provides_the_interfaces(self) -> None:
        verifyObject(IExternalBugTracker, self.external())
        verifyObject(IExternalBugTrackerType, type(self).factory)

    def test_bug_urls_are_recognised(self) -> None:
        for url, baseurl, remotebug in self.urls:
            assert self.factory.parseBugURL(urlsplit(url)) == (baseurl, remotebug), url

    def test_the_url_of_a_bug_leads_back_to_it(self) -> None:
        for _, baseurl, remotebug in self.urls:
            url = self.external(baseurl).getBugURL(remotebug)
            found = self.factory.parseBugURL(urlsplit(url), baseurl)
            assert found == (baseurl, remotebug), url

    def test_other_urls_are_not_recognised(self) -> None:
        for url in self.not_urls:
            assert self.factory.parseBugURL(urlsplit(url)) is None, url

    def test_ids_are_canonical(self) -> None:
        for text in ("42", " 42 ", "#42", "0042"):
            assert self.factory.canonicalRemoteBug(text) == "42"

    def test_every_status_in_the_table_means_something(self) -> None:
        external = self.external()
        assert external.status_table
        for remotestatus, status in external.status_table.items():
            assert external.convertRemoteStatus(remotestatus) is status
            assert status is not BugTaskStatus.UNKNOWN

    def test_an_unknown_status_is_visible_as_such(self) -> None:
        assert self.external().convertRemoteStatus("XYZZY") is BugTaskStatus.UNKNOWN

    def test_each_bug_has_an_outcome_of_its_own(self) -> None:
        with type(self).simulator() as simulator:
            simulator.add("1", title='Ünïcode, "quotes" & <tags>')
            simulator.add("2", malformed=True)
            simulator.add("3", private=self.has_private_bugs)
            simulator.add("5")
            outcomes = self.asker(simulator).ask(["1", "2", "3", "4", "5", self.invalid_id])
        first = outcomes["1"]
        assert isinstance(first, RemoteBug)
        assert first.title == 'Ünïcode, "quotes" & <tags>'
        assert first.remotestatus and first.status is not BugTaskStatus.UNKNOWN
        assert first.modified == datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        assert isinstance(outcomes["5"], RemoteBug)
        expected = {
            "2": BugWatchErrorType.UNPARSABLE_BUG,
            "4": BugWatchErrorType.BUG_NOT_FOUND,
            self.invalid_id: BugWatchErrorType.INVALID_BUG_ID,
        }
        if self.has_private_bugs:
            expected["3"] = BugWatchErrorType.PRIVATE_REMOTE_BUG
        for remotebug, error_type in expected.items():
            outcome = outcomes[remotebug]
            assert isinstance(outcome, RemoteBugError), outcome
            assert outcome.error_type is error_type, outcome
            assert remotebug in outcome.message

    def test_one_bad_bug_costs_the_others_nothing(self) -> None:
        good = [str(number) for number in range(1, 51)]
        for bad in ({"malformed": True}, {"private": True}, None):
            if bad == {"private": True} and not self.has_private_bugs:
                continue
            with type(self).simulator() as simulator:
                for remotebug in good:
                    simulator.add(remotebug)
                if bad is not None:
                    simulator.add("25", **bad)
                else:
                    del simulator.bugs["25"]
                outcomes = self.asker(simulator).ask(good)
            assert isinstance(outcomes.pop("25"), RemoteBugError)
            assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())

    def test_many_bugs_take_few_requests(self) -> None:
        size = self.factory.request_size
        with type(self).simulator() as simulator:
            ids = [str(number) for number in range(1, 3 * size + 1)]
            for remotebug in ids:
                simulator.add(remotebug)
            asker = self.asker(simulator)
            for start in range(0, len(ids), size):
                outcomes = asker.ask(ids[start : start + size])
                assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
            assert len(simulator.requests) <= self.requests_for_three_batches

    def test_the_dialect_is_learnt_and_not_probed_again(self) -> None:
        with type(self).simulator() as simulator:
            simulator.add("1")
            asker = self.asker(simulator)
            asker.ask(["1"])
            simulator.requests.clear()
            asker.ask(["1"])
            assert len(simulator.requests) == 1

    def test_what_has_not_changed_since_is_unchanged(self) -> None:
        with type(self).simulator() as simulator:
            simulator.add("1")
            simulator.add("2")
            asker = self.asker(simulator)
            asker.ask(["1", "2"])
            since = simulator.now() - timedelta(minutes=5)
            simulator.change("2", title="Another")
            outcomes = asker.ask(["1", "2"], since=since)
        # A dialect that cannot tell what changed gives the whole bug instead.
        assert isinstance(outcomes["1"], (RemoteBug, RemoteBugUnchanged))
        assert asker.factory.changed_since or isinstance(outcomes["1"], RemoteBug)
        assert isinstance(outcomes["2"], RemoteBug)
        assert outcomes["2"].title == "Another"

    def test_trouble_is_the_bug_trackers(self) -> None:
        with type(self).simulator() as simulator:
            simulator.add("1")
            simulator.quota = 0
            asker = self.asker(simulator)
            try:
                asker.ask(["1"])
            except BugTrackerTrouble as trouble:
                assert trouble.error_type is BugWatchErrorType.RATE_LIMITED
                assert trouble.retry_after == 60
            else:
                raise AssertionError("no trouble")
