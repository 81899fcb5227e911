import functools
from urllib.parse import urlsplit

import pytest
from zope.component import getUtility

from malonewatch.externalbugtracker import FusionForge, SourceForge
from malonewatch.externalbugtracker.fusionforge import CLOSED, OPEN
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    IBugTrackerSet,
    IBugWatchSet,
    Polling,
    RemoteBug,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing import fresh_site
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import ExternalBugTrackerConformance
from malonewatch.testing.fusionforge import FusionForgeSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://forge.example.com"
VERSIONS = [(4, 5), (5, 0), (5, 3), (6, 1)]


def make(baseurl=BASE):
    return FusionForge(BugTrackerFacts("x", BugTrackerType.FUSIONFORGE, baseurl))


class TestFusionForge(ExternalBugTrackerConformance):
    factory = FusionForge
    # There it takes one request alone.
    simulator = functools.partial(FusionForgeSimulator, version=(5, 0))
    tells_modified = False
    spellings = [
        *ExternalBugTrackerConformance.spellings,
        ("[#42]", "42"),
        ("task/0042", "task/42"),
        ("Task #42", "task/42"),
        ("[T42]", "task/42"),
        ("T42", "task/42"),
    ]
    urls = [
        (f"{BASE}/tracker/?func=detail&aid=42&group_id=5&atid=7", BASE, "42"),
        (f"{BASE}/tracker/index.php?func=detail&aid=0042&group_id=5&atid=7#x", BASE, "42"),
        (f"{BASE}/tracker/index.php?func=detail;group_id=5;atid=7;aid=42", BASE, "42"),
        (f"{BASE}/tracker?aid=42", BASE, "42"),
        (f"{BASE}/tracker/a_follow.php/42", BASE, "42"),
        (f"{BASE}/tracker/a_follow.php/42/", BASE, "42"),
        (f"{BASE}/tracker/a_follow.php?aid=42", BASE, "42"),
        (f"{BASE}/tracker/t_follow.php/42", BASE, "42"),
        (f"{BASE}/support/tracker.php?aid=42", BASE, "42"),
        (f"{BASE}/gforge/tracker/?aid=42", f"{BASE}/gforge", "42"),
        (f"{BASE}/pm/t_follow.php/42", BASE, "task/42"),
        (f"{BASE}/pm/t_follow.php?tid=42", BASE, "task/42"),
        (f"{BASE}/pm/t_lookup.php?tid=42", BASE, "task/42"),
        (
            f"{BASE}/pm/task.php?func=detailtask&project_task_id=42&group_id=5&group_project_id=7",
            BASE,
            "task/42",
        ),
        (
            "http://r-forge.r-project.org/tracker/index.php?func=detail&aid=42&group_id=5&atid=7",
            "https://r-forge.r-project.org",
            "42",
        ),
        (
            "http://alioth.debian.org/tracker/?func=detail&atid=7&aid=42&group_id=5",
            "https://alioth.debian.org",
            "42",
        ),
    ]
    not_urls = [
        f"{BASE}/tracker/?group_id=5&atid=7",
        f"{BASE}/tracker/?func=add&group_id=5&atid=7",
        f"{BASE}/tracker/?aid=x",
        f"{BASE}/tracker/?aid=4294967296",
        f"{BASE}/tracker/download.php/5/7/42/1/log",
        f"{BASE}/pm/task.php?group_id=5",
        f"{BASE}/frs/?aid=42",
    ]


def test_sourceforges_own_urls_stay_sourceforges():
    url = "http://sourceforge.net/tracker/?func=detail&aid=42&group_id=5&atid=7"
    with fresh_site("memory://"):
        watches = getUtility(IBugWatchSet)
        assert watches.recognise(url)[1] == "SOURCEFORGE"
        assert watches.recognise(url.replace("sourceforge.net", "example.com"))[1] == "FUSIONFORGE"
        getUtility(IBugTrackerSet).ensureBugTracker("https://sourceforge.net", None, "SOURCEFORGE")
        assert [name for _, name in watches.getReadings(url)] == ["SOURCEFORGE"]
    assert SourceForge.parseBugURL(urlsplit(f"{BASE}/tracker/?aid=42")) is None
    assert FusionForge.parseBugURL(urlsplit(f"{BASE}/tracker/?aid=42")).certainty is Certainty.SHAPE


