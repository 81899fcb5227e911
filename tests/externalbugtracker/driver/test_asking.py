"""One question, of a type of the tests' own, and what comes of it."""

import dataclasses
import json

import pytest

from malonewatch.externalbugtracker.driver import (
    Ask,
    ExternalBugTracker,
    Finding,
    Form,
    Read,
    URLShape,
)
from malonewatch.interfaces import (
    BugTrackerCredentialsRefused,
    BugWatchErrorType,
    Certainty,
    Credentials,
    CredentialsUnreadable,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned

BASE = "https://notes.example"
BUG = BugWatchErrorType


class Notes(ExternalBugTracker):
    """Notes are asked for alone, those of before 100 by their page."""

    title = "Notes"
    dialect_name = "notes"
    urls = (URLShape("/notes/{id}", certainty=Certainty.GUESS),)
    hosts = {"notes.example": BASE, "www.notes.example": BASE}

    def ask_one(self, remotebug):
        form = Form.JSON if int(remotebug) > 100 else Form.PAGE
        return Ask(f"/notes/{remotebug}", (), (remotebug,), alone=True, form=form)

    def ask_identity(self):
        return Ask("/about")

    def identity(self, answer):
        return answer["software"]

    def led_to(self, ask, response):
        return None if response.url.endswith(ask.path) else response.url

    def read(self, record):
        return Read("open", record["title"])


class Scripted(Canned):
    """Answers what `answers` has for a path: keyword arguments of a Response, or what to raise."""

    def __init__(self, answers, credentials=None):
        super().__init__(b"{}", credentials=credentials)
        self.answers = answers
        self.sent = []

    async def request(self, method, url, *, headers=None, **how):
        response = await super().request(method, url, headers=headers, **how)
        path = url.removeprefix(BASE)
        self.sent.append((path, headers))
        answer = self.answers.get(path, {"status": 404})
        if isinstance(answer, Exception):
            raise answer
        value = answer.pop("json", None)
        if value is not None:
            answer["body"] = json.dumps(value).encode()
        return dataclasses.replace(response, **answer)


def note(id, **answer):
    return {"json": {"id": id, "title": f"Note {id}"}, **answer}


def ask(answers, remotebug="101", factory=Notes, dialect="notes", credentials=None, **settings):
    client = Scripted(answers, credentials)
    asker = Asker(factory, BASE, dialect=dialect, client=client)
    return asker.ask([remotebug], **settings)[remotebug]


# Elsewhere.


@pytest.mark.parametrize(("moved", "moved_to"), [(True, f"{BASE}/notes/107"), (False, None)])
def test_a_bug_that_a_redirect_led_to_is_the_one_that_was_asked_for(moved, moved_to):
    outcome = ask({"/notes/101": note(107, url=f"{BASE}/notes/107", moved=moved)})
    assert (outcome.remotebug, outcome.title) == ("101", "Note 107")
    assert outcome.moved_to == moved_to


def test_a_redirect_within_all_names_of_the_host_is_to_one_of_its_bugs():
    outcome = ask({"/notes/101": note(107, url="https://www.notes.example/notes/107", moved=True)})
    assert isinstance(outcome, RemoteBug)


@pytest.mark.parametrize("id", [101, 109])
def test_what_comes_after_a_redirect_has_to_be_the_bug_that_it_led_to(id):
    outcome = ask({"/notes/101": note(id, url=f"{BASE}/notes/107")})
    assert outcome.error_type is BUG.UNPARSABLE_BUG


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404},
        {"status": 403},
        note(109),
        {"json": {"id": 107}},
    ],
)
def test_what_moved_and_cannot_be_read_has_moved(answer):
    outcome = ask({"/notes/101": {**answer, "url": f"{BASE}/notes/107", "moved": True}})
    assert outcome.error_type is BUG.BUG_MOVED
    assert outcome.moved_to == f"{BASE}/notes/107"


def test_what_moved_and_is_as_it_was_is_unchanged():
    answer = {"status": 304, "url": f"{BASE}/notes/107", "moved": True}
    outcome = ask({"/notes/101": answer}, validators={"101": '"x"'}, factory=Validated)
    assert outcome == RemoteBugUnchanged("101")


@pytest.mark.parametrize("moved", [True, False])
def test_a_page_leads_to_the_bug_by_its_own_id(moved):
    outcome = ask(
        {"/notes/7": {"url": f"{BASE}/notes/107", "moved": moved}, "/notes/107": note(107)}, "7"
    )
    assert (outcome.remotebug, outcome.title) == ("7", "Note 107")
    assert outcome.moved_to == (f"{BASE}/notes/107" if moved else None)


@pytest.mark.parametrize("url", ["https://other.example/notes/107", f"{BASE}/other"])
def test_a_page_that_leads_elsewhere_is_not_followed(url):
    outcome = ask({"/notes/7": {"url": url}}, "7")
    assert (outcome.error_type, outcome.moved_to) == (BUG.BUG_MOVED, url)


# Not modified.


class Validated(Notes):
    def plan(self, ids, situation):
        for remotebug in ids:
            validator = situation.validators.get(remotebug)
            yield dataclasses.replace(self.ask_one(remotebug), validator=validator)


