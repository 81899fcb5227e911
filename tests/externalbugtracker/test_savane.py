from urllib.parse import urlsplit

import pytest

from malonewatch.externalbugtracker import Savane
from malonewatch.externalbugtracker.savane import CLOSED, OPEN
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Polling,
    RemoteBug,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import ExternalBugTrackerConformance
from malonewatch.testing.savane import PREFIXES, SavaneSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://savannah.gnu.org"
OTHER = "http://projects.example.com"


def make(baseurl=BASE):
    return Savane(BugTrackerFacts("x", BugTrackerType.SAVANE, baseurl))


class TestSavane(ExternalBugTrackerConformance):
    factory = Savane
    simulator = SavaneSimulator
    ids = staticmethod("bugs/{}".format)
    invalid_id = "news/12"
    tells_modified = False
    spellings = [
        ("bugs/42", "bugs/42"),
        (" bug #0042 ", "bugs/42"),
        ("Bug#42", "bugs/42"),
        ("sr #42", "support/42"),
        ("support/42", "support/42"),
        ("task #42", "task/42"),
        ("patch/#42", "patch/42"),
        ("#42", "bugs/42"),
        ("42", "bugs/42"),
    ]
    urls = [
        ("https://savannah.gnu.org/bugs/?42", BASE, "bugs/42"),
        ("http://savannah.nongnu.org/bugs/index.php?0042#comment3", BASE, "bugs/42"),
        ("https://sv.gnu.org/bugs?42", BASE, "bugs/42"),
        ("http://savannah.gnu.org/bugs/?func=detailitem&item_id=42", BASE, "bugs/42"),
        ("http://savannah.gnu.org/bugs/?func=detailitem;item_id=42;group=x", BASE, "bugs/42"),
        ("https://savannah.gnu.org/bugs/?group=make&42", BASE, "bugs/42"),
        ("https://savannah.gnu.org/bugs/item.php?item_id=42", BASE, "bugs/42"),
        ("https://savannah.gnu.org/bug/?42", BASE, "bugs/42"),
        ("https://savannah.nongnu.org/sr/?42", BASE, "support/42"),
        ("https://savannah.nongnu.org/support/?42", BASE, "support/42"),
        ("https://savannah.nongnu.org/task/index.php?42", BASE, "task/42"),
        ("https://savannah.nongnu.org/patch/?42=", BASE, "patch/42"),
        ("https://gna.org/bugs/?42", "https://gna.org", "bugs/42"),
        ("https://puszcza.gnu.org.ua/bugs/?42", "https://puszcza.gnu.org.ua", "bugs/42"),
        ("http://projects.example.com/bugs/?42", OTHER, "bugs/42"),
        ("http://projects.example.com/savane/task/?42", f"{OTHER}/savane", "task/42"),
    ]
    not_urls = [
        "https://savannah.gnu.org/bugs/",
        "https://savannah.gnu.org/bugs/?group=make",
        "https://savannah.gnu.org/bugs/?x42",
        "https://savannah.gnu.org/bugs/?0",
        "https://savannah.gnu.org/bugs/?42=7",
        "https://savannah.gnu.org/bugs/download.php?file_id=42",
        "https://savannah.gnu.org/news/?42",
        "https://savannah.gnu.org/bugs/index.php/42",
    ]


@pytest.mark.parametrize(
    ("url", "certainty"),
    [("https://sv.nongnu.org/bugs/?42", "KNOWN_HOST"), (f"{OTHER}/bugs/?42", "SHAPE")],
)
def test_how_sure_a_url_is(url, certainty):
    assert Savane.parseBugURL(urlsplit(url)).certainty is Certainty[certainty]


def test_what_is_further_below_is_no_registered_ones():
    url = urlsplit(f"{OTHER}/savane/task/?42")
    assert Savane.parseBugURL(url, f"{OTHER}/savane").certainty is Certainty.REGISTERED
    assert Savane.parseBugURL(url, OTHER).baseurl == f"{OTHER}/savane"


def test_gna_is_never_polled_and_says_why():
    assert make().polling is Polling.ALWAYS
    gna = make("https://gna.org")
    assert gna.polling is Polling.NEVER
    assert gna.not_polled == "Gna! was shut down for good in 2017."
    assert gna.getBugURL("bugs/42") == "https://gna.org/bugs/?42"
    with pytest.raises(UnsupportedBugTracker):
        Asker(Savane, "https://gna.org", client=Canned(b"")).ask(["bugs/42"])


def outcomes_of(*bugs, **switches):
    with SavaneSimulator() as simulator:
        for name, value in switches.items():
            setattr(simulator, name, value)
        for remotebug, values in bugs:
            simulator.add(remotebug, **values)
        return Asker(Savane, simulator.url).ask(simulator.bugs)


