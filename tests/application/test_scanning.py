import dataclasses
from collections.abc import Callable

import pytest
from tests.application.conftest import First
from zope.component import getGlobalSiteManager, getUtility
from zope.interface import implementer
from zope.interface.verify import verifyObject

from malonewatch.application import linking, scanning
from malonewatch.application.linking import ProposedTracker, recognise
from malonewatch.application.links import report
from malonewatch.application.scanning import forget, open_tree
from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    Certainty,
    IBugSet,
    IBugWatchSet,
    ILinkSet,
    ISourceScanner,
    ISourceTree,
    NotFoundError,
    Place,
    Wish,
)
from malonewatch.testing.bugzilla import BugzillaSimulator

BUGZILLA = "https://bugzilla.example.com/show_bug.cgi?id="
DEBIAN = "https://bugs.debian.org/"


@implementer(ISourceTree)
@dataclasses.dataclass
class Tree:
    """A tree of lines, read as often as it is asked for."""

    root: str
    lines: dict
    parts: tuple = ()
    is_anew: bool = True
    trackers: dict = dataclasses.field(default_factory=dict)
    state: bytes | None = None
    read_count: int = 0
    ignored_count: int = 3
    resume: Callable[[bytes], None] | None = None

    @property
    def is_whole(self):
        return not self.parts

    def files(self):
        for path, lines in self.lines.items():
            self.read_count += 1
            yield (
                path,
                [
                    Place(path, number, 1, line.split(" ")[0], line, tuple(line.split(" ")), wish)
                    for number, (line, wish) in enumerate(lines, 1)
                    if line
                ],
            )


@implementer(ISourceScanner)
class Scanner:
    """Has one tree; `asked` is what it was called with, and what that was to go on from."""

    def __init__(self):
        self.values = {"root": "/src/gtk", "lines": {}}
        self.asked = []

    def __call__(self, paths, configuration=None):
        self.asked.append((paths, configuration, None))
        return Tree(**self.values, resume=self.resume)

    def resume(self, state):
        self.asked[-1] = (*self.asked[-1][:2], state)


@pytest.fixture
def source(database):
    """The tree that is scanned: lines by path, each the ways to read it, or (those, a wish)."""
    registry = getGlobalSiteManager()
    before = registry.queryUtility(ISourceScanner)
    scanner = Scanner()
    registry.registerUtility(scanner, ISourceScanner)

    def source(lines, **values):
        scanner.values["lines"] = {
            path: [line if isinstance(line, tuple) else (line, None) for line in each]
            for path, each in lines.items()
        }
        scanner.values.update(values)
        return scanner

    yield source
    registry.unregisterUtility(scanner, ISourceScanner)
    if before is not None:
        registry.registerUtility(before, ISourceScanner)


@pytest.fixture
def bugzilla(database):
    database.write(
        lambda trackers: (
            trackers.ensureBugTracker(
                "https://bugzilla.example.com", None, BugTrackerType.BUGZILLA, name="bugzilla"
            )
            and None
        )
    )


@pytest.fixture
def links(database):
    """The links there are: number, place, URL, and number of the watch."""

    def read(trackers):
        return [
            (
                link.id,
                f"{link.path}:{link.line}",
                link.url,
                None if link.watch is None else link.watch.id,
            )
            for project in getUtility(ILinkSet)
            for link in project.links
        ]

    return lambda: database.read(read)


def scan(database, paths, project=None, configuration=None, **options):
    """Scan the tree that those paths are of."""
    return scanning.scan(database, open_tree(paths, configuration), project, **options)


def test_the_tree_of_the_tests_is_one(source):
    scanner = source({})
    verifyObject(ISourceScanner, scanner)
    verifyObject(ISourceTree, scanner([]))


def test_a_place_becomes_a_link_with_a_watch(database, source, bugzilla, links, stored):
    source({"a.c": ["", BUGZILLA + "42", "https://example.com/12"], "b.c": [BUGZILLA + "42"]})
    scanned = scan(database, ["/src/gtk"])
    assert links() == [
        (1, "a.c:2", BUGZILLA + "42", 1),
        (2, "b.c:1", BUGZILLA + "42", 1),
    ]
    assert stored().watches == {1: (1, "bugzilla", "42")}
    assert stored().bugs == {1: "Links in gtk"}
    assert (scanned.project, scanned.root, scanned.is_anew) == ("gtk", "/src/gtk", True)
    assert (scanned.files, scanned.ignored, scanned.links) == (2, 3, 2)
    assert (scanned.added, scanned.moved, scanned.removed, scanned.kept) == (2, 0, 0, 0)
    assert (scanned.registered, scanned.proposed, scanned.refused) == ((), (), ())


