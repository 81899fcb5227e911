"""What every type of external bug tracker has to do, as tests to inherit.

A type's test module composes them (pytest runs them, nothing of pytest is
needed here), with a mixin for each capability that the type has::

    class TestBugzilla(BatchesConformance, ExternalBugTrackerConformance):
        factory = Bugzilla
        simulator = BugzillaSimulator
        urls = [("https://bugs.example.com/show_bug.cgi?id=42", "https://bugs.example.com", "42")]

Every attribute of `ExternalBugTrackerConformance` that a type does not share
may be given another value.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import web
from zope.interface.verify import verifyObject

from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerServerError,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    Credentials,
    IBatches,
    IChangesSince,
    IDuplicates,
    IExternalBugTracker,
    IExternalBugTrackerType,
    IMoves,
    IValidators,
    Outcome,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.faults import FAULTS, answer
from malonewatch.testing.simulator import Simulator

#: Faults that are of no use here: each takes as long as a time limit.
SLOW_FAULTS = frozenset(
    ["silent", "silent in mid-body", "drip", "endless headers", "endless interim answers"]
)


class ExternalBugTrackerConformance:
    """Tests of one type, or of one dialect of it, against its simulator."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: (URL, base URL, remote id) of bugs, to be recognised without more ado.
    urls: ClassVar[list[tuple[str, str, str]]]
    #: URLs that look a little like one.
    not_urls: ClassVar[list[str]] = []
    #: Ids of bugs; as many as are asked for at once, and two more.
    ids: ClassVar[Callable[[int], str]] = staticmethod(str)
    #: (as people write it, canonical) ids.
    spellings: ClassVar[list[tuple[str, str]]] = [
        ("42", "42"),
        (" 42 ", "42"),
        ("#42", "42"),
        ("0042", "42"),
    ]
    #: An id that the type cannot have.
    invalid_id = "no such id"
    #: Whether such a bug tracker has private bugs and says so.
    has_private_bugs = True
    #: Whether an answer for many bugs says of each what it has none of.
    says_what_is_missing = False
    #: Whether it tells when a bug was last modified, to the second.
    tells_modified = True

    def asker(self, simulator: Simulator) -> Asker:
        return Asker(type(self).factory, simulator.url)

    def external(self, baseurl: str = "http://bugs.example.com") -> ExternalBugTracker:
        factory = type(self).factory
        return factory(BugTrackerFacts("x", BugTrackerType(factory.name), baseurl))

    def numbered(self, *numbers: int) -> list[str]:
        return [type(self).ids(number) for number in numbers]

    # Without a server.

    def test_it_provides_the_interfaces(self) -> None:
        verifyObject(IExternalBugTracker, self.external())
        verifyObject(IExternalBugTrackerType, type(self).factory)

    def test_its_name_is_in_upper_case(self) -> None:
        assert self.factory.name == self.factory.name.upper()

    def test_bug_urls_are_recognised(self) -> None:
        for url, baseurl, remotebug in self.urls:
            found = self.factory.parseBugURL(urlsplit(url))
            assert found is not None, url
            assert found[:2] == (baseurl, remotebug), url

    def test_the_url_of_a_bug_leads_back_to_it(self) -> None:
        for _, baseurl, remotebug in self.urls:
            url = self.external(baseurl).getBugURL(remotebug)
            found = self.factory.parseBugURL(urlsplit(url), baseurl)
            assert found is not None, url
            assert found[:2] == (baseurl, remotebug), url

    def test_other_urls_are_not_recognised(self) -> None:
        for url in self.not_urls:
            assert self.factory.parseBugURL(urlsplit(url)) is None, url

    def test_ids_are_canonical(self) -> None:
        for text, canonical in self.spellings:
            assert self.factory.canonicalRemoteBug(text) == canonical, text
            assert self.factory.is_valid(canonical), canonical

    def test_every_status_in_the_table_means_something(self) -> None:
        external = self.external()
        assert external.status_table
        for remotestatus, status in external.status_table.items():
            assert external.convertRemoteStatus(remotestatus) is status, remotestatus
            assert status is not BugTaskStatus.UNKNOWN, remotestatus

    def test_an_unknown_status_is_visible_as_such(self) -> None:
        assert self.external().convertRemoteStatus("XYZZY") is BugTaskStatus.UNKNOWN

    def test_links_are_urls_with_nothing_unquoted_in_them(self) -> None:
        links = self.external().getBugFilingAndSearchLinks("A & B", "It's #1 <b>", "x=y&z")
        for link in filter(None, links):
            assert link.startswith("http://bugs.example.com/"), link
            assert not set(" <>'\"") & set(link), link

    # With one.

    def test_each_bug_has_an_outcome_of_its_own(self) -> None:
        one, two, three, four, five = self.numbered(1, 2, 3, 4, 5)
        with type(self).simulator() as simulator:
            simulator.add(one, title='Ünïcode, "quotes" & <tags>')
            simulator.add(two, malformed=True)
            simulator.add(three, private=self.has_private_bugs)
            simulator.add(five)
            outcomes = self.asker(simulator).ask([one, two, three, four, five, self.invalid_id])
        first = outcomes[one]
        assert isinstance(first, RemoteBug), first
        assert first.title == 'Ünïcode, "quotes" & <tags>'
        assert first.remotestatus
        assert first.status is not BugTaskStatus.UNKNOWN
        if self.tells_modified:
            assert first.modified == datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        assert isinstance(outcomes[five], RemoteBug)
        expected = {
            two: BugWatchErrorType.UNPARSABLE_BUG,
            four: BugWatchErrorType.BUG_NOT_FOUND,
            self.invalid_id: BugWatchErrorType.INVALID_BUG_ID,
        }
        if self.has_private_bugs:
            expected[three] = BugWatchErrorType.PRIVATE_REMOTE_BUG
        for remotebug, error_type in expected.items():
            outcome = outcomes[remotebug]
            assert isinstance(outcome, RemoteBugError), outcome
            assert outcome.error_type is error_type, outcome
            assert remotebug in outcome.message

    def test_one_bad_bug_costs_the_others_nothing(self) -> None:
        good = self.numbered(*range(1, 51))
        bad_one = good[24]
        for bad in ({"malformed": True}, {"private": True}, None):
            if bad == {"private": True} and not self.has_private_bugs:
                continue
            with type(self).simulator() as simulator:
                for remotebug in good:
                    simulator.add(remotebug)
                if bad is not None:
                    simulator.add(bad_one, **bad)
                else:
                    del simulator.bugs[bad_one]
                outcomes = self.asker(simulator).ask(good)
            assert isinstance(outcomes.pop(bad_one), RemoteBugError)
            assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())

    def test_a_bug_that_is_absent_from_an_answer_is_asked_for_again(self) -> None:
        one, two = self.numbered(1, 2)
        with type(self).simulator() as simulator:
            simulator.add(one)
            asker = self.asker(simulator)
            asker.ask([one])
            simulator.requests.clear()
            outcome = asker.ask([one, two])[two]
            assert self.says_what_is_missing or len(simulator.requests) > 1
        assert isinstance(outcome, RemoteBugError)
        assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND

    def test_the_dialect_is_learnt_and_not_probed_again(self) -> None:
        (one,) = self.numbered(1)
        with type(self).simulator() as simulator:
            simulator.add(one)
            asker = self.asker(simulator)
            asker.ask([one])
            assert asker.dialect is not None
            assert asker.reason
            simulator.requests.clear()
            asker.ask([one])
            assert len(simulator.requests) == 1

    def test_one_bad_answer_does_not_change_the_dialect(self) -> None:
        (one,) = self.numbered(1)
        with type(self).simulator() as simulator:
            simulator.add(one)
            asker = self.asker(simulator)
            before = asker.ask([one])
            dialect = asker.dialect
            for name in ("page", "500", "truncated JSON"):
                simulator.fault = FAULTS[name]
                self.trouble_of(asker, [one])
                simulator.fault = None
                assert asker.dialect == dialect, name
            assert asker.ask([one]) == before

    def test_it_says_what_it_is(self) -> None:
        with type(self).simulator() as simulator:
            for remotebug in self.numbered(1):
                simulator.add(remotebug)
            assert self.asker(simulator).identify()

    def test_it_knows_what_it_is_not(self) -> None:
        # There is nothing; a page, whatever one asks; or something else altogether.
        for fault in (None, FAULTS["page"], answer(200, '{"a": 1}'), answer(404, "{}")):
            with Simulator() as simulator:
                simulator.fault = fault
                assert self.asker(simulator).identify() is None
                assert len(simulator.requests) <= 3

    def test_trouble_is_the_bug_trackers(self) -> None:
        (one,) = self.numbered(1)
        with type(self).simulator() as simulator:
            simulator.add(one)
            simulator.quota = 0
            trouble = self.trouble_of(self.asker(simulator), [one])
        assert trouble.error_type is BugWatchErrorType.RATE_LIMITED
        assert trouble.retry_after is not None
        assert 58 <= trouble.retry_after <= 60

    def test_whatever_goes_wrong_is_the_bug_trackers_trouble(self) -> None:
        (one,) = self.numbered(1)
        for name in sorted(FAULTS.keys() - SLOW_FAULTS):
            with type(self).simulator() as simulator:
                simulator.add(one)
                simulator.fault = FAULTS[name]
                trouble = self.trouble_of(self.asker(simulator), [one])
                assert trouble.error_type.owner.name == "TRACKER", name

    def test_it_does_not_go_on_asking_a_bug_tracker_that_is_down(self) -> None:
        ids = self.numbered(*range(1, 21))
        with type(self).simulator() as simulator:
            for remotebug in ids:
                simulator.add(remotebug)
            asker = self.asker(simulator)
            asker.ask(ids[:1])
            simulator.requests.clear()
            simulator.fault = FAULTS["500"]
            trouble = self.trouble_of(asker, ids)
            assert isinstance(trouble, BugTrackerServerError), trouble
            assert len(simulator.requests) <= 3

    def trouble_of(self, asker: Asker, ids: Sequence[str]) -> BugTrackerTrouble:
        """The trouble that asking for `ids` leads to."""
        try:
            outcomes = asker.ask(ids)
        except BugTrackerTrouble as trouble:
            return trouble
        raise AssertionError(f"no trouble, but {outcomes}")


