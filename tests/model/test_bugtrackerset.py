from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager, getUtility
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import IObjectAddedEvent, IObjectRemovedEvent

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BrakeSettings,
    BugTrackerNameTaken,
    BugTrackerType,
    IBugTrackerSet,
    IExternalBugTracker,
    IExternalBugTrackerType,
    NotFoundError,
    UnknownBugTrackerType,
)
from malonewatch.model import BugTracker, BugTrackerSet
from malonewatch.model.baseurl import base_key, plain_path


def snapshot(trackers):
    """All that can be seen of a set of bug trackers."""
    return [
        (tracker.id, tracker.name, tracker.title, tracker.baseurl, tracker.aliases)
        for tracker in trackers
    ] + [tracker.name for tracker in trackers if trackers.getByBaseURL(tracker.baseurl) is tracker]


def test_it_provides_the_interface(trackers):
    verifyObject(IBugTrackerSet, trackers)


def test_when_changes_are_too_many_can_be_set(trackers, reopened):
    assert trackers.brake_settings == BrakeSettings(20, 1 / 3, 3600.0)
    trackers.brake_settings = BrakeSettings(5, 0.5, 60.0)
    assert reopened(trackers).brake_settings == BrakeSettings(5, 0.5, 60.0)
    with pytest.raises(BadInput, match="The brake needs"):
        trackers.brake_settings = BrakeSettings(0)
    assert trackers.brake_settings.least == 5


def test_a_number_is_given_once(trackers, make_tracker):
    for name, expected in (("aa", 1), ("bb", 2), ("cc", 3)):
        tracker = make_tracker(name)
        assert tracker.id == expected
        trackers.remove(tracker)


def test_it_is_the_utility_of_its_site(site, trackers):
    assert site.connection.root()["malonewatch"].getSiteManager().getUtility(
        IBugTrackerSet
    ) is getUtility(IBugTrackerSet)


def test_adding_returns_what_was_added(trackers):
    tracker = BugTracker("bugs", "Bugs", BugTrackerType.BUGZILLA, "https://bugs.example.com")
    assert trackers.add(tracker) is tracker
    assert trackers["bugs"] is tracker


def test_adding_is_notified(trackers, events, make_tracker):
    tracker = make_tracker()
    (event,) = (event for event in events if IObjectAddedEvent.providedBy(event))
    assert event.object is tracker
    assert event.newParent is trackers
    assert event.newName == "bugs"


def test_by_name(trackers, tracker):
    assert trackers.getByName("bugs") is trackers["bugs"] is tracker
    assert "bugs" in trackers


def test_a_name_that_is_not_there(trackers, tracker):
    assert trackers.getByName("nobody") is None
    assert trackers.getByName("nobody", 42) == 42
    assert "nobody" not in trackers
    assert None not in trackers
    assert 42 not in trackers
    with pytest.raises(NotFoundError, match=r"^There is no bug tracker named 'nobody'\.$"):
        trackers["nobody"]


def test_iteration_is_by_title_whatever_its_case(trackers, make_tracker):
    for name, title in [("c2", "banana"), ("a1", "Cherry"), ("b3", "Apple"), ("d4", "apple")]:
        make_tracker(name, title=title)
    assert [tracker.title for tracker in trackers] == ["Apple", "apple", "banana", "Cherry"]
    assert trackers.count() == 4


def test_an_empty_set(trackers):
    assert list(trackers) == []
    assert trackers.count() == 0
    assert trackers.getMostActiveBugTrackers() == []


# What cannot be added.


def test_a_name_is_unique(trackers, tracker, make_tracker):
    before = snapshot(trackers)
    with pytest.raises(BugTrackerNameTaken, match="'bugs'"):
        make_tracker("bugs", baseurl="https://other.example.com")
    assert snapshot(trackers) == before
    assert trackers.getByBaseURL("https://other.example.com") is None


@pytest.mark.parametrize(
    "same",
    [
        "https://bugs.example.com",
        "http://bugs.example.com/",
        "https://BUGS.example.COM",
        "https://bugs.example.com:443",
        "http://bugs.example.com:80//",
        "https://alias.example.com/x/",
    ],
)
def test_a_base_url_is_unique_however_it_is_written(trackers, tracker, make_tracker, same):
    tracker.aliases = ["http://alias.example.com/x"]
    before = snapshot(trackers)
    with pytest.raises(BaseURLTaken, match="'bugs'") as caught:
        make_tracker("other", baseurl=same)
    assert same in str(caught.value)
    assert snapshot(trackers) == before
    assert "other" not in trackers