def test_a_second_scan_adds_moves_and_removes(database, source, bugzilla, links, stored):
    source({"a.c": [BUGZILLA + "1", BUGZILLA + "2"], "b.c": [BUGZILLA + "3"]})
    scan(database, ["/src/gtk"])
    source({"a.c": ["", BUGZILLA + "1", BUGZILLA + "2"], "c.c": [BUGZILLA + "4"]})
    scanned = scan(database, ["/src/gtk"])
    assert (scanned.added, scanned.moved, scanned.removed, scanned.kept) == (1, 2, 1, 0)
    assert links() == [
        (1, "a.c:2", BUGZILLA + "1", 1),
        (2, "a.c:3", BUGZILLA + "2", 2),
        (4, "c.c:1", BUGZILLA + "4", 4),
    ]
    # Nobody wants to know of bug 3 any more.
    assert sorted(stored().watches) == [1, 2, 4]
    scanned = scan(database, ["/src/gtk"])
    assert (scanned.added, scanned.moved, scanned.removed, scanned.kept) == (0, 0, 0, 3)


def test_a_watch_stays_as_long_as_there_is_a_link_to_it(database, source, bugzilla, stored):
    source({"a.c": [BUGZILLA + "1"], "b.c": [BUGZILLA + "1"]})
    scan(database, ["/src/gtk"])
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["/src/gtk"])
    assert sorted(stored().watches) == [1]


def test_a_watch_of_another_bug_is_used_and_stays(database, source, bugzilla, links, stored):
    def add(trackers):
        bug = getUtility(IBugSet).createBug("Ours")
        bug.addWatch(trackers["bugzilla"], "1", None)

    database.write(add)
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["/src/gtk"])
    assert links() == [(1, "a.c:1", BUGZILLA + "1", 1)]
    source({})
    scan(database, ["/src/gtk"])
    assert stored().watches == {1: (1, "bugzilla", "1")}


def test_the_watch_of_the_project_is_used_rather_than_another(database, source, bugzilla, links):
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["/src/gtk"])

    def add(trackers):
        bug = getUtility(IBugSet).createBug("Ours", None, 7)
        bug.addWatch(trackers["bugzilla"], "1", None)
        getUtility(ILinkSet).getProject("gtk").bug = 7
        bug.addWatch(trackers["bugzilla"], "2", None)

    database.write(add)
    source({"a.c": [BUGZILLA + "1"], "b.c": [BUGZILLA + "1"]})
    scan(database, ["/src/gtk"])
    assert [watch for *_, watch in links()] == [1, 2]


def test_a_bug_that_was_removed_is_made_anew(database, source, bugzilla, stored):
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["/src/gtk"])
    database.write(lambda trackers: getUtility(IBugSet).removeBug(getUtility(IBugSet).get(1)))
    scan(database, ["/src/gtk"])
    assert stored().watches == {2: (2, "bugzilla", "1")}


def test_the_first_way_to_read_a_place_that_is_a_bugs_counts(database, source, bugzilla, links):
    source({"a.c": [f"https://example.com/ {BUGZILLA}12 {BUGZILLA}1"]})
    scan(database, ["/src/gtk"])
    assert [url for _, _, url, _ in links()] == [BUGZILLA + "12"]
    assert scan(database, ["/src/gtk"]).kept == 1


def test_what_stuck_to_a_url_is_left_off(database, source, bugzilla, links, stored):
    source({"a.c": [BUGZILLA + "12(fixed)"]})
    scan(database, ["/src/gtk"])
    assert stored().watches == {1: (1, "bugzilla", "12")}


# Bug trackers


def test_an_unknown_bug_tracker_is_proposed(database, source, links, stored):
    source({"a.c": [DEBIAN + "1", BUGZILLA + "2", BUGZILLA + "3"]})
    scanned = scan(database, ["/src/gtk"])
    assert (stored().trackers, stored().watches) == ({}, {})
    assert [watch for *_, watch in links()] == [None, None, None]
    debian, bugzilla = scanned.proposed
    assert debian == ProposedTracker(
        "https://bugs.debian.org", BugTrackerType.DEBBUGS, Certainty.KNOWN_HOST, 1
    )
    assert debian.is_known
    assert (bugzilla.baseurl, bugzilla.links) == ("https://bugzilla.example.com", 2)
    assert not bugzilla.is_known
    # It is from now on, and so its bugs are watched.
    database.write(
        lambda trackers: (
            trackers.ensureBugTracker(bugzilla.baseurl, None, BugTrackerType.BUGZILLA) and None
        )
    )
    scanned = scan(database, ["/src/gtk"])
    assert [watch for *_, watch in links()] == [None, 1, 2]
    assert scanned.proposed == (debian,)