def test_each_tracker_has_numbers_of_its_own():
    ids = [f"{tracker}/7" for tracker in PREFIXES]
    with SavaneSimulator() as simulator:
        for remotebug in ids:
            simulator.add(remotebug, title=f"It is {remotebug}")
        outcomes = Asker(Savane, simulator.url).ask(ids)
        assert len(simulator.requests) == len(ids)
    assert {name: bug.title for name, bug in outcomes.items()} == {
        name: f"It is {name}" for name in ids
    }


def test_all_that_the_page_tells_is_read():
    values = {
        "title": "Loose: frob & <co>",
        "status": "Closed",
        "resolution": "Fixed",
        "severity": "4 - Important",
        "extra": {"release": "4.2"},
    }
    bug = outcomes_of(("bugs/7", values))["bugs/7"]
    assert (bug.title, bug.remotestatus, bug.resolution) == (
        "Loose: frob & <co>",
        "Closed Fixed",
        "Fixed",
    )
    assert (bug.status, bug.closed, bug.fixed_in) == (BugTaskStatus.FIXRELEASED, True, "4.2")
    assert (bug.remote_importance, bug.importance) == ("4 - Important", BugTaskImportance.HIGH)
    assert (bug.modified, bug.private) == (None, False)


def test_where_there_is_no_severity_the_priority_counts():
    bug = outcomes_of(("task/7", {"severity": "", "priority": "7 - High"}))["task/7"]
    assert bug.remote_importance == "7 - High"


def test_what_people_write_is_not_taken_for_a_field():
    comment = '<table><tr><td class="preinput">Open/Closed:</td><td>Closed</td></tr></table>'
    fields = {
        "Release": "Open/Closed:",
        "Operating System": "&lt;span class=&quot;preinput&quot;&gt;Status:&lt;/span&gt;",
        # As a group may call a field of its own.
        "Open/Closed ": "Closed",
    }
    values = {"resolution": "Confirmed", "extra": {"comment": comment, "fields": fields}}
    assert outcomes_of(("bugs/7", values))["bugs/7"].remotestatus == "Open Confirmed"


def test_an_item_that_those_who_log_in_may_read_says_so():
    body = (
        b"<h1>bug #7: Loose</h1><table><td class='preinput'>Open/Closed:&nbsp;</td><td>Open</td>"
        b"<td class='preinput'>Privacy: *</td><td>Private</td></table>"
    )
    client = Canned(body, "text/html")
    bug = Asker(Savane, BASE, dialect="page", client=client).ask(["bugs/7"])["bugs/7"]
    assert bug.private
    ((method, url, _),) = client.requests
    assert (method, url) == ("GET", f"{BASE}/bugs/index.php?func=detailitem&item_id=7")