def test_an_alias_is_unique_too(trackers, tracker):
    other = BugTracker("other", "Other", "BUGZILLA", "https://other.example.com")
    other.aliases = ["https://bugs.example.com/"]
    with pytest.raises(BaseURLTaken, match="'bugs'"):
        trackers.add(other)
    assert other.id is None
    assert other.__parent__ is None
    assert "other" not in trackers
    assert trackers.getByBaseURL("https://other.example.com") is None


def test_a_type_that_nothing_can_talk_to_is_refused(trackers, make_tracker):
    with pytest.raises(UnknownBugTrackerType, match=r"'NOSUCH'.*BUGZILLA"):
        make_tracker(bugtrackertype=BugTrackerType.NOSUCH)
    assert trackers.count() == 0


@pytest.mark.parametrize("name", ["", "x", "Upper", "a b", "a/b", "-a", "ä1", "a" * 101, "a\n"])
def test_a_name_that_is_not_fit_for_a_url_is_refused(trackers, make_tracker, name):
    with pytest.raises(BadInput, match="cannot be a bug tracker's name"):
        make_tracker(name, title="Bugs", baseurl="https://bugs.example.com")
    assert trackers.count() == 0


@pytest.mark.parametrize("title", ["", "  ", "two\nlines", "\x1b[31m"])
def test_a_title_is_one_line(trackers, make_tracker, title):
    with pytest.raises(BadInput, match="title is one line"):
        make_tracker(title=title)
    assert trackers.count() == 0


def test_credentials_in_a_base_url_are_refused_without_being_quoted(trackers, make_tracker):
    with pytest.raises(BadInput, match="credentials file") as caught:
        make_tracker(baseurl="https://user:s3cret@bugs.example.com")
    assert "s3cret" not in str(caught.value)
    assert trackers.count() == 0


def test_what_is_in_a_set_is_not_added_again(trackers, tracker):
    with pytest.raises(BadInput, match="already"):
        trackers.add(tracker)
    assert trackers.count() == 1


# Looking for base URLs.


@pytest.fixture
def mozilla(make_tracker):
    return make_tracker(
        "mozilla.org", title="The Mozilla.org Bug Tracker", baseurl="https://bugzilla.mozilla.org/"
    )


@pytest.mark.parametrize(
    "baseurl",
    [
        "https://bugzilla.mozilla.org/",
        "https://bugzilla.mozilla.org",
        "http://bugzilla.mozilla.org",
        "http://bugzilla.mozilla.org:80/",
        "https://BUGZILLA.mozilla.org",
        "bugzilla.mozilla.org",
    ],
)
def test_a_base_url_is_found_however_it_is_written(trackers, mozilla, baseurl):
    assert trackers.queryByBaseURL(baseurl) is mozilla
    assert trackers.getByBaseURL(baseurl) is mozilla


def test_an_alias_is_as_good(trackers, mozilla):
    mozilla.aliases = ["http://bugs.mozilla.example/x/"]
    assert trackers.queryByBaseURL("https://bugs.mozilla.example/x") is mozilla
    assert trackers.getByBaseURL("https://bugs.mozilla.example/x") is mozilla


def test_failing_that_a_part_of_a_base_url_finds_the_first_by_title(
    trackers, mozilla, make_tracker
):
    make_tracker("zz", title="Zz", baseurl="https://zilla.mozilla.org.example.com")
    assert trackers.queryByBaseURL("zilla.mozilla.org") is mozilla
    assert trackers.getByBaseURL("zilla.mozilla.org") is None


@pytest.mark.parametrize(
    "baseurl",
    ["", "http://no/such/bugtracker", "http://[", "http://bugzilla.mozilla.org:port", "\0"],
)
def test_no_such_base_url(trackers, mozilla, baseurl):
    assert trackers.getByBaseURL(baseurl) is None
    assert trackers.queryByBaseURL(baseurl) is None