def test_those_on_known_hosts_are_accepted_if_that_is_wanted(database, source, links, stored):
    source({"a.c": [DEBIAN + "1", BUGZILLA + "2", DEBIAN + "3"]})
    scanned = scan(database, ["/src/gtk"], accept_known=True)
    assert [facts.baseurl for facts in scanned.registered] == ["https://bugs.debian.org"]
    assert [watch for *_, watch in links()] == [1, None, 2]
    assert len(scanned.proposed) == 1
    assert scan(database, ["/src/gtk"], accept_known=True).registered == ()


@pytest.mark.parametrize(
    "baseurl", ["https://bugzilla.example.com", "HTTPS://bugzilla.example.com/ "]
)
def test_one_that_is_named_is_accepted(database, source, links, baseurl):
    source({"a.c": [DEBIAN + "1", BUGZILLA + "2"]})
    scanned = scan(database, ["/src/gtk"], accept=[baseurl])
    (facts,) = scanned.registered
    assert (facts.baseurl, facts.guessed) == ("https://bugzilla.example.com", False)
    assert [watch for *_, watch in links()] == [None, 1]


@pytest.mark.parametrize("before", [True, False])
def test_one_that_is_named_is_guessed_no_more_though_a_configuration_has_it(
    database, source, before
):
    accepted = {"https://bugzilla.example.com": "bugzilla"}
    source({"a.c": [BUGZILLA + "2"]}, trackers=accepted)
    if before:
        scan(database, ["/src/gtk"], accept_known=True)
    for count in (1, 0):
        scanned = scan(database, ["/src/gtk"], accept_known=True, accept=list(accepted))
        assert [facts.guessed for facts in scanned.registered] == [False] * count


@pytest.mark.parametrize("url", ["https://nowhere.example.com", "bugzilla.example.com", ""])
def test_one_that_no_link_leads_to_is_said(database, source, url):
    source({"a.c": [BUGZILLA + "2"]})
    assert scan(database, ["/src/gtk"], accept=[url]).refused == (
        f"No link leads to a bug tracker at {url}, so none was registered there.",
    )


def test_one_that_is_named_is_what_the_surest_link_says(database, source, links):
    source(
        {
            "a.c": [
                "https://git.example.com/foo/bar/pulls/1",
                "https://git.example.com/foo/bar/-/issues/2",
            ]
        }
    )
    (facts,) = scan(database, ["/src/gtk"], accept=["https://git.example.com"]).registered
    assert facts.bugtrackertype == BugTrackerType.GITLAB


def test_one_at_both_schemes_is_one(database, source, links):
    source(
        {
            "a.c": [
                "http://b.example.com/show_bug.cgi?id=1",
                "https://b.example.com/show_bug.cgi?id=2",
            ]
        }
    )
    (proposed,) = scan(database, ["/src/gtk"]).proposed
    assert (proposed.baseurl, proposed.links) == ("https://b.example.com", 2)
    assert len(scan(database, ["/src/gtk"], accept=["http://b.example.com"]).registered) == 1
    assert [watch for *_, watch in links()] == [1, 2]


def test_those_that_the_configuration_names_are_accepted_with_them(database, source, stored):
    accepted = {
        "https://bugzilla.example.com": "bugzilla",
        "https://first.example.com": "NOSUCH",
    }
    source({"a.c": [BUGZILLA + "2"]}, trackers=accepted)
    assert scan(database, ["/src/gtk"]).registered == ()
    scanned = scan(database, ["/src/gtk"], accept_known=True)
    (facts,) = scanned.registered
    assert (facts.baseurl, facts.guessed) == ("https://bugzilla.example.com", True)
    (refused,) = scanned.refused
    assert refused.startswith("There is no bug tracker type 'NOSUCH'")
    assert len(stored().watches) == 1
    assert scan(database, ["/src/gtk"], accept_known=True).registered == ()


def test_one_in_the_configuration_is_not_asked_what_it_is_on_a_private_network(database, source):
    with BugzillaSimulator() as simulator:
        source({"a.c": [BUGZILLA + "2"]}, trackers={simulator.url: None})
        (refused,) = scan(database, ["/src/gtk"], accept_known=True).refused
        assert "127.0.0.1 is not on the public Internet" in refused
        assert simulator.requests == []


