"""What types with a capability have to do, as tests to inherit: mixins for `conformance`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from aiohttp import web

from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Credentials,
    IBatches,
    IChangesSince,
    IDuplicates,
    IMoves,
    ISweeps,
    IValidators,
    Outcome,
    RemoteBug,
    RemoteBugUnchanged,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.simulator import Simulator


class BatchesConformance:
    """For types that ask for many bugs in one request."""

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: How many requests three full batches of good bugs may take, with probes.
    requests_for_three_batches = 5
    #: How many it may take to find the one bug that spoils the answer for a full batch.
    requests_to_isolate = 25

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
                assert len(simulator.requests) <= self.requests_to_isolate, len(simulator.requests)
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


class SweepsConformance:
    """For types that can be asked which of all their bugs changed since a time.

    To be a class of its own, for a dialect that can.
    """

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: The id of the bug of that number.
    ids: ClassVar[Callable[[int], str]] = str
    login: ClassVar[Credentials | None] = None
    #: How many bugs are in a page, where pages have no numbers; and how many requests it takes to
    #: ask what changed where that is some more, and where it is hardly anything.
    changes_at_once: ClassVar[int] = 500
    requests_for_changes: ClassVar[int] = 2
    requests_for_few_changes: ClassVar[int] = 1

    def _asker(self, simulator: Simulator) -> Asker:
        return Asker(type(self).factory, simulator.url, credentials=self.login)

    def _numbered(self, count: int) -> list[str]:
        return [type(self).ids(number) for number in range(1, count + 1)]

    def test_it_says_that_it_sweeps(self) -> None:
        assert ISweeps.implementedBy(self.factory)

    def test_as_long_as_no_dialect_is_known_it_is_not_asked_what_changed(self) -> None:
        with type(self).simulator() as simulator:
            assert self._asker(simulator).sweep(simulator.now()) is None
            assert not simulator.requests

    def test_it_tells_which_of_all_its_bugs_changed(self) -> None:
        ids = self._numbered(7)
        with type(self).simulator() as simulator:
            for remotebug in ids:
                simulator.add(remotebug)
            asker = self._asker(simulator)
            asker.ask(ids[:1])
            since = simulator.now() - timedelta(minutes=5)
            assert asker.sweep(since) == ()
            for remotebug in (ids[5], ids[2]):
                simulator.change(remotebug, title="Another")
            simulator.requests.clear()
            assert set(asker.sweep(since) or ()) & set(ids) == {ids[2], ids[5]}
            assert len(simulator.requests) == self.requests_for_few_changes

    def test_what_changed_is_told_page_by_page(self) -> None:
        with type(self).simulator() as simulator:
            (first,) = self._numbered(1)
            simulator.add(first)
            asker = self._asker(simulator)
            asker.ask([first])
            dialect = asker.factory(asker.facts).dialect_named(asker.dialect)
            assert dialect is not None
            count = (dialect.swept_at_once or self.changes_at_once) + 3
            ids = self._numbered(count)
            since = simulator.now() - timedelta(minutes=5)
            for remotebug in ids:
                simulator.add(remotebug)
                simulator.change(remotebug, title="Another")
            simulator.requests.clear()
            assert set(asker.sweep(since) or ()) >= set(ids)
            assert len(simulator.requests) == self.requests_for_changes

    def test_where_something_is_wrong_nothing_is_told(self) -> None:
        (first,) = self._numbered(1)
        with type(self).simulator() as simulator:
            simulator.add(first)
            asker = self._asker(simulator)
            asker.ask([first])
            for simulator.fault in (fails, stumbles):
                assert asker.sweep(simulator.now()) is None


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
    #: The id that a bug moves to, where the second of the ids would be another bug's.
    destination: ClassVar[str] = ""
    numbered: Callable[..., list[str]]
    asker: Callable[[Simulator], Asker]

    def test_it_says_that_it_tells_moves(self) -> None:
        assert IMoves.implementedBy(self.factory)

    def test_a_bug_that_moved_tells_where_it_is(self) -> None:
        one, two = self.numbered(1, 2)
        two = self.destination or two
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


class VocabularyConformance:
    """For types that ask a bug tracker for its words; the simulator's are the software's own.

    To be a class of its own, for a dialect that tells them.
    """

    factory: ClassVar[type[ExternalBugTracker]]
    simulator: ClassVar[Callable[[], Simulator]]
    #: The id of a bug.
    id: ClassVar[str] = "1"
    login: ClassVar[Credentials | None] = None

    def _asker(self, simulator: Simulator) -> Asker:
        return Asker(type(self).factory, simulator.url, credentials=self.login)

    def test_all_words_that_the_bug_tracker_tells_are_known(self) -> None:
        with type(self).simulator() as simulator:
            simulator.add(self.id)
            asker = self._asker(simulator)
            bug = asker.ask([self.id])[self.id]
            found = asker.learn_vocabulary()
        assert isinstance(bug, RemoteBug)
        assert found is not None
        assert bug.remotestatus in found.statuses
        external = self.factory(asker.facts)
        for word, closed in found.statuses.items():
            status, guessed = external.meaning(word, "", closed)
            assert status is not BugTaskStatus.UNKNOWN, word
            assert not guessed, word
        for word in found.importances:
            importance = external.convertRemoteImportance(word)
            assert importance is not BugTaskImportance.UNKNOWN, word

    def test_words_are_told_by_such_bug_trackers_only(self) -> None:
        with Simulator() as simulator:
            assert self._asker(simulator).learn_vocabulary() is None


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