def test_what_a_url_begins_with_the_longest_first(trackers, make_tracker):
    whole = make_tracker("whole", baseurl="https://example.com/")
    part = make_tracker("part", baseurl="http://example.com/bugs/")
    part.aliases = ["https://example.com/bugs/old"]
    make_tracker("other", baseurl="https://example.com/bug")
    make_tracker("port", baseurl="https://example.com:8080/")
    found = [(part, "https://example.com/bugs"), (whole, "https://example.com")]
    url = urlsplit("https://example.com/bugs/show_bug.cgi?id=1")
    assert list(trackers.getByURLPrefix(url)) == found
    assert list(trackers.getByURLPrefix(urlsplit("https://example.com/bugs/?1"))) == found
    url = urlsplit("https://example.com/bugs/old/1")
    assert list(trackers.getByURLPrefix(url)) == [(part, "https://example.com/bugs/old"), *found]
    assert list(trackers.getByURLPrefix(urlsplit("https://other.example.com/"))) == []
    assert list(trackers.getByURLPrefix(urlsplit("https://a.example.com/"))) == []


def test_an_address_is_what_a_mailto_begins_with_and_nothing_else_is(trackers, owner):
    found = trackers.ensureBugTracker("mailto:bugs@Example.com", owner, "EMAILADDRESS")
    trackers.ensureBugTracker("https://example.com", owner, "BUGZILLA")
    url = urlsplit("mailto:bugs@example.com?subject=x")
    assert list(trackers.getByURLPrefix(url)) == [(found, "mailto:bugs@example.com")]
    assert list(trackers.getByURLPrefix(urlsplit("mailto:other@example.com"))) == []
    assert list(trackers.getByURLPrefix(urlsplit("https://other.example.com"))) == []


def test_a_base_url_has_a_scheme_that_its_type_knows(trackers, tracker, owner):
    for baseurl, name in (
        ("mailto:bugs@example.com", "BUGZILLA"),
        ("https://mail.example.com", "EMAILADDRESS"),
    ):
        with pytest.raises(BadInput, match="is not the URL of a bug tracker"):
            trackers.ensureBugTracker(baseurl, owner, name)
    with pytest.raises(BadInput, match="is not the URL of a bug tracker"):
        tracker.aliases = ["mailto:bugs@example.com"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(paths := st.text("ab!~/", max_size=8).map(plain_path), max_size=8), paths)
def test_any_url_begins_with_the_base_urls_that_end_where_a_segment_of_it_does(site, bases, path):
    trackers = BugTrackerSet()
    for number, base in enumerate(sorted(bases)):
        baseurl = f"https://example.com/{base.lstrip('/')}"
        trackers.ensureBugTracker(baseurl, None, BugTrackerType.BUGZILLA, name=f"bugs-{number}")
    url = urlsplit(f"https://example.com/{path.lstrip('/')}")
    expected = {
        base_key(tracker.baseurl)
        for tracker in trackers
        if f"{base_key(url.geturl())}/".startswith(f"{base_key(tracker.baseurl)}/")
    }
    found = [base_key(base) for _, base in trackers.getByURLPrefix(url)]
    assert found == sorted(expected, key=len, reverse=True)


def test_base_urls_are_found_that_an_earlier_version_took_as_they_were(trackers, make_tracker):
    tracker = make_tracker(baseurl="https://example.com/%7Ejoe//bugs")
    other = make_tracker("other", baseurl="https://example.com/~jane")
    both = make_tracker("both", baseurl="https://example.com/%7Ejane/x")
    trackers._bases.pop("example.com/~joe/bugs")
    trackers._bases.pop("example.com/~jane/x")
    trackers._bases["example.com/%7Ejoe//bugs"] = tracker.id
    trackers._bases["example.com/%7Ejane"] = both.id
    for _ in range(2):
        trackers.rekey_bases()
        assert dict(trackers._bases) == {
            "example.com/~joe/bugs": tracker.id,
            "example.com/~jane": other.id,
        }
    trackers.remove(both)
    assert trackers.getByBaseURL(tracker.baseurl) is tracker


class CountingTree:
    """A tree that counts the look-ups."""

    def __init__(self, tree):
        self.tree = tree
        self.count = 0

    def __contains__(self, key):
        self.count += 1
        return key in self.tree

    def __getitem__(self, key):
        self.count += 1
        return self.tree[key]

    def maxKey(self, key):
        self.count += 1
        return self.tree.maxKey(key)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        # What is registered at a place and what is not are a look-up each.
        ("/7/8/show_bug.cgi", 5),
        ("/a/b/c/d/e", 3),
        ("/7" + "/x" * 900, 5),
    ],
)
def test_few_look_ups_find_what_a_url_begins_with_among_many(trackers, owner, path, most):
    for number in range(1000):
        baseurl = f"https://example.com/{number}"
        trackers.ensureBugTracker(baseurl, owner, BugTrackerType.BUGZILLA)
    trackers._bases = tree = CountingTree(trackers._bases)
    list(trackers.getByURLPrefix(urlsplit("https://example.com" + path)))
    trackers._bases = tree.tree
    assert 0 < tree.count <= most


