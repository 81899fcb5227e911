import json
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker.launchpad import ORDER, TASKS, Launchpad, openness
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    MalonewatchError,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    Response,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
    SweepsConformance,
    ValidatorsConformance,
)
from malonewatch.testing.launchpad import LaunchpadSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://bugs.launchpad.net"
LINUX = "ubuntu/+source/linux#42"
LOGIN = Credentials("frobwatch", "secret", "token")


def make(baseurl=BASE):
    return Launchpad(BugTrackerFacts("x", BugTrackerType.LAUNCHPAD, baseurl))


def ask(simulator, *remotebugs, **settings):
    return Asker(Launchpad, simulator.url).ask(remotebugs, **settings)


class _Launchpad(
    CredentialsConformance,
    DuplicatesConformance,
    ValidatorsConformance,
    ExternalBugTrackerConformance,
):
    factory = Launchpad
    simulator = LaunchpadSimulator
    login = LOGIN
    wrong_login = Credentials("frobwatch", "wrong", "nonsense")
    urls = [
        ("https://bugs.launchpad.net/bugs/42", BASE, "42"),
        ("http://launchpad.net/bugs/0042/", BASE, "42"),
        ("https://www.launchpad.net/malone/bugs/42", BASE, "42"),
        ("https://pad.lv/42", BASE, "42"),
        ("https://bugs.launchpad.net/42", BASE, "42"),
        ("https://bugs.edge.launchpad.net/subunit/+bug/42", BASE, "subunit#42"),
        ("https://api.launchpad.net/devel/bugs/42", BASE, "42"),
        ("https://api.launchpad.net/1.0/bugs/42/bug_tasks", BASE, "42"),
        ("https://bugs.launchpad.net/bugs/42/comments/3", BASE, "42"),
        ("https://bugs.launchpad.net/bugs/42/+text", BASE, "42"),
        ("https://bugs.launchpad.net/ubuntu/+source/linux/+bug/42", BASE, LINUX),
        ("https://bugs.launchpad.net/Ubuntu/%2Bsource/Linux/%2bbug/42/", BASE, LINUX),
        ("https://launchpad.net/distros/ubuntu/+source/linux/+bug/42", BASE, LINUX),
        ("https://bugs.launchpad.net/ubuntu/+source/linux/+bug/42/comments/7#c", BASE, LINUX),
        ("https://api.launchpad.net/1.0/ubuntu/+source/linux/+bug/42", BASE, LINUX),
        (
            "https://bugs.launchpad.net/ubuntu/jammy/+source/gtk+3.0/+bug/42",
            BASE,
            "ubuntu/jammy/+source/gtk+3.0#42",
        ),
        ("https://bugs.launchpad.net/frob/+bug/42/+activity", BASE, "frob#42"),
        ("https://bugs.launchpad.net/frob/+bug/42/+editstatus", BASE, "frob#42"),
        ("https://bugs.launchpad.net/frob/trunk/+bug/42?x=1", BASE, "frob/trunk#42"),
        (
            "https://bugs.qastaging.launchpad.net/frob/+bug/42",
            "https://bugs.qastaging.launchpad.net",
            "frob#42",
        ),
        ("https://pad.example.com/frob/+bug/42", "https://pad.example.com", "frob#42"),
    ]
    not_urls = [
        "https://bugs.launchpad.net/frob",
        "https://bugs.launchpad.net/frob/+bugs",
        "https://bugs.launchpad.net/bugs/",
        "https://bugs.launchpad.net/bugs/cve/2024-1",
        "https://bugs.launchpad.net/frob/+bug/x",
        "https://bugs.launchpad.net/frob/+bug/99999999999",
        "https://bugs.launchpad.net/frob/+bug/42/+attachment/7/+files/x.patch",
        "https://bugs.launchpad.net/a/b/c/+bug/42",
        "https://code.launchpad.net/~jane/frob/trunk/+merge/42",
        "https://answers.launchpad.net/frob/+question/42",
        "https://example.com/bugs/42",
        "https://pad.lv/frob",
        "https://launchpad.net/42",
    ]

    @staticmethod
    def simulator_with_login():
        simulator = LaunchpadSimulator()
        simulator.login = ("token", "secret")
        return simulator

    # Each bug is two questions: for what it is about, and for how it is.
    def test_the_dialect_is_learnt_and_not_probed_again(self):
        (one,) = self.numbered(1)
        with LaunchpadSimulator() as simulator:
            simulator.add(one)
            asker = self.asker(simulator)
            asker.ask([one])
            assert asker.dialect == "1.0"
            simulator.requests.clear()
            asker.ask([one])
            assert len(simulator.requests) == 2


