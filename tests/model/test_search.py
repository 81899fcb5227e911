import dataclasses
from datetime import datetime, timedelta, timezone

import pytest
import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager, getUtility
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugTrackerTimeout,
    BugWatchErrorType,
    BugWatchQuery,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IBugWatchStatusChanged,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import search
from malonewatch.model.words import words_of
from malonewatch.testing import fresh_site

from ..fetching import apply, fail

NEW, FIXED = BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED
UNKNOWN, INVALID = BugTaskStatus.UNKNOWN, BugTaskStatus.INVALID
PRIVATE, GONE = BugWatchErrorType.PRIVATE_REMOTE_BUG, BugWatchErrorType.BUG_NOT_FOUND
TIMEOUT = BugWatchErrorType.TIMEOUT
NOON = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


@pytest.fixture
def other(make_tracker, tracker):
    return make_tracker("other")


@pytest.fixture
def find(watches):
    """The numbers of the watches that a query gives, page by page."""

    def find(**criteria):
        query = BugWatchQuery(**criteria)
        page = watches.search(query)
        numbers = [watch.id for watch in page.watches]
        while page.next is not None:
            page = watches.search(dataclasses.replace(query, start=page.next))
            assert page.watches
            numbers += [watch.id for watch in page.watches]
        return numbers

    return find


@pytest.fixture
def tell(clock):
    """Has a bug tracker say what the status of a bug is."""

    def tell(tracker, remotebug, status=NEW, title=""):
        apply(tracker, [RemoteBug(str(remotebug), status.title, status, title=title)], clock.now())

    return tell


@pytest.fixture
def three(bug, bugs, tracker, other):
    """Three watches, with numbers 1 to 3: two of one bug, and two on one bug tracker."""
    bug.addWatch(tracker, 1, None)
    bug.addWatch(other, 1, None)
    bugs.createBug("The kernel panics", None).addWatch(tracker, 2, None)


# One criterion.


def test_where_there_is_nothing_nothing_is_found(find):
    assert find() == find(newest_change_first=True) == find(bug=1) == []


def test_without_a_criterion_all_are_found_by_number(three, find):
    assert find() == [1, 2, 3]


def test_watches_of_a_bug_are_found(three, find):
    assert (find(bug=1), find(bug=2)) == ([1, 2], [3])


@pytest.mark.parametrize("number", [0, -1, 3, 10**30])
def test_a_bug_that_there_is_not_has_no_watches(three, find, number):
    assert find(bug=number) == []


def test_watches_on_a_bug_tracker_are_found(three, find):
    assert (find(tracker="bugs"), find(tracker="other")) == ([1, 3], [2])
    assert find(tracker="nosuch") == []


def test_watches_are_found_by_what_their_status_means(three, find, tracker, tell):
    tell(tracker, 1, NEW)
    tell(tracker, 2, FIXED)
    assert find(meanings={NEW}) == [1]
    assert find(meanings={UNKNOWN}) == [2]
    assert find(meanings={FIXED, UNKNOWN, INVALID}) == [2, 3]
    assert find(meanings=()) == []
    tell(tracker, 1, FIXED)
    assert (find(meanings={NEW}), find(meanings={FIXED})) == ([], [1, 3])


def test_watches_are_found_by_their_last_error(three, find, tracker, other, clock):
    apply(tracker, [RemoteBugError("1", PRIVATE, "It is private.")], clock.now())
    fail(other, BugTrackerTimeout("Too slow."), clock.now(), ["1"])
    assert find(errors={PRIVATE}) == [1]
    assert find(errors={TIMEOUT}) == [2]
    assert find(errors={PRIVATE, TIMEOUT, GONE}) == [1, 2]


def test_what_can_be_read_again_has_no_error(three, find, tracker, other, clock, tell):
    tell(other, 1)
    for error in (RemoteBugError("1", PRIVATE, "It is private."),):
        apply(tracker, [error], clock.now())
    fail(other, BugTrackerTimeout("Too slow."), clock.now(), ["1"])
    tell(tracker, 1)
    tell(other, 1)
    assert find(errors=set(BugWatchErrorType)) == []