def test_a_made_name_is_found_in_few_look_ups_where_many_are_taken(trackers, owner):
    for number in range(1000):
        baseurl = f"https://example.com/{number}"
        trackers.ensureBugTracker(baseurl, owner, BugTrackerType.BUGZILLA)
    trackers._names = tree = CountingTree(trackers._names)
    assert trackers._free_name("auto-example.com") == "auto-example.com-1000"
    trackers._names = tree.tree
    assert tree.count < 25


# ensureBugTracker


def test_one_that_is_there_is_returned_as_it_is(trackers, tracker, owner):
    found = trackers.ensureBugTracker(
        "http://bugs.example.com/", owner, BugTrackerType.BUGZILLA, title="Other", guessed=True
    )
    assert found is tracker
    assert found.title == "Bugs"
    assert not found.guessed


def test_one_that_is_not_there_is_added(trackers, owner):
    found = trackers.ensureBugTracker(
        "https://bugs.example.com/x/",
        owner,
        BugTrackerType.BUGZILLA,
        title="Bugs",
        summary="All of them",
        contactdetails="mail us",
        name="bugs",
        guessed=True,
    )
    assert trackers["bugs"] is found
    assert (found.title, found.summary, found.contactdetails) == ("Bugs", "All of them", "mail us")
    assert found.baseurl == "https://bugs.example.com/x/"
    assert found.owner is owner
    assert found.guessed


def test_a_name_and_a_title_are_made_from_the_url(trackers, owner):
    found = trackers.ensureBugTracker("https://Bugs.example.com/x/", owner, BugTrackerType.BUGZILLA)
    assert found.name == "auto-bugs.example.com"
    assert found.title == "Bugs.example.com/x"
    assert not found.guessed


def test_a_number_is_added_to_a_made_name_that_is_taken(trackers, owner):
    names = [
        trackers.ensureBugTracker(
            f"https://bugs.example.com/{number}", owner, BugTrackerType.BUGZILLA
        ).name
        for number in range(20)
    ]
    assert names == [
        "auto-bugs.example.com",
        *(f"auto-bugs.example.com-{number}" for number in range(1, 20)),
    ]


def test_a_long_host_has_a_made_name_too(trackers, owner):
    host = ".".join("abcd"[number] * 60 for number in range(4))
    for number in range(2):
        trackers.ensureBugTracker(f"https://{host}/{number}", owner, BugTrackerType.BUGZILLA)
    assert trackers.count() == 2


def test_a_given_name_that_is_taken_is_refused(trackers, tracker, owner):
    with pytest.raises(BugTrackerNameTaken):
        trackers.ensureBugTracker(
            "https://other.example.com", owner, BugTrackerType.BUGZILLA, name="bugs"
        )


@pytest.mark.parametrize("baseurl", ["", "bugs", "https://u:s3cret@bugs.example.com:port/"])
def test_what_is_no_base_url_is_not_added(trackers, owner, baseurl):
    with pytest.raises(BadInput) as caught:
        trackers.ensureBugTracker(baseurl, owner, BugTrackerType.BUGZILLA)
    assert "s3cret" not in str(caught.value)
    assert trackers.count() == 0


# Names, titles and base URLs that change.


def test_a_new_name(trackers, tracker):
    tracker.name = "other"
    assert trackers["other"] is tracker
    assert "bugs" not in trackers
    assert tracker.name == tracker.__name__ == "other"


def test_the_same_name_again(trackers, tracker):
    tracker.name = "bugs"
    assert trackers["bugs"] is tracker


def test_a_name_that_is_taken_changes_nothing(trackers, tracker, make_tracker):
    other = make_tracker("other")
    before = snapshot(trackers)
    with pytest.raises(BugTrackerNameTaken):
        tracker.name = "other"
    assert tracker.name == "bugs"
    assert trackers["other"] is other
    assert snapshot(trackers) == before


def test_a_new_title(trackers, tracker, make_tracker):
    make_tracker("other", title="Other")
    tracker.title = "Zebra"
    assert [each.title for each in trackers] == ["Other", "Zebra"]
    tracker.title = "ant"
    assert [each.title for each in trackers] == ["ant", "Other"]