class TestLaunchpad(_Launchpad):
    spellings = [("42", "42"), (" #0042 ", "42"), ("Frob#042", "frob#42"), (f"/{LINUX}", LINUX)]


class TestTasks(_Launchpad):
    ids = staticmethod("frob#{}".format)
    invalid_id = "frob/#x"
    spellings = [
        ("distros/Ubuntu/+source/Linux#42", LINUX),
        ("products/frob#1", "frob#1"),
        ("frob/trunk#7", "frob/trunk#7"),
    ]

    def test_a_duplicate_names_the_other_bug(self):
        # Where that has tasks is another question.
        with LaunchpadSimulator() as simulator:
            simulator.add("frob#1")
            simulator.add("frob#2", duplicate_of="1")
            outcomes = ask(simulator, "frob#1", "frob#2")
        assert outcomes["frob#2"].duplicate_of == "1"
        assert outcomes["frob#1"].duplicate_of is None


class TestRetargetedTasks(MovesConformance):
    factory = Launchpad
    simulator = LaunchpadSimulator

    def numbered(self, *numbers):
        return ["frob#7", "ubuntu/+source/frob#7"]

    def asker(self, simulator):
        return Asker(Launchpad, simulator.url)


class TestSweeps(SweepsConformance):
    factory = Launchpad
    simulator = LaunchpadSimulator
    ids = staticmethod("frob#{}".format)
    changes_at_once = TASKS


class TestSweepsOfWholeBugs(TestSweeps):
    ids = str


# Ids and URLs


@pytest.mark.parametrize(
    "remotebug", ["frob#", "a/b/c#1", "+source/frob#1", "ubuntu/+source#1", "../x#1", "x y#1", "#x"]
)
def test_what_cannot_be_the_id_of_a_bug(remotebug):
    assert not Launchpad.is_valid(Launchpad.canonicalRemoteBug(remotebug))


def test_on_a_registered_site_a_number_is_enough():
    base = "https://pad.example.com"
    for path in ("/bugs/42", "/malone/bugs/42"):
        assert Launchpad.parseBugURL(urlsplit(base + path), base) == RecognisedURL(
            base, "42", Certainty.REGISTERED
        )


@given(st.text(max_size=40))
def test_any_path_is_a_bug_or_none(path):
    url = urlsplit(BASE)._replace(path="/" + path)
    found = Launchpad.parseBugURL(url)
    assert found is None or Launchpad.is_valid(found.remotebug)


@pytest.mark.parametrize("end", ["", "/+bug/1", "/+bug/x"])
def test_a_very_long_path_is_no_bugs(end):
    for path in ("/p" * 8_000, "/" + "x" * 16_000, "/+source/x" * 2_000):
        assert Launchpad.parseBugURL(urlsplit(f"{BASE}{path}{end}")) is None


@pytest.mark.parametrize(
    ("baseurl", "service"),
    [
        (BASE, "https://api.launchpad.net"),
        ("https://launchpad.net/", "https://api.launchpad.net"),
        ("https://bugs.qastaging.launchpad.net", "https://api.qastaging.launchpad.net"),
        ("https://pad.example.com", "https://pad.example.com"),
    ],
)
def test_it_is_asked_where_programs_are_answered(baseurl, service):
    assert make(baseurl).service == service


def test_links():
    links = make().getBugFilingAndSearchLinks("ubuntu/+source/linux", "It's loose", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/ubuntu/%2Bsource/linux/+filebug"
        "?field.title=It%27s%20loose&field.comment=A%20%26%20b"
    )
    assert links.bug_search_url == (
        f"{BASE}/ubuntu/%2Bsource/linux/+bugs?field.searchtext=It%27s%20loose"
    )
    assert make().getBugFilingAndSearchLinks(None, "loose") == (
        None,
        f"{BASE}/bugs/+bugs?field.searchtext=loose",
    )


# Requests