class BatchesConformance:
    """For types that ask for many bugs in one request."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: How many requests three full batches of good bugs may take, with probes.
    requests_for_three_batches = 5

    numbered: Callable[..., list[str]]
    asker: Callable[[Simulator], Asker]

    def test_it_says_that_it_batches(self) -> None:
        assert IBatches.implementedBy(self.factory)

    def test_many_bugs_take_few_requests(self) -> None:
        size = self.factory.request_size
        with type(self).simulator() as simulator:
            ids = self.numbered(*range(1, 3 * size + 1))
            for remotebug in ids:
                simulator.add(remotebug)
            asker = self.asker(simulator)
            for start in range(0, len(ids), size):
                outcomes = asker.ask(ids[start : start + size])
                assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
            assert len(simulator.requests) <= self.requests_for_three_batches

    def test_a_bug_that_spoils_the_answer_for_all_is_found_and_asked_for_apart(self) -> None:
        ids = self.numbered(*range(1, self.factory.request_size + 1))
        bad = ids[len(ids) // 3]
        for spoil in (fails, stumbles):
            with type(self).simulator() as simulator:
                for remotebug in ids:
                    simulator.add(remotebug)
                asker = self.asker(simulator)
                asker.ask(ids[:1])
                simulator.spoiler = bad
                simulator.spoil = spoil
                simulator.requests.clear()
                outcomes = asker.ask(ids)
                assert len(simulator.requests) <= 25, len(simulator.requests)
                outcome: Any = outcomes.pop(bad)
                assert outcome.apart, outcome
                assert all(isinstance(each, RemoteBug) for each in outcomes.values())
                simulator.requests.clear()
                (outcome,) = asker.ask([bad], apart=True).values()
                assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG, outcome
                assert outcome.apart
                # One for the bug, and one to see whether the bug tracker is there at all.
                assert len(simulator.requests) <= 2, simulator.requests


async def fails(request: web.Request) -> web.StreamResponse:
    """A server that stumbles over a bug."""
    return web.Response(status=500, text="Internal error")


async def stumbles(request: web.Request) -> web.StreamResponse:
    """A server that writes what cannot be read."""
    return web.Response(body=b'<"\xff\x00 \x1b', content_type="application/octet-stream")


class ChangesSinceConformance:
    """For types that can be asked what changed since a time."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: From how many bugs on that takes fewer requests than asking for all.
    bugs_since = 10
    numbered: Callable[..., list[str]]
    asker: Callable[[Simulator], Asker]

    def test_it_says_that_it_tells_changes(self) -> None:
        assert IChangesSince.implementedBy(self.factory)

    def test_what_has_not_changed_since_is_unchanged(self) -> None:
        ids = self.numbered(*range(1, self.bugs_since + 1))
        with type(self).simulator() as simulator:
            for remotebug in ids:
                simulator.add(remotebug)
            asker = self.asker(simulator)
            asker.ask(ids)
            since = simulator.now() - timedelta(minutes=5)
            simulator.change(ids[1], title="Another")
            simulator.requests.clear()
            outcomes = asker.ask(ids, since=since)
            assert len(simulator.requests) < len(ids)
        changed = outcomes.pop(ids[1])
        assert isinstance(changed, RemoteBug)
        assert changed.title == "Another"
        assert all(isinstance(outcome, RemoteBugUnchanged) for outcome in outcomes.values())