def test_a_title_that_is_none_changes_nothing(trackers, tracker):
    before = snapshot(trackers)
    with pytest.raises(BadInput):
        tracker.title = ""
    assert snapshot(trackers) == before


def test_a_new_base_url(trackers, tracker):
    tracker.dialect = "rest"
    tracker.baseurl = "https://new.example.com/bugs"
    assert trackers.getByBaseURL("https://new.example.com/bugs/") is tracker
    assert trackers.getByBaseURL("https://bugs.example.com") is None
    # What it speaks has to be learnt anew.
    assert tracker.dialect is None


def test_a_base_url_of_another_changes_nothing(trackers, tracker, make_tracker):
    make_tracker("other")
    tracker.dialect = "rest"
    before = snapshot(trackers)
    for baseurl in ("https://other.example.com", "https://u:p@bugs.example.com", "nothing"):
        with pytest.raises(BadInput):
            tracker.baseurl = baseurl
    assert tracker.baseurl == "https://bugs.example.com"
    assert tracker.dialect == "rest"
    assert snapshot(trackers) == before


def test_a_type_that_nothing_can_talk_to_changes_nothing(tracker):
    with pytest.raises(UnknownBugTrackerType):
        tracker.bugtrackertype = BugTrackerType.NOSUCH
    assert tracker.bugtrackertype == BugTrackerType.BUGZILLA


# Aliases


@pytest.mark.parametrize("kind", [list, tuple, set, iter])
def test_aliases_from_any_iterable_are_sorted(trackers, tracker, kind):
    tracker.aliases = kind(["https://b.example.com", "https://a.example.com/x/"])
    assert tracker.aliases == ("https://a.example.com/x/", "https://b.example.com")
    assert trackers.getByBaseURL("http://a.example.com/x") is tracker


def test_none_clears_the_aliases(trackers, tracker):
    tracker.aliases = ["https://a.example.com"]
    tracker.aliases = None
    assert tracker.aliases == ()
    assert trackers.getByBaseURL("https://a.example.com") is None
    assert trackers.getByBaseURL("https://bugs.example.com") is tracker


def test_its_own_base_url_is_no_alias(tracker):
    tracker.aliases = ["http://bugs.example.com/", "https://a.example.com"]
    assert tracker.aliases == ("https://a.example.com",)


def test_an_alias_twice_is_one(tracker):
    tracker.aliases = ["http://a.example.com/", "https://A.example.com"]
    assert len(tracker.aliases) == 1


def test_an_alias_of_another_changes_nothing(trackers, tracker, make_tracker):
    make_tracker("other")
    tracker.aliases = ["https://a.example.com"]
    for alias in ("http://other.example.com/", "https://u:p@c.example.com", "http://["):
        with pytest.raises(BadInput):
            tracker.aliases = ["https://b.example.com", alias]
    assert tracker.aliases == ("https://a.example.com",)
    assert trackers.getByBaseURL("https://a.example.com") is tracker
    assert trackers.getByBaseURL("https://b.example.com") is None


def test_aliases_stay_when_the_base_url_changes(trackers, tracker):
    tracker.aliases = ["https://a.example.com"]
    tracker.baseurl = "https://new.example.com"
    assert trackers.getByBaseURL("https://a.example.com") is tracker
    assert trackers.getByBaseURL("https://new.example.com") is tracker
    assert trackers.getByBaseURL("https://bugs.example.com") is None


def test_an_alias_that_becomes_the_base_url_is_no_alias_any_more(trackers, tracker):
    tracker.aliases = ["https://a.example.com", "https://b.example.com"]
    tracker.baseurl = "http://a.example.com/"
    assert tracker.aliases == ("https://b.example.com",)
    trackers.remove(tracker)
    assert trackers.getByBaseURL("https://a.example.com") is None


def test_one_that_is_in_no_set_can_be_changed_at_will(trackers):
    tracker = BugTracker("bugs", "Bugs", BugTrackerType.BUGZILLA, "https://bugs.example.com")
    tracker.aliases = ["https://a.example.com", "https://b.example.com"]
    tracker.baseurl = "https://a.example.com"
    tracker.name, tracker.title, tracker.active = "other", "Other", False
    trackers.add(tracker)
    assert trackers.getByBaseURL("https://b.example.com") is tracker
    assert snapshot(trackers) == [
        (1, "other", "Other", "https://a.example.com", ("https://b.example.com",)),
        "other",
    ]