def test_a_bug_takes_two_questions_and_one_if_it_is_as_it_was():
    with LaunchpadSimulator() as simulator:
        ids = [*map(str, range(1, 11)), *(f"frob#{number}" for number in range(11, 21))]
        for id in ids:
            simulator.add(id)
        first = ask(simulator, *ids)
        assert len(simulator.requests) == 2 * len(ids)
        simulator.requests.clear()
        simulator.change("7", status="Triaged")
        validators = {id: bug.validator for id, bug in first.items()}
        again = ask(simulator, *ids, validators=validators)
        assert len(simulator.requests) == len(ids) + 1
    assert again["7"].status is BugTaskStatus.TRIAGED
    assert sum(isinstance(outcome, RemoteBug) for outcome in again.values()) == 1


def test_the_second_question_is_for_the_task_or_for_all_of_them():
    with LaunchpadSimulator() as simulator:
        simulator.add("42", extra={"tasks": [("ubuntu/+source/linux", "Triaged")]})
        outcomes = ask(simulator, "42", LINUX)
        assert simulator.requests == [
            "GET /1.0/bugs/42",
            "GET /1.0/bugs/42/bug_tasks?ws.size=300&ws.start=0",
            "GET /1.0/bugs/42",
            "GET /1.0/ubuntu/+source/linux/+bug/42",
        ]
    assert outcomes["42"].remotestatus == "New"
    assert outcomes[LINUX].remotestatus == "Triaged"


@pytest.mark.parametrize(("most", "requests"), [(300, 3), (75, 6)])
def test_a_bug_of_very_many_tasks_is_asked_for_some_of_them(most, requests):
    tasks = [(f"frob{number}", "Invalid") for number in range(500)]
    with LaunchpadSimulator() as simulator:
        simulator.most = most
        simulator.add("1", status="Fix Released", extra={"tasks": tasks})
        assert ask(simulator, "1")["1"].remotestatus == "Fix Released"
        assert len(simulator.requests) == requests


@pytest.mark.parametrize(("login", "seen"), [(None, False), (LOGIN, True)])
def test_a_sweep_finds_each_task_of_every_bug_that_one_may_see(login, seen):
    with LaunchpadSimulator() as simulator:
        simulator.login = ("token", "secret")
        simulator.add("1")
        asker = Asker(Launchpad, simulator.url, credentials=login)
        asker.ask(["1"])
        simulator.requests.clear()
        since = simulator.now() - timedelta(minutes=5)
        tasks = [("frob/trunk", "Fix Released"), ("ubuntu/jammy/+source/linux", "Does Not Exist")]
        simulator.change("1", status="Won't Fix", extra={"tasks": tasks})
        simulator.add("spam#2", duplicate_of="1", modified=simulator.now())
        simulator.add("3", status="Deferred", private=True, modified=simulator.now())
        # Nobody can search for these.
        simulator.add("4", status="Unknown", modified=simulator.now())
        found = set(asker.sweep(since))
        assert len(simulator.requests) == 1
    private = {"3", "frob#3"} if seen else set()
    assert found == {
        *("1", "frob#1", "frob/trunk#1", "ubuntu/jammy/+source/linux#1"),
        *("2", "spam#2"),
        *private,
    }


def test_a_sweep_goes_where_the_answer_says_that_it_goes_on():
    with LaunchpadSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Launchpad, simulator.url)
        asker.ask(["1"])
        simulator.most = 75
        for number in range(1, 201):
            simulator.add(str(number), status="Fix Released", modified=simulator.now())
        simulator.requests.clear()
        found = asker.sweep(simulator.now() - timedelta(minutes=5))
        assert set(map(str, range(1, 201))) <= set(found)
        assert len(simulator.requests) == 3


@pytest.mark.parametrize(
    "entries", [[{"self_link": "https://api.launchpad.net/1.0/bugs/42"}], [{}], None]
)
def test_a_sweep_that_finds_what_are_no_tasks_tells_nothing(entries):
    answer = json.dumps({"start": 0, "total_size": 1, "entries": entries}).encode()
    asker = Asker(Launchpad, BASE, dialect=Launchpad.dialect_name, client=Canned(answer))
    assert asker.sweep(datetime(2024, 5, 6, tzinfo=timezone.utc)) is None


# Tasks