class DuplicatesConformance:
    """For types that tell which bug another one duplicates."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: What makes a simulated bug a duplicate, beside `duplicate_of`.
    duplicate: ClassVar[dict[str, Any]] = {}
    numbered: Callable[..., list[str]]
    asker: Callable[[Simulator], Asker]

    def test_it_says_that_it_tells_duplicates(self) -> None:
        assert IDuplicates.implementedBy(self.factory)

    def test_a_duplicate_names_the_other_bug(self) -> None:
        one, two = self.numbered(1, 2)
        with type(self).simulator() as simulator:
            simulator.add(one)
            simulator.add(two, duplicate_of=one, **self.duplicate)
            outcomes: dict[str, Any] = dict(self.asker(simulator).ask([one, two]))
        assert outcomes[two].duplicate_of == one
        assert outcomes[one].duplicate_of is None


class MovesConformance:
    """For types that tell where a bug moved to."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: What `SimulatedBug.moved_to` is of a bug that moved to the second of two ids.
    numbered: Callable[..., list[str]]
    asker: Callable[[Simulator], Asker]

    def test_it_says_that_it_tells_moves(self) -> None:
        assert IMoves.implementedBy(self.factory)

    def test_a_bug_that_moved_tells_where_it_is(self) -> None:
        one, two = self.numbered(1, 2)
        with type(self).simulator() as simulator:
            simulator.add(two)
            simulator.add(one, moved_to=two)
            outcome: Outcome = self.asker(simulator).ask([one])[one]
        assert not isinstance(outcome, RemoteBugUnchanged)
        assert outcome.moved_to is not None
        external = self.factory(BugTrackerFacts("x", BugTrackerType("X"), simulator.url))
        assert outcome.moved_to == external.getBugURL(two)