# Removing


def test_one_without_watches_is_removed(trackers, tracker, make_tracker, events):
    other = make_tracker("other")
    tracker.aliases = ["https://a.example.com"]
    trackers.remove(tracker)
    assert list(trackers) == [other]
    assert trackers.count() == 1
    assert "bugs" not in trackers
    assert trackers.getByBaseURL("https://bugs.example.com") is None
    assert trackers.getByBaseURL("https://a.example.com") is None
    assert tracker.id is None
    (event,) = (event for event in events if IObjectRemovedEvent.providedBy(event))
    assert event.object is tracker


def test_one_with_watches_is_not_removed(trackers, tracker, watch):
    with pytest.raises(BadInput, match="has watches, 1 of them"):
        trackers.remove(tracker)
    assert trackers["bugs"] is tracker


def test_one_of_which_the_watches_are_gone_is_removed(trackers, tracker, bug, watch):
    bug.removeWatch(watch)
    trackers.remove(tracker)
    assert trackers.count() == 0


def test_one_that_was_removed_can_be_added_again(trackers, tracker, make_tracker):
    trackers.remove(tracker)
    make_tracker("other")
    assert trackers.add(tracker) is tracker
    assert trackers.getByBaseURL("https://bugs.example.com") is tracker


def test_one_that_is_not_there_is_not_removed(trackers, tracker):
    twin = BugTracker("bugs", "Bugs", BugTrackerType.BUGZILLA, "https://bugs.example.com")
    with pytest.raises(NotFoundError):
        trackers.remove(twin)
    assert trackers["bugs"] is tracker


# All of them


def test_those_with_the_most_watches_come_first(trackers, make_tracker, bugs, owner):
    for name, title, count in [
        *(("a1", "Few", 1), ("b2", "None", 0), ("c3", "Many", 3), ("d4", "Also few", 1))
    ]:
        tracker = make_tracker(name, title=title)
        for remotebug in range(count):
            bugs.createBug().addWatch(tracker, remotebug, owner)
    active = trackers.getMostActiveBugTrackers()
    # Those with as many are in order of title.
    assert [tracker.title for tracker in active] == ["Many", "Also few", "Few"]
    assert trackers.getMostActiveBugTrackers(limit=1) == active[:1]
    assert trackers.getMostActiveBugTrackers(10) == active


def test_the_types_are_those_that_are_registered(trackers):
    types = dict(trackers.getBugTrackerTypes())
    assert types[BugTrackerType.BUGZILLA].title == "Bugzilla"
    assert list(types) == sorted(types)
    for external in types.values():
        assert IExternalBugTrackerType.providedBy(external)


def test_a_type_from_elsewhere_is_one_more(trackers, make_tracker):
    class Other(Bugzilla):
        title = "Other"

    registry = getGlobalSiteManager()
    registry.registerAdapter(Other, provided=IExternalBugTracker, name="OTHER")
    try:
        assert dict(trackers.getBugTrackerTypes())["OTHER"] is Other
        assert make_tracker(bugtrackertype=BugTrackerType.OTHER).bugtrackertype == "OTHER"
    finally:
        registry.unregisterAdapter(Other, provided=IExternalBugTracker, name="OTHER")


@pytest.fixture
def lower_case(site):
    """There is a type whose name is in lower case."""

    class Other(Bugzilla):
        name = "other"

    registry = getGlobalSiteManager()
    registry.registerAdapter(Other, provided=IExternalBugTracker, name="other")
    yield
    registry.unregisterAdapter(Other, provided=IExternalBugTracker, name="other")


@pytest.mark.parametrize("name", ["other", "OTHER", "Other"])
def test_the_case_of_a_types_name_does_not_matter(trackers, make_tracker, lower_case, name):
    assert make_tracker("one", bugtrackertype=name).bugtrackertype == "other"
    baseurl = "https://two.example.com"
    assert trackers.ensureBugTracker(baseurl, None, name).bugtrackertype == "other"
    tracker = make_tracker("three")
    tracker.bugtrackertype = name
    assert tracker.bugtrackertype == "other"


@pytest.mark.parametrize("name", ["bugzilla", "BUGZILLA", "Bugzilla"])
def test_nor_does_it_where_it_is_in_upper_case(make_tracker, name):
    assert make_tracker(bugtrackertype=name).bugtrackertype == BugTrackerType.BUGZILLA