@pytest.mark.parametrize("switches", [{}, {"old": True}, {"log_in": True}])
def test_what_is_not_there_and_what_is_private_are_told_apart(switches):
    with SavaneSimulator() as simulator:
        for name, value in switches.items():
            setattr(simulator, name, value)
        simulator.add("bugs/7", private=True)
        simulator.add("bugs/9")
        outcomes = Asker(Savane, simulator.url).ask(["bugs/7", "bugs/8", "bugs/9"])
    assert outcomes["bugs/7"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["bugs/8"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert isinstance(outcomes["bugs/9"], RemoteBug)


def test_a_redirect_to_the_other_host_is_followed():
    with SavaneSimulator() as nongnu, SavaneSimulator() as gnu:
        gnu.other_host = nongnu.url
        for simulator in (gnu, nongnu):
            simulator.add("bugs/7", title="Loose")
        bug = Asker(Savane, gnu.url).ask(["bugs/7"])["bugs/7"]
        assert (bug.title, bug.moved_to) == ("Loose", None)
        assert (len(gnu.requests), len(nongnu.requests)) == (1, 1)


def test_the_page_of_another_item_is_not_taken_for_the_one_asked_for():
    client = Canned(b"<h1>patch #7: x</h1><td class='preinput'>Open/Closed:</td><td>Open</td>")
    client.response.headers["content-type"] = "text/html"
    outcome = Asker(Savane, BASE, dialect="page", client=client).ask(["bugs/7"])["bugs/7"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "another bug" in outcome.message


@pytest.mark.parametrize("body", [b"<h1>Welcome</h1>", b"<h1>bug #x: y</h1>", b"<html></html>"])
def test_a_page_without_an_item_tells_nothing_of_it(body):
    client = Canned(body, "text/html")
    with pytest.raises(UnparsableBugTracker):
        Asker(Savane, BASE, dialect="page", client=client).ask(["bugs/7"])


def test_another_site_is_no_savane():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(Savane, simulator.url).ask(["bugs/7"])


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<p>Powered by Savane 3.10</p>", "Savane 3.10"),
        ("<a>Powered by Savane</a>", "Savane"),
        ("<p>Powered by magic</p>", None),
        ("", None),
    ],
)
def test_the_foot_of_each_page_says_what_it_is(page, said):
    assert make().identity(page) == said


def test_reading_a_page_goes_with_its_length():
    for unit in ("<h1", "<td", "<", "<h1>bug #1: ", 'class="feedbackerror', "&", "<h1><"):
        assert make().item_of(unit * 100_000) in (None, {"id": "bugs/1", "title": ""})


def test_every_status_passes_through():
    words = dict(make().status_table)
    with SavaneSimulator() as simulator:
        for number, word in enumerate(words, 1):
            state, _, status = word.partition(" ")
            simulator.add(f"bugs/{number}", status=state, resolution=status)
        outcomes = Asker(Savane, simulator.url).ask(simulator.bugs)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == words
    for state, table in (("Open", OPEN), ("Closed", CLOSED)):
        for status, some in table.items():
            assert {words[f"{state} {word.strip()}"] for word in some.split(",")} == {status}


@pytest.mark.parametrize(
    ("state", "resolution", "status"),
    [
        ("Open", "", "NEW"),
        ("Open", "Duplicate", "CONFIRMED"),
        ("Open", "Works For Me", "INVALID"),
        ("Open", "Fixed", "FIXCOMMITTED"),
        ("Closed", "", "FIXRELEASED"),
        ("Closed", "Wont Fix", "WONTFIX"),
        ("Closed", "Duplicate", "INVALID"),
        ("Closed", "Postponed", "WONTFIX"),
        ("Closed", "Not a Bug", "INVALID"),
    ],
)
def test_status(state, resolution, status):
    verdict = make().meaning(f"{state} {resolution}".strip(), resolution, state == "Closed")
    assert verdict == (BugTaskStatus[status], False)


@pytest.mark.parametrize(
    ("state", "status", "guessed"), [("Open", "NEW", True), ("Closed", "UNKNOWN", False)]
)
def test_a_status_of_a_groups_own_is_guessed_from_whether_it_is_open(state, status, guessed):
    values = {"status": state, "resolution": "In the oven"}
    bug = outcomes_of(("bugs/7", values))["bugs/7"]
    assert bug.remotestatus == f"{state} In the oven"
    assert (bug.status, bug.guessed) == (BugTaskStatus[status], guessed)


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("1 - Wish", "WISHLIST"),
        ("3 - Minor", "LOW"),
        ("3 - Normal", "MEDIUM"),
        ("4 - Important", "HIGH"),
        ("5 - Blocker", "CRITICAL"),
        ("9 - Security", "CRITICAL"),
        ("1 - Later", "LOW"),
        ("9 - Immediate", "CRITICAL"),
        ("2", "LOW"),
        ("8", "HIGH"),
        ("", "UNKNOWN"),
    ],
)
def test_importance_is_the_word_if_there_is_one(words, importance):
    assert make().convertRemoteImportance(words) is BugTaskImportance[importance]


def test_links():
    links = make().getBugFilingAndSearchLinks("make", "It's loose", "a & b")
    assert links.bug_filing_url == (
        f"{BASE}/bugs/?func=additem&group=make&prefill%5Bsummary%5D=It%27s%20loose"
        "&prefill%5Bdetails%5D=a%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/search/?type_of_search=bugs&words=It%27s%20loose"
    assert make().getBugFilingAndSearchLinks(summary="x").bug_filing_url is None


CELL = "<td class='preinput'>{}:</td><td>{}</td>"


def test_fields_are_in_the_first_table_and_the_first_of_a_name_counts():
    cells = CELL.format("Status", "A") + CELL.format("Status", "B")
    other = CELL.format("Privacy", "Private")
    page = f"<h1>task #7: x</h1><table>{cells}</table><table>{other}</table>"
    assert make().item_of(page) == {"id": "task/7", "title": "x", "Status": "A"}


def test_a_warning_beside_an_item_is_none_about_the_item():
    warning = '<div class="feedbackerror"><span>Error:</span>The log-in was private.</div>'
    body = f"{warning}<h1>bug #7: x</h1><table>{CELL.format('Open/Closed', 'Open')}</table>"
    client = Canned(body.encode(), "text/html")
    bug = Asker(Savane, BASE, dialect="page", client=client).ask(["bugs/7"])["bugs/7"]
    assert bug.status is BugTaskStatus.NEW


def test_blanks_in_what_is_no_id_take_no_time():
    # With three repetitions of blanks in a row this took minutes.
    remotebug = f"bugs{' ' * 5000}!"
    assert Savane.canonicalRemoteBug(remotebug) == remotebug
    assert Savane.canonicalRemoteBug("Bugs / #42") == "bugs/42"