@pytest.mark.parametrize("host", ["alioth.debian.org", "gforge.inria.fr", "rubyforge.org"])
def test_forges_that_were_shut_down_are_never_polled_and_say_so(host):
    forge = make(f"https://{host}")
    assert forge.polling is Polling.NEVER
    assert "was shut down for good" in forge.not_polled
    with pytest.raises(UnsupportedBugTracker):
        Asker(FusionForge, f"https://{host}", client=Canned(b"")).ask(["42"])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_understood(version):
    fields = {"Severity": "major", "Resolution": "Works For Me"}
    with FusionForgeSimulator(version=version) as simulator:
        simulator.add("1", title="Schön & <gut>", priority="4")
        simulator.add("2", status="Closed", extra={"fields": fields})
        simulator.add("3", private=True)
        simulator.add("5", status="Deleted")
        simulator.add("6", malformed=True)
        outcomes = Asker(FusionForge, simulator.url).ask(["1", "2", "3", "4", "5", "6"])
    one, two = outcomes["1"], outcomes["2"]
    assert (one.title, one.remotestatus, one.closed) == ("Schön & <gut>", "Open", False)
    assert (one.remote_importance, one.importance) == ("4", BugTaskImportance.HIGH)
    assert (two.remotestatus, two.resolution) == ("Closed Works For Me", "Works For Me")
    assert (two.status, two.closed) == (BugTaskStatus.INVALID, True)
    assert (two.remote_importance, two.importance) == ("major", BugTaskImportance.HIGH)
    assert [outcomes[remotebug].error_type for remotebug in "3456"] == [
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
        BugWatchErrorType.BUG_NOT_FOUND,
        BugWatchErrorType.BUG_DELETED,
        BugWatchErrorType.UNPARSABLE_BUG,
    ]


@pytest.mark.parametrize(("version", "each"), [((5, 0), 1), ((6, 1), 2)])
def test_an_item_takes_one_request_and_one_more_where_a_redirect_tells_its_tracker(version, each):
    with FusionForgeSimulator(version=version) as simulator:
        for number in range(1, 11):
            simulator.add(str(number))
        asker = Asker(FusionForge, simulator.url)
        asker.ask(simulator.bugs)
        assert len(simulator.requests) == each * 10


@pytest.mark.parametrize(
    ("fields", "remotestatus"),
    [
        ({"Resolution": "None", "Status": "Accepted"}, "Open Accepted"),
        ({"Resolution": "Fixed", "Status": "Accepted"}, "Open Fixed"),
        ({"Resolution *": "Later"}, "Open Later"),
        ({"Resolution": ""}, "Open"),
        ({"Resolution": "none"}, "Open"),
    ],
)
def test_a_field_of_the_trackers_own_may_say_what_became_of_an_item(fields, remotestatus):
    for version in VERSIONS[1:]:
        with FusionForgeSimulator(version=version) as simulator:
            simulator.add("1", extra={"fields": fields})
            bug = Asker(FusionForge, simulator.url).ask(["1"])["1"]
        assert (bug.remotestatus, bug.resolution) == (remotestatus, "")


def test_what_people_write_is_not_taken_for_a_field():
    comment = "<strong>Resolution:</strong><br />Fixed</td>"
    with FusionForgeSimulator() as simulator:
        simulator.add("1", extra={"comment": comment, "fields": {"State": "Closed"}})
        bug = Asker(FusionForge, simulator.url).ask(["1"])["1"]
    assert bug.remotestatus == "Closed"
    assert make().item_of(
        "<h2>[#1] x</h2><strong>A:</strong> 1</td><strong>A:</strong> 2</td>"
    ) == {
        "id": "1",
        "title": "x",
        "A": "1",
    }


def test_tasks_are_read_too():
    with FusionForgeSimulator() as simulator:
        simulator.add("1")
        simulator.add("task/1", title="Tighten & test", status="Closed", priority="5")
        simulator.add("task/2", private=True)
        simulator.add("task/3", malformed=True)
        ids = [f"task/{number}" for number in range(1, 5)]
        outcomes = Asker(FusionForge, simulator.url).ask(ids)
        assert [each for each in simulator.requests if "/pm/" in each] == [
            f"GET /pm/t_lookup.php?tid={number}" for number in range(1, 5)
        ]
    task = outcomes["task/1"]
    assert (task.title, task.status, task.closed) == (
        "Tighten & test",
        BugTaskStatus.FIXRELEASED,
        True,
    )
    assert task.importance is BugTaskImportance.CRITICAL
    assert [outcomes[remotebug].error_type for remotebug in ids[1:]] == [
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
        BugWatchErrorType.UNPARSABLE_BUG,
        BugWatchErrorType.BUG_NOT_FOUND,
    ]
    assert make().getBugURL("task/1") == f"{BASE}/pm/t_follow.php/1"


