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

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import ClassVar
from urllib.parse import urlsplit

from zope.interface.verify import verifyObject

from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver import fold
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerServerError,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    IExternalBugTracker,
    IExternalBugTrackerType,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.capabilities import (
    BatchesConformance,
    ChangesSinceConformance,
    CredentialsConformance,
    DuplicatesConformance,
    MovesConformance,
    SweepsConformance,
    ValidatorsConformance,
    VocabularyConformance,
)
from malonewatch.testing.faults import FAULTS, answer
from malonewatch.testing.simulator import Simulator

__all__ = [
    "BatchesConformance",
    "ChangesSinceConformance",
    "CredentialsConformance",
    "DuplicatesConformance",
    "ExternalBugTrackerConformance",
    "MovesConformance",
    "SweepsConformance",
    "ValidatorsConformance",
    "VocabularyConformance",
]

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
            parts = urlsplit(url)
            # As they come: whoever asks a type has taken the slash away.
            for path in (parts.path, parts.path.rstrip("/")):
                found = self.factory.parseBugURL(parts._replace(path=path))
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

    def test_every_status_in_the_table_is_explained_by_the_rows_that_give_its_meaning(self) -> None:
        external = self.external()
        for remotestatus, status in external.status_table.items():
            found = external.explainStatus(remotestatus)
            assert (found.status, found.rule) == (status, "table"), remotestatus
            # What is written is all there, in the tables, and it is the last row that decides.
            assert found.rows[-1].meaning is status, remotestatus
            written = " ".join(row.word for row in found.rows)
            assert fold(written) == fold(remotestatus), remotestatus

    def test_every_importance_in_the_table_is_explained_by_the_row_that_gives_its_meaning(
        self,
    ) -> None:
        external = self.external()
        assert external.importances
        for word, importance in external.importances.items():
            found = external.explainImportance(word)
            assert found.importance is external.convertRemoteImportance(word) is importance, word
            assert (found.rule, found.row) == ("table", ("importances", word, importance)), word
        assert external.explainImportance("XYZZY") == (BugTaskImportance.UNKNOWN, "", None)

    def test_an_unknown_status_is_visible_as_such(self) -> None:
        assert self.external().convertRemoteStatus("XYZZY") is BugTaskStatus.UNKNOWN
        assert self.external().explainStatus("XYZZY") == (BugTaskStatus.UNKNOWN, "", ())

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

    def test_what_is_said_of_a_bug_can_be_kept_and_explained(self) -> None:
        (one,) = self.numbered(1)
        with type(self).simulator() as simulator:
            simulator.add(one)
            asker = self.asker(simulator)
            bug = asker.ask([one])[one]
        assert isinstance(bug, RemoteBug)
        record = dict(bug.raw)
        assert record
        assert json.loads(json.dumps(record)) == record
        request = type(self).factory(asker.facts).getRequest(one)
        assert request is not None
        assert re.match(r"(GET|POST) https?://", request), request
        found = self.external().explainStatus(bug.remotestatus, bug.resolution, bug.closed)
        assert found.verdict == (bug.status, bug.guessed)

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