def test_watches_are_found_by_when_they_changed(three, find, tracker, clock, tell):
    tell(tracker, 1, NEW)
    tell(tracker, 2, NEW)
    first = clock.tick(hours=1)
    tell(tracker, 2, FIXED)
    second = clock.tick(hours=1)
    tell(tracker, 1, INVALID)
    assert find(changed_since=first) == [1, 3]
    assert find(changed_since=second) == [1]
    assert find(changed_since=clock.tick(seconds=1)) == []


def test_the_first_sight_of_a_status_is_no_change(three, find, tracker, clock, tell):
    before = clock.now() - timedelta(days=1)
    tell(tracker, 1, FIXED)
    assert find(changed_since=before) == []
    assert find(changed_since=datetime(1970, 1, 1, tzinfo=timezone.utc)) == []


def test_changes_are_told_apart_within_a_second(three, find, tracker, clock, tell):
    clock.moment = NOON + timedelta(microseconds=400_000)
    tell(tracker, 1, NEW)
    tell(tracker, 1, FIXED)
    later = clock.moment + timedelta(microseconds=1)
    for order in (False, True):
        assert find(changed_since=clock.moment, newest_change_first=order) == [1]
        assert find(changed_since=later, newest_change_first=order) == []


def test_watches_are_found_by_words_of_the_remote_title(three, find, tracker, tell):
    tell(tracker, 1, title="Kernel panic: no init found")
    tell(tracker, 2, title="No panic in the KERNEL?")
    assert find(words=("panic",)) == [1, 3]
    assert find(words=("Init",)) == [1]
    assert find(words=("no", "panic", "kernel")) == [1, 3]
    assert find(words=("kernel panic!",)) == [1, 3]
    assert find(words=("ini",)) == find(words=("panic", "nosuch")) == []


def test_where_it_is_not_known_the_local_bugs_title_counts(three, find, tracker, tell):
    assert find(words=("kernel",)) == [3]
    assert find(words=("something",)) == [1, 2]
    tell(tracker, 2, title="Other words")
    tell(tracker, 1, title="")
    assert find(words=("kernel",)) == []
    assert find(words=("something",)) == [1, 2]
    assert find(words=("other",)) == [3]


def test_another_title_is_found_by_its_words(three, find, tracker, bugs, tell):
    tell(tracker, 1, title="It crashes")
    tell(tracker, 1, title="It hangs")
    assert (find(words=("crashes",)), find(words=("hangs",))) == ([], [1])
    bugs.get(1).title = "Nothing works"
    assert (find(words=("something",)), find(words=("nothing",))) == ([], [2])
    bugs.get(2).title = None
    assert find(words=("kernel",)) == []


def test_an_applications_bug_is_found_by_its_new_title(three, find, bugs):
    # It has no setter that knows of the index, but is modified like any object.
    vars(bugs.get(2)).update(title="Nothing works")
    getGlobalSiteManager().subscribers((bugs.get(2), ObjectModifiedEvent(bugs.get(2))), None)
    assert find(words=("nothing",)) == [3]


# Several.


def test_all_criteria_have_to_hold(three, find, tracker, other, clock, tell):
    tell(tracker, 1, NEW, "Kernel")
    tell(other, 1, NEW, "Kernel")
    tell(tracker, 2, FIXED, "Kernel")
    moment = clock.tick(hours=1)
    tell(other, 1, FIXED, "Kernel")
    tell(tracker, 2, NEW, "Kernel")
    apply(tracker, [RemoteBugError("2", PRIVATE, "It is private.")], clock.now())
    assert find(tracker="bugs", meanings={NEW}) == [1, 3]
    assert find(tracker="bugs", bug=1) == [1]
    assert find(tracker="other", words=("kernel",)) == [2]
    assert find(tracker="bugs", errors={PRIVATE}) == [3]
    assert find(tracker="bugs", changed_since=moment) == [3]
    assert find(bug=1, meanings={FIXED}, changed_since=moment, words=("kernel",)) == [2]
    assert find(bug=1, errors={PRIVATE}) == []


# Order and pages.


def test_the_newest_change_comes_first(three, find, tracker, other, clock, tell):
    for status in (NEW, FIXED):
        clock.tick(hours=1)
        tell(tracker, 1, status)
        clock.tick(hours=1)
        tell(tracker, 2, status)
    # At the same moment, in order of number; those that never changed at the end.
    tell(other, 1, NEW)
    assert find(newest_change_first=True) == [3, 1, 2]
    tell(tracker, 1, NEW)
    assert find(newest_change_first=True) == [1, 3, 2]
    assert find(newest_change_first=True, changed_since=NOON) == [1, 3]
    assert find(newest_change_first=True, tracker="bugs", meanings={NEW}) == [1]