def test_what_only_looks_like_a_bugs_url_is_a_proposal(database, source, software, links):
    source({"a.c": ["https://some.example.com/thing/12"]})
    scanned = scan(database, ["/src/gtk"], accept_known=True)
    (proposed,) = scanned.proposed
    assert (proposed.bugtrackertype, proposed.certainty) == (First.name, Certainty.GUESS)


def test_a_type_that_is_not_supported_any_more_is_no_proposal(database, source, links, monkeypatch):
    source({"a.c": [BUGZILLA + "2"]})
    scan(database, ["/src/gtk"])
    source({}, is_anew=False)
    monkeypatch.setattr(linking, "recognise", lambda url: None)
    scanned = scan(database, ["/src/gtk"])
    assert (scanned.links, scanned.proposed) == (1, ())


# What is read


def test_only_what_changed_is_read_the_next_time(database, source, bugzilla, links):
    scanner = source({"a.c": [BUGZILLA + "1"], "b.c": [BUGZILLA + "2"]}, state=b"first")
    scan(database, ["/src/gtk"], configuration="short.toml")
    assert scanner.asked == [(["/src/gtk"], "short.toml", None)]
    scanner = source({"b.c": [], "c.c": [BUGZILLA + "3"]}, is_anew=False, state=b"second")
    scanned = scan(database, ["/src/gtk"])
    assert scanner.asked[-1] == (["/src/gtk"], None, b"first")
    assert (scanned.is_anew, scanned.files, scanned.removed, scanned.added) == (False, 2, 1, 1)
    assert [place for _, place, _, _ in links()] == ["a.c:1", "c.c:1"]
    scan(database, ["/src/gtk"], anew=True)
    assert scanner.asked[-1][2] is None
    scan(database, ["/src/gtk"])
    assert scanner.asked[-1][2] == b"second"


def test_all_is_read_anew_when_another_bug_tracker_is_registered(database, source, bugzilla):
    # What is a bug's URL depends on that.
    scanner = source({"a.c": [BUGZILLA + "1"]}, state=b"first")
    scan(database, ["/src/gtk"])

    def register(trackers):
        trackers.ensureBugTracker("https://trac.example.com", None, BugTrackerType.TRAC)

    database.write(register)
    scan(database, ["/src/gtk"])
    assert scanner.asked[-1][2] is None
    scan(database, ["/src/gtk"])
    assert scanner.asked[-1][2] == b"first"


def test_what_is_in_no_part_that_was_read_stays(database, source, bugzilla, links):
    scanner = source(
        {"doc": [BUGZILLA + "1"], "src/a.c": [BUGZILLA + "2"], "srcs": [BUGZILLA + "3"]},
        state=b"whole",
    )
    scan(database, ["/src/gtk"])
    source({}, parts=("src", "doc"), state=None)
    scan(database, ["/src/gtk/src", "/src/gtk/doc"])
    assert [place for _, place, _, _ in links()] == ["srcs:1"]
    # What the scan of the whole has left is not true of these links any more.
    scan(database, ["/src/gtk"])
    assert scanner.asked[-1][2] is None


def test_the_parts_of_a_tree_may_be_as_they_were(database, source, bugzilla):
    scanner = source({"src/a.c": [BUGZILLA + "2"]}, state=b"whole")
    scan(database, ["/src/gtk"])
    source({"src/a.c": [BUGZILLA + "2"]}, parts=("src",), state=None)
    scan(database, ["/src/gtk/src"])
    scan(database, ["/src/gtk"])
    assert scanner.asked[-1][2] == b"whole"


def test_two_scans_at_once_find_each_link_once(database, source, bugzilla, links, monkeypatch):
    lines = {"a.c": [BUGZILLA + "1", BUGZILLA + "2"]}
    source(lines, state=b"state")

    def match_late(before, now):
        monkeypatch.setattr(scanning, "match", match)
        plan = match(before, now)
        scan(database, ["/src/gtk"])
        return plan

    match = scanning.match
    monkeypatch.setattr(scanning, "match", match_late)
    assert scan(database, ["/src/gtk"]).links == 2
    assert [place for _, place, _, _ in links()] == ["a.c:1", "a.c:2"]


def test_a_scan_that_was_broken_off_makes_the_next_one_read_all(
    database, source, bugzilla, monkeypatch
):
    scanner = source({"a.c": [BUGZILLA + "1"]}, state=b"first")
    scan(database, ["/src/gtk"])
    source({"b.c": [BUGZILLA + "2"]}, is_anew=False, state=b"second")
    monkeypatch.setattr(linking, "recognise", lambda url: 1 / 0)
    monkeypatch.setattr(scanning, "recognise", recognise)
    with pytest.raises(ZeroDivisionError):
        scan(database, ["/src/gtk"])
    monkeypatch.undo()
    scan(database, ["/src/gtk"])
    assert scanner.asked[-1][2] is None