@pytest.mark.parametrize(
    ("first", "others", "whole", "closed"),
    [
        ("New", ["Fix Released"], "New", False),
        ("Fix Released", ["Triaged", "In Progress"], "Triaged", False),
        ("Invalid", ["Fix Released", "Won't Fix"], "Fix Released", True),
        ("Won't Fix", ["Invalid"], "Won't Fix", True),
        ("Fix Committed", ["Fix Released"], "Fix Committed", False),
        ("Unknown", ["Fix Released"], "Unknown", None),
        ("Unknown", ["Confirmed"], "Confirmed", False),
        ("Simmering", ["Confirmed"], "Simmering", False),
    ],
)
def test_the_task_with_most_before_it_counts_for_the_whole(first, others, whole, closed):
    tasks = [(f"other{number}", status) for number, status in enumerate(others)]
    with LaunchpadSimulator() as simulator:
        simulator.add("1", status=first, extra={"tasks": tasks})
        bug = ask(simulator, "1")["1"]
    assert (bug.remotestatus, bug.closed) == (whole, closed)


def test_a_status_of_another_time_counts_as_what_is_open_or_over():
    for is_complete, other in ((False, "New"), (True, "Unknown")):
        task = {"status": "Buried", "is_complete": is_complete}
        assert ORDER[openness(task)] == other


def test_every_status_has_a_place_and_passes_through():
    words = [*Launchpad.statuses.statuses]
    assert {word for word in words if "(" not in word} == {*ORDER} - {"Unknown"}
    with LaunchpadSimulator() as simulator:
        for number, word in enumerate(words, 1):
            simulator.add(f"frob#{number}", status=word)
        outcomes = ask(simulator, *simulator.bugs)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == make().status_table
    assert not any(bug.guessed for bug in outcomes.values())


@pytest.mark.parametrize(
    ("status", "meaning", "guessed"),
    [("Unknown", BugTaskStatus.UNKNOWN, False), ("Simmering", BugTaskStatus.NEW, True)],
)
def test_what_nobody_knows_is_unknown_and_what_is_new_to_us_is_guessed(status, meaning, guessed):
    with LaunchpadSimulator() as simulator:
        simulator.add("1", status=status)
        bug = ask(simulator, "1")["1"]
    assert (bug.status, bug.guessed) == (meaning, guessed)


def test_each_importance_is_one_of_ours():
    for importance in BugTaskImportance:
        assert make().convertRemoteImportance(importance.title) is importance


def test_when_and_where_it_was_fixed():
    closed = "2024-02-03T04:05:06.789000+00:00"
    with LaunchpadSimulator() as simulator:
        simulator.add("1", status="Fix Released", extra={"milestone": "1.2", "closed": closed})
        simulator.add("2", status="Triaged", extra={"milestone": "1.2"})
        outcomes = ask(simulator, "1", "2")
    assert outcomes["1"].fixed_in == "1.2"
    assert outcomes["1"].date_closed == datetime.fromisoformat(closed).astimezone(timezone.utc)
    assert (outcomes["2"].fixed_in, outcomes["2"].date_closed) == ("", None)


# What cannot be had