def ask(body, remotebug="7"):
    client = Canned(body.encode(), "text/html")
    return Asker(FusionForge, BASE, dialect="page", client=client).ask([remotebug])[remotebug]


@pytest.mark.parametrize(
    ("error", "error_type"),
    [
        ("No Artifact with ID: 7", "BUG_NOT_FOUND"),
        ("Item [#7] does not exist in this project", "BUG_NOT_FOUND"),
        ("Permission denied. The project does not exist, or ...", "PRIVATE_REMOTE_BUG"),
    ],
)
def test_why_there_is_no_item_is_told_in_words(error, error_type):
    page = f"<title>Exiting with error</title><p>{error}</p>"
    assert ask(page).error_type is BugWatchErrorType[error_type]


@pytest.mark.parametrize(
    "page",
    [
        "<title>Exiting with error</title><p>The Site Administrator has turned off this.</p>",
        "<h1>Welcome</h1>",
        "<h1>[#x] y</h1>",
        '{"project_task_id"',
        "{}",
    ],
)
def test_a_page_that_tells_nothing_of_an_item_is_trouble(page):
    with pytest.raises(UnparsableBugTracker):
        ask(page)


def test_words_in_an_item_are_no_error():
    page = "<h1>[#7] Exiting with error: does not exist</h1><strong>State:</strong><br/>Open</td>"
    assert isinstance(ask(page), RemoteBug)


def test_the_page_of_another_item_is_not_taken_for_the_one_asked_for():
    outcome = ask("<h1>[#8] x</h1><strong>State:</strong><br/>Open</td>")
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "another bug" in outcome.message


def test_another_site_is_no_forge():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(FusionForge, simulator.url).ask(["7"])


def test_a_forge_says_which_of_the_two_it_is():
    for version, name in (((4, 5), "GForge"), ((6, 1), "FusionForge")):
        with FusionForgeSimulator(version=version) as simulator:
            assert Asker(FusionForge, simulator.url).identify() == name


def test_reading_a_page_goes_with_its_length():
    for unit in ("<h1", "<h1>", "<h1>[#1", "<strong", "<", "&", "<h1>[#1]<strong>"):
        assert (make().item_of(unit * 100_000) or {"title": ""})["title"] == ""


def test_every_status_passes_through():
    words = dict(make().status_table)
    with FusionForgeSimulator(version=(5, 0)) as simulator:
        for number, word in enumerate(words, 1):
            state, _, resolution = word.partition(" ")
            simulator.add(str(number), status=state, extra={"fields": {"Resolution": resolution}})
        outcomes = Asker(FusionForge, simulator.url).ask(simulator.bugs)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == words
    for state, table in (("Open", OPEN), ("Closed", CLOSED)):
        for status, word in table.items():
            assert words[f"{state} {word}"] is status


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("5", "CRITICAL"),
        ("4", "HIGH"),
        ("3", "MEDIUM"),
        ("2", "LOW"),
        ("1", "LOW"),
        ("blocker", "CRITICAL"),
        ("enhancement", "WISHLIST"),
        ("", "UNKNOWN"),
    ],
)
def test_importance(words, importance):
    assert make().convertRemoteImportance(words) is BugTaskImportance[importance]


def test_links():
    links = make().getBugFilingAndSearchLinks("5&atid=7", "It's loose", "x")
    assert links.bug_filing_url == f"{BASE}/tracker/?func=add&group_id=5&atid=7"
    search = f"{BASE}/search/?type_of_search=trackers&group_id=5&words=It%27s%20loose"
    assert links.bug_search_url == search
    assert make().getBugFilingAndSearchLinks("5&7", "x").bug_filing_url == links.bug_filing_url
    assert make().getBugFilingAndSearchLinks("5", "x").bug_filing_url is None
    assert make().getBugFilingAndSearchLinks(summary="x") == (None, None)