def test_what_the_author_says_of_it_is_kept(database, source, bugzilla):
    source({"a.c": [(BUGZILLA + "1", Wish.EXPECT_OPEN)]})
    scan(database, ["/src/gtk"])
    (link,) = report(database)
    assert link.wish is Wish.EXPECT_OPEN


def test_much_is_written_bit_by_bit(database, source, bugzilla, links, monkeypatch):
    monkeypatch.setattr(scanning, "_FILES", 2)
    monkeypatch.setattr(linking, "_LINKS", 2)
    source({f"{number}.c": [f"{BUGZILLA}{number % 4}"] for number in range(5)})
    assert scan(database, ["/src/gtk"]).added == 5
    source({})
    assert scan(database, ["/src/gtk"]).removed == 5
    assert links() == []


# Projects


def test_a_project_has_the_name_of_its_folder_or_another(database, source, bugzilla, links):
    source({"a.c": [BUGZILLA + "1"]})
    assert scan(database, ["."]).project == "gtk"
    assert scan(database, ["."], "another").project == "another"
    assert [watch for *_, watch in links()] == [1, 1]
    source({}, root="/")
    assert scan(database, ["/"]).project == "root"


def test_another_tree_of_the_same_name_does_not_take_its_place(database, source, bugzilla, links):
    source({"a.c": [BUGZILLA + "1"]}, state=b"first")
    scan(database, ["."])
    before = links()
    scanner = source({}, root="/home/gtk", state=b"second")
    with pytest.raises(BadInput) as raised:
        scan(database, ["."])
    assert str(raised.value) == (
        "The links of project 'gtk' are those in /src/gtk; give --project gtk if that is in "
        "/home/gtk now, or another name."
    )
    assert links() == before
    assert scan(database, ["."], "gtk").removed == 1
    # What the other tree left says nothing of this one.
    assert scanner.asked[-1][2] is None


def test_a_name_that_no_project_can_have(database, source, stored):
    source({"a.c": [BUGZILLA + "1"]})
    with pytest.raises(BadInput, match=r"^The name of a project is one line"):
        scan(database, ["."], "two\nlines")


def test_a_project_is_forgotten(database, source, bugzilla, links, stored):
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["."])
    assert forget(database, "gtk") == 1
    assert (links(), stored().watches, stored().bugs) == ([], {}, {})
    with pytest.raises(NotFoundError, match=r"^There is no project 'gtk'\.$"):
        forget(database, "gtk")


def test_what_else_is_watched_for_the_bug_of_a_project_stays(database, source, bugzilla, stored):
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["."])
    database.write(
        lambda trackers: (
            getUtility(IBugSet).get(1).addWatch(trackers["bugzilla"], "2", None) and None
        )
    )
    forget(database, "gtk")
    assert stored().bugs == {1: "Links in gtk"}
    assert list(stored().watches.values()) == [(1, "bugzilla", "2")]


def test_a_project_is_forgotten_whose_bug_is_there_no_more(database, source, bugzilla, stored):
    source({})
    scan(database, ["."])
    forget(database, "gtk")
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["."])
    database.write(lambda trackers: getUtility(IBugSet).removeBug(getUtility(IBugSet).get(1)))
    assert forget(database, "gtk") == 1
    assert stored().bugs == {}


def test_what_another_scan_removed_meanwhile_is_there_if_this_one_saw_it(
    database, source, bugzilla, links, monkeypatch
):
    source({"a.c": [BUGZILLA + "1", BUGZILLA + "2"]})
    scan(database, ["."])
    match = scanning.match

    def and_then_another(before, now):
        plan = match(before, now)
        monkeypatch.undo()
        source({})
        scan(database, ["."])
        return plan

    monkeypatch.setattr(scanning, "match", and_then_another)
    source({"a.c": ["", BUGZILLA + "1"]})
    scan(database, ["."])
    assert [place for _, place, _, _ in links()] == ["a.c:2"]


def test_watches_are_found_by_links(database, source, bugzilla):
    source({"a.c": [BUGZILLA + "1"]})
    scan(database, ["."])
    assert database.read(
        lambda trackers: [link.path for link in getUtility(IBugWatchSet).get(1).links]
    ) == ["a.c"]