def test_a_task_of_a_project_that_there_is_not_is_not_found():
    with LaunchpadSimulator() as simulator:
        simulator.add("1")
        outcomes = ask(simulator, "nowhere#1", "1")
    assert outcomes["nowhere#1"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert isinstance(outcomes["1"], RemoteBug)


def test_a_task_that_moved_is_read_where_it_is():
    with LaunchpadSimulator() as simulator:
        simulator.add("frob#7", moved_to="spam#7")
        simulator.add("spam#7", status="Triaged")
        bug = ask(simulator, "frob#7")["frob#7"]
        assert bug.moved_to == f"{simulator.url}/spam/+bug/7"
        assert ask(simulator, "7")["7"].status is BugTaskStatus.TRIAGED
    assert bug.status is BugTaskStatus.TRIAGED
    assert bug.validator is not None


def test_what_is_private_to_somebody_we_are_is_private():
    client = Canned(b"(<Bug at 0x7f>, 'title', 'launchpad.View')", "text/plain", 401)
    client.credentials = Credentials(token="x")
    outcome = Asker(Launchpad, BASE, dialect="1.0", client=client).ask(["1"])["1"]
    assert outcome.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


@pytest.mark.parametrize(
    "text", ["Unknown access token (x).", "Expired token (x).", "Invalid signature."]
)
def test_credentials_that_are_none_are_refused(text):
    client = Canned(text.encode(), "text/plain", 401, Credentials(token="x"))
    with pytest.raises(BugTrackerCredentialsRefused):
        Asker(Launchpad, BASE, dialect="1.0", client=client).ask(["1"])


def test_a_bug_that_somebody_may_read_is_private_all_the_same():
    with _Launchpad.simulator_with_login() as simulator:
        simulator.add("1", private=True)
        simulator.add("2")
        outcomes = Asker(Launchpad, simulator.url, credentials=_Launchpad.login).ask("12")
    assert [outcomes[id].private for id in "12"] == [True, False]


def test_a_task_leads_to_no_other_than_itself():
    external = make()
    task = external.ask_more(external.ask_one(LINUX), [{}])
    response = Response(external.service + task.path, 200, {}, b"")
    assert external.led_to(task, response) is None


def test_a_token_needs_its_secret():
    with _Launchpad.simulator_with_login() as simulator:
        asker = Asker(Launchpad, simulator.url, credentials=Credentials(token="token"))
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.check_credentials()
    assert make().authorization(Credentials("jane", "secret")) == {}


def test_it_says_whose_the_credentials_are():
    with _Launchpad.simulator_with_login() as simulator:
        asker = Asker(Launchpad, simulator.url, credentials=_Launchpad.login)
        assert asker.check_credentials() == "jane"


def test_a_password_alone_is_sent_to_nobody():
    with _Launchpad.simulator_with_login() as simulator:
        asker = Asker(Launchpad, simulator.url, credentials=Credentials("jane", "secret"))
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.check_credentials()


def test_another_service_of_the_same_kind_is_none():
    body = b'{"resource_type_link": "https://x.example/#service-root"}'
    assert Asker(Launchpad, BASE, client=Canned(body)).identify() is None


def test_what_is_no_launchpad_is_not_supported():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="Launchpad"):
        ask(simulator, "1")


# Whatever comes


names = st.sampled_from(
    ["id", "title", "tasks", "entries", "status", "is_complete", "date_closed", "milestone_link"]
)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)


@given(json_values)
def test_any_json_is_bugs_or_an_error_of_ours(value):
    client = Canned(json.dumps(value).encode())
    for remotebug in ("1", "frob#1"):
        try:
            outcomes = Asker(Launchpad, BASE, dialect="1.0", client=client).ask([remotebug])
        except MalonewatchError:
            continue
        assert isinstance(outcomes[remotebug], (RemoteBug, RemoteBugError))


# What the real one answered


def answers(bug, *tasks):
    """A client that knows a recorded bug, and tasks of it."""
    entries = json.dumps({"entries": [json.loads(task) for task in tasks]}).encode()

    class Recorded(Canned):
        async def request(self, method, url, **settings):
            self.response = Canned(bug if "/bugs/" in url else tasks[0]).response
            if "bug_tasks" in url:
                self.response = Canned(entries).response
            return await super().request(method, url, **settings)

    return Recorded(b"")


TASK = {
    "status": "New",
    "importance": "Low",
    "is_complete": False,
    "date_closed": None,
    "milestone_link": None,
}


@pytest.mark.parametrize("number", [1, 2, 9560])
def test_a_recorded_bug(number):
    body, [must_read] = sample("LAUNCHPAD", f"bug-{number}.json")
    client = answers(body, json.dumps(TASK).encode())
    bug = Asker(Launchpad, BASE, client=client).ask([str(number)])[str(number)]
    assert bug.title == must_read["title"]
    assert f"{bug.modified:%Y-%m-%dT%H:%M:%SZ}" == must_read["updated"]
    assert bug.duplicate_of == must_read["duplicate_of"]
    assert bug.private is must_read["private"]
    assert client.requests[0][1] == f"https://api.launchpad.net/1.0/bugs/{number}"


def test_a_recorded_task():
    body, _ = sample("LAUNCHPAD", "bug-9560.json")
    task, [must_read] = sample("LAUNCHPAD", "task-fix-released.json")
    client = answers(body, task)
    for remotebug in ("9560", "ubuntu/+source/python-defaults#9560"):
        bug = Asker(Launchpad, BASE, client=client).ask([remotebug])[remotebug]
        assert bug.remotestatus == must_read["status"]
        assert bug.remote_importance == must_read["importance"]
        assert f"{bug.date_closed:%Y-%m-%dT%H:%M:%SZ}" == must_read["date_closed"]
        assert must_read["title"].endswith(f'"{bug.title}"')
    assert client.requests[-1][1] == json.loads(task)["self_link"]