@pytest.mark.parametrize("few", [0, search.FEW])
def test_the_newest_that_all_criteria_hold_for_comes_first(
    three, find, tracker, other, clock, tell, monkeypatch, few
):
    monkeypatch.setattr(search, "FEW", few)
    for status in (NEW, FIXED):
        # First seen, and then changed, each at another moment; the newest is of another tracker.
        for bugtracker, remotebug in ((tracker, 1), (tracker, 2), (other, 1)):
            clock.tick(minutes=1)
            tell(bugtracker, remotebug, status)
    assert find(newest_change_first=True, tracker="bugs", meanings={FIXED}) == [3, 1]
    clock.tick(minutes=1)
    tell(tracker, 2, NEW)
    assert find(newest_change_first=True, tracker="bugs", meanings={FIXED}) == [1]


@pytest.mark.parametrize("newest_change_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, None])
def test_pages_follow_each_other(bug, find, tracker, clock, tell, limit, newest_change_first):
    for number in range(1, 8):
        bug.addWatch(tracker, number, None)
    for status in (NEW, FIXED):
        for number in (2, 5, 3):
            tell(tracker, number, status)
        clock.tick(hours=1)
    numbers = [2, 3, 5, 1, 4, 6, 7] if newest_change_first else [1, 2, 3, 4, 5, 6, 7]
    assert find(limit=limit, newest_change_first=newest_change_first) == numbers


def test_a_page_has_fifty_watches_if_nothing_is_said(bug, watches, tracker):
    for number in range(51):
        bug.addWatch(tracker, number, None)
    page = watches.search(BugWatchQuery())
    assert [watch.id for watch in page.watches] == list(range(1, 51))
    page = watches.search(BugWatchQuery(start=page.next))
    assert [watch.id for watch in page.watches] == [51]
    assert page.next is None


def test_a_full_page_may_be_the_last(three, watches):
    assert watches.search(BugWatchQuery(limit=3)).next is None


def test_what_changes_meanwhile_breaks_no_page(three, watches, bug, tracker):
    page = watches.search(BugWatchQuery(limit=1))
    watches.removeBugWatch(page.watches[0])
    bug.addWatch(tracker, 9, None)
    page = watches.search(BugWatchQuery(start=page.next))
    assert [watch.id for watch in page.watches] == [2, 3, 4]


@pytest.mark.parametrize(
    "start",
    [
        *("", "7", "after-", "after-x", "after--1", "after-1 ", "after-1-2-3", "after-\u0661"),
        *("after-12345678901", "after-1\n"),
    ],
)
@pytest.mark.parametrize("newest_change_first", [False, True])
def test_a_page_that_is_none_of_ours(three, watches, start, newest_change_first):
    query = BugWatchQuery(start=start, newest_change_first=newest_change_first)
    with pytest.raises(BadInput, match="leads to no page of this search"):
        watches.search(query)


@pytest.mark.parametrize(("start", "is_by_change"), [("after-1", False), ("after-1-2", True)])
def test_a_page_of_another_order(three, watches, start, is_by_change):
    assert watches.search(BugWatchQuery(start=start, newest_change_first=is_by_change))
    with pytest.raises(BadInput):
        watches.search(BugWatchQuery(start=start, newest_change_first=not is_by_change))


@pytest.mark.parametrize("start", ["after-9999999999", "after-9999999999-9999999999"])
def test_a_page_far_away_is_empty_or_whole(three, watches, start):
    page = watches.search(BugWatchQuery(start=start, newest_change_first=start.count("-") > 1))
    assert page.next is None


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_has_one_watch_at_least(watches, limit):
    with pytest.raises(BadInput, match="one bug watch at least"):
        watches.search(BugWatchQuery(limit=limit))


def test_what_is_no_word_cannot_be_looked_for(watches):
    with pytest.raises(BadInput, match=r"'\?!' has no letter and no digit to look for"):
        watches.search(BugWatchQuery(words=("kernel", "?!")))


# Watches come, go, and change in other ways.


def test_a_watch_that_is_gone_is_not_found(three, find, bugs, tracker, watches, tell):
    tell(tracker, 1, NEW, "Kernel panic")
    watches.removeBugWatch(watches.get(1))
    bugs.removeBug(bugs.get(2))
    assert find() == [2]
    assert find(words=("kernel",)) == find(meanings={NEW}) == find(tracker="bugs") == []


def test_a_watch_that_is_moved_is_found_where_it_is(three, find, tracker, other, watches, tell):
    tell(tracker, 2, NEW, "Other words")
    watches.moveBugWatch(watches.get(3), other, "7")
    assert (find(tracker="bugs"), find(tracker="other")) == ([1], [2, 3])
    assert (find(words=("other",)), find(words=("kernel",))) == ([], [3])
    assert find(meanings={NEW}) == []
    tell(other, 7, NEW, "Other words")
    assert find(meanings={NEW}, words=("other",)) == [3]


def test_a_watch_that_is_reset_is_found_as_if_new(three, find, tracker, watches, clock, tell):
    for status in (NEW, FIXED):
        tell(tracker, 2, status, "Other words")
    apply(tracker, [RemoteBugError("2", PRIVATE, "It is private.")], clock.now())
    watches.get(3).reset()
    assert find(meanings={UNKNOWN}) == [1, 2, 3]
    assert find(words=("kernel",)) == [3]
    assert find(changed_since=NOON) == find(errors={PRIVATE}) == find(words=("other",)) == []
    tell(tracker, 2, FIXED)
    assert find(changed_since=NOON) == []


def test_an_error_that_is_set_is_found(three, find, watches):
    watches.get(1).last_error_type = PRIVATE
    assert find(errors={PRIVATE}) == [1]
    watches.get(1).last_error_type = None
    assert find(errors={PRIVATE}) == []


def test_a_bug_tracker_that_is_another_one_has_no_errors(three, find, tracker, clock):
    apply(tracker, [RemoteBugError("1", PRIVATE, "It is private.")], clock.now())
    tracker.baseurl = "https://elsewhere.example.com"
    assert find(errors={PRIVATE}) == []


def test_a_subscriber_finds_what_it_is_told_of(three, find, tracker, tell):
    found = []
    registry = getGlobalSiteManager()
    handler = lambda event: found.extend(find(meanings={event.new_status}))  # noqa: E731
    registry.registerHandler(handler, (IBugWatchStatusChanged,))
    try:
        tell(tracker, 1, FIXED)
    finally:
        registry.unregisterHandler(handler, (IBugWatchStatusChanged,))
    assert found == [1]


def test_what_is_as_it_was_writes_nothing(three, tracker, watches, clock, tell):
    tell(tracker, 1, NEW, "Kernel panic")
    transaction.commit()
    clock.tick(days=1)
    tell(tracker, 1, NEW, "Kernel panic")
    changed = {type(thing).__name__ for thing in watches._p_jar._registered_objects}
    assert "TimesPage" in changed
    assert changed.isdisjoint({"Bits", "BugWatch", "NumberSet", "Postings", "Times"})


# Any history, and any query.

STATUSES = st.sampled_from([NEW, FIXED, INVALID, UNKNOWN])
TITLES = st.sampled_from(["", "Kernel panic", "kernel hangs", "Panic!", "X"])
REMOTE = st.integers(1, 4)
PLACES = st.tuples(st.integers(0, 2), st.integers(0, 1), REMOTE)
STEPS = st.one_of(
    st.tuples(st.just("add"), PLACES),
    st.tuples(st.just("remove"), PLACES),
    st.tuples(st.just("move"), PLACES, st.integers(0, 1), REMOTE),
    st.tuples(st.just("reset"), PLACES),
    st.tuples(st.just("tell"), st.integers(0, 1), REMOTE, STATUSES, TITLES),
    st.tuples(st.just("fail"), st.integers(0, 1), REMOTE, st.sampled_from([PRIVATE, GONE])),
    st.tuples(st.just("trouble"), st.integers(0, 1), REMOTE),
    st.tuples(st.just("retitle"), st.integers(0, 2), TITLES),
)
QUERIES = st.builds(
    BugWatchQuery,
    bug=st.none() | st.integers(1, 3),
    tracker=st.none() | st.sampled_from(["one", "two"]),
    meanings=st.none() | st.frozensets(STATUSES, min_size=1),
    errors=st.none() | st.frozensets(st.sampled_from([PRIVATE, GONE, TIMEOUT]), min_size=1),
    changed_since=st.none() | st.integers(0, 20).map(lambda hours: NOON + timedelta(hours=hours)),
    words=st.lists(st.sampled_from(["kernel", "panic", "x"]), max_size=2).map(tuple),
    newest_change_first=st.booleans(),
    limit=st.none() | st.integers(1, 3),
)


class History:
    """What happens to watches, and what is known of each from looking at it."""

    def __init__(self):
        self.now = NOON
        self.changed = {}
        trackers, self.bugs = getUtility(IBugTrackerSet), getUtility(IBugSet)
        self.trackers = [
            trackers.ensureBugTracker(f"https://{name}.example.com", None, "BUGZILLA", name=name)
            for name in ("one", "two")
        ]
        for _ in range(3):
            self.bugs.createBug("kernel")
        self.watches = getUtility(IBugWatchSet)

    def watch_at(self, place):
        bug, tracker, remotebug = place
        return self.bugs.get(bug + 1).getBugWatch(self.trackers[tracker], remotebug)

    def note(self, event):
        if event.old_remotestatus is not None:
            self.changed[event.object.id] = self.now

    def do(self, step, *values):
        self.now += timedelta(hours=1)
        getattr(self, step)(*values)

    def add(self, place):
        bug, tracker, remotebug = place
        self.bugs.get(bug + 1).addWatch(self.trackers[tracker], remotebug, None)

    def remove(self, place):
        if watch := self.watch_at(place):
            watch.bug.removeWatch(watch)

    def move(self, place, tracker, remotebug):
        watch = self.watch_at(place)
        if watch is not None and self.watch_at((place[0], tracker, remotebug)) is None:
            self.changed.pop(watch.id, None)
            self.watches.moveBugWatch(watch, self.trackers[tracker], remotebug)

    def reset(self, place):
        if watch := self.watch_at(place):
            self.changed.pop(watch.id, None)
            watch.reset()

    def tell(self, tracker, remotebug, status, title):
        remote = RemoteBug(str(remotebug), status.title, status, title=title)
        apply(self.trackers[tracker], [remote], self.now)

    def fail(self, tracker, remotebug, error_type):
        apply(self.trackers[tracker], [RemoteBugError(str(remotebug), error_type, "x")], self.now)

    def trouble(self, tracker, remotebug):
        fail(self.trackers[tracker], BugTrackerTimeout("x"), self.now, [str(remotebug)])

    def retitle(self, bug, title):
        self.bugs.get(bug + 1).title = title

    def expected(self, query):
        """The numbers that `query` asks for, found without any index."""
        found = [watch for watch in self.watches if self.matches(watch, query)]
        if query.newest_change_first:
            found.sort(key=lambda watch: self.changed.get(watch.id, NOON), reverse=True)
        return [watch.id for watch in found]

    def matches(self, watch, query):
        title = watch.remote_title or watch.bug.title
        changed = self.changed.get(watch.id)
        return (
            query.bug in (None, watch.bug.id)
            and query.tracker in (None, watch.bugtracker.name)
            and (query.meanings is None or watch.status in query.meanings)
            and (query.errors is None or watch.last_error_type in query.errors)
            and (
                query.changed_since is None
                or (changed is not None and changed >= query.changed_since)
            )
            and set(query.words) <= set(words_of(title))
        )

    def found(self, query):
        pages = [self.watches.search(query)]
        while pages[-1].next is not None:
            pages.append(self.watches.search(dataclasses.replace(query, start=pages[-1].next)))
        if query.limit is not None:
            assert all(len(page.watches) == query.limit for page in pages[:-1])
        return [watch.id for page in pages for watch in page.watches]


@pytest.mark.parametrize("few", [0, 2, search.FEW])
@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, max_size=25), st.lists(QUERIES, min_size=5, max_size=5))
def test_a_search_finds_what_a_look_at_every_watch_finds(few, steps, queries):
    registry = getGlobalSiteManager()
    with fresh_site("memory://"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "FEW", few)
        history = History()
        registry.registerHandler(history.note, (IBugWatchStatusChanged,))
        try:
            for step in steps:
                history.do(*step)
        finally:
            registry.unregisterHandler(history.note, (IBugWatchStatusChanged,))
        for query in queries:
            assert history.found(query) == history.expected(query)
        # Built anew, as for databases of 0.1.0, it is the same.
        history.watches.index = None
        for query in queries:
            assert history.found(query) == history.expected(query)