def test_a_condition_goes_with_the_question_for_the_bug_itself_and_not_for_its_page():
    answers = {"/notes/7": {"url": f"{BASE}/notes/107"}, "/notes/107": {"status": 304}}
    client = Scripted(answers)
    asker = Asker(Validated, BASE, dialect="notes", client=client)
    assert asker.ask(["7"], validators={"7": '"x"'}) == {"7": RemoteBugUnchanged("7")}
    page, data = [headers for _, headers in client.sent]
    assert "If-None-Match" not in page
    assert data["If-None-Match"] == '"x"'


def test_nothing_is_unchanged_that_was_not_asked_for_on_condition():
    with pytest.raises(UnparsableBugTracker):
        ask({"/notes/101": {"status": 304}})


# What there is of one bug.


def test_an_answer_with_nothing_in_it_has_no_bug():
    class Listing(Notes):
        def records(self, answer):
            return answer["notes"]

    outcome = ask({"/notes/101": {"json": {"notes": []}}}, factory=Listing)
    assert outcome.error_type is BUG.BUG_NOT_FOUND


def test_a_server_may_say_that_there_can_be_no_such_id():
    class Strict(Notes):
        def judge(self, ask, response, answer):
            return Finding.INVALID

    assert ask({"/notes/101": {}}, factory=Strict).error_type is BUG.INVALID_BUG_ID


def test_a_question_may_have_a_body_that_credentials_go_into():
    class Posting(Notes):
        def ask_one(self, remotebug):
            return Ask("/notes", ids=(remotebug,), alone=True, method="POST", json={"id": 101})

        def sign(self, ask, credentials):
            return dataclasses.replace(ask, json={**ask.json, "secret": credentials.token})

    for credentials, body in (
        (None, {"id": 101}),
        (Credentials(token="x"), {"id": 101, "secret": "x"}),
    ):
        client = Scripted({"/notes": note(101)}, credentials)
        outcome = Asker(Posting, BASE, dialect="notes", client=client).ask(["101"])["101"]
        assert isinstance(outcome, RemoteBug)
        ((method, url, sent),) = client.requests
        assert (method, url, json.loads(sent)) == ("POST", f"{BASE}/notes", body)
        assert client.sent[0][1]["Content-Type"] == "application/json"


# Credentials.


def test_a_log_in_page_for_one_bug_makes_it_private_where_others_were_read():
    trouble = BugTrackerCredentialsRefused("A log-in page.")
    assert ask({"/notes/101": trouble}).error_type is BUG.PRIVATE_REMOTE_BUG
    with pytest.raises(BugTrackerCredentialsRefused):
        ask({"/notes/101": trouble}, dialect=None)


def test_a_log_in_page_for_many_bugs_is_the_bug_trackers_trouble():
    class Many(Notes):
        def ask_many(self, ids, since):
            yield Ask("/notes", (), tuple(ids))

    with pytest.raises(BugTrackerCredentialsRefused):
        ask({"/notes": BugTrackerCredentialsRefused("A log-in page.")}, factory=Many)


def test_credentials_that_cannot_be_read_make_no_bug_private():
    with pytest.raises(CredentialsUnreadable):
        ask({"/notes/101": CredentialsUnreadable("No such file.")})


def test_credentials_that_are_refused_make_no_bug_private():
    answers = {"/notes/101": {"status": 401}}
    assert ask(answers).error_type is BUG.PRIVATE_REMOTE_BUG
    with pytest.raises(BugTrackerCredentialsRefused):
        ask(answers, credentials=Credentials(token="x"))


@pytest.mark.parametrize(
    "closed", [{"status": 401}, BugTrackerCredentialsRefused("A log-in page.")]
)
def test_where_others_were_read_with_them_they_are_not_refused(closed):
    client = Scripted({"/notes/101": note(101), "/notes/102": closed}, Credentials(token="x"))
    outcomes = Asker(Notes, BASE, dialect="notes", client=client).ask(["101", "102"])
    assert isinstance(outcomes["101"], RemoteBug)
    assert outcomes["102"].error_type is BUG.PRIVATE_REMOTE_BUG


@pytest.mark.parametrize("what", ["identify", "check_credentials"])
def test_credentials_that_cannot_be_read_are_told_when_it_is_asked_what_it_is(what):
    class Knowing(Notes):
        knows_people = True

    client = Scripted({"/about": CredentialsUnreadable("No such file.")})
    with pytest.raises(CredentialsUnreadable):
        getattr(Asker(Knowing, BASE, client=client), what)()


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_nothing_is_learnt_of_a_bug_from_what_may_be_another_server(status):
    with pytest.raises(UnsupportedBugTracker):
        ask({"/notes/101": {"status": status}}, dialect=None)
    about = {"json": {"software": "Notes 1.0"}}
    outcome = ask({"/notes/101": {"status": status}, "/about": about}, dialect=None)
    assert isinstance(outcome, RemoteBugError)


# More than one page.


def test_an_answer_that_does_not_tell_whether_there_is_more_is_none():
    class Paged(Notes):
        def ask_many(self, ids, since):
            yield Ask("/notes", (), tuple(ids))

        def records(self, answer):
            return answer["notes"]

        def next_page(self, ask, response, answer):
            return answer["next"]

    with pytest.raises(UnparsableBugTracker, match="whether there is more"):
        ask({"/notes": {"json": {"notes": []}}}, factory=Paged)