class ValidatorsConformance:
    """For types that ask for single bugs on condition that they changed."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    numbered: Callable[..., list[str]]
    asker: Callable[[Simulator], Asker]

    def test_it_says_that_it_validates(self) -> None:
        assert IValidators.implementedBy(self.factory)

    def test_a_bug_that_is_as_it_was_is_unchanged(self) -> None:
        (one,) = self.numbered(1)
        with type(self).simulator() as simulator:
            simulator.validators = True
            simulator.add(one)
            asker = self.asker(simulator)
            first = asker.ask([one])[one]
            assert isinstance(first, RemoteBug)
            assert first.validator is not None
            again = asker.ask([one], validators={one: first.validator})
            assert again == {one: RemoteBugUnchanged(one)}
            simulator.change(one, title="Another")
            changed = asker.ask([one], validators={one: first.validator})[one]
        assert isinstance(changed, RemoteBug)


class CredentialsConformance:
    """For types that tell whose credentials are."""

    factory: ClassVar[type[ExternalBugTracker]]
    #: Gives a simulator that knows the `login`.
    simulator_with_login: ClassVar[Callable[[], Simulator]]
    login: ClassVar[Credentials]
    #: A log-in that nobody knows.
    wrong_login: ClassVar[Credentials]
    numbered: Callable[..., list[str]]

    def _asker(self, simulator: Simulator, credentials: Credentials) -> Asker:
        return Asker(type(self).factory, simulator.url, credentials=credentials)

    def test_credentials_are_somebodys(self) -> None:
        with type(self).simulator_with_login() as simulator:
            assert self._asker(simulator, self.login).check_credentials() is not None
        assert not any(map(self._has_secret, simulator.requests))

    def test_credentials_of_nobody_are_refused(self) -> None:
        (one,) = self.numbered(1)
        with type(self).simulator_with_login() as simulator:
            simulator.add(one)
            asker = self._asker(simulator, self.wrong_login)
            for ask in (asker.check_credentials, lambda: asker.ask([one])):
                try:
                    found = ask()
                except BugTrackerCredentialsRefused as trouble:
                    assert not self._has_secret(str(trouble))
                else:
                    raise AssertionError(f"not refused, but {found}")

    def test_what_is_private_can_be_read_with_credentials(self) -> None:
        one, two = self.numbered(1, 2)
        with type(self).simulator_with_login() as simulator:
            simulator.add(one)
            simulator.add(two, private=True)
            outcomes = self._asker(simulator, self.login).ask([one, two])
        assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values()), outcomes
        assert not any(map(self._has_secret, simulator.requests))

    def _has_secret(self, text: str) -> bool:
        secrets = (self.login.token, self.login.password, self.wrong_login.token)
        return any(secret in text for secret in (*secrets, self.wrong_login.password) if secret)
