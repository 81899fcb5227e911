"""What a site says that words mean."""

import json

import pytest
from tests.scripted import Server
from tests.toys import BASE, Toys

from malonewatch.externalbugtracker.driver import (
    Ask,
    Dialect,
    Finding,
    RemoteVocabulary,
    Workflow,
)
from malonewatch.externalbugtracker.driver.hearing import Hearing
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    Credentials,
    Mappings,
    Response,
    Verdict,
)
from malonewatch.testing.asking import Asker, Canned


class Dolls(Toys):
    statuses = Workflow(
        {BugTaskStatus.NEW: "new"},
        {BugTaskStatus.UNKNOWN: "over"},
        {BugTaskStatus.FIXRELEASED: "mended", BugTaskStatus.WONTFIX: "broken"},
    )


def dolls(statuses=(), importances=()):
    mappings = Mappings(tuple(statuses), tuple(importances))
    return Dolls(BugTrackerFacts("x", BugTrackerType("DOLLS"), BASE, mappings=mappings))


@pytest.mark.parametrize(
    ("words", "resolution", "closed", "verdict", "is_mapped"),
    [
        # A word of the table, and one of none, in whatever spelling.
        ("new", "", None, Verdict(BugTaskStatus.TRIAGED, False), True),
        ("In Limbo", "", True, Verdict(BugTaskStatus.EXPIRED, False), True),
        ("IN-LIMBO", "", None, Verdict(BugTaskStatus.EXPIRED, False), True),
        # A resolution in the status, and beside it.
        ("over mended", "mended", True, Verdict(BugTaskStatus.FIXCOMMITTED, False), True),
        ("over", "mended", True, Verdict(BugTaskStatus.FIXCOMMITTED, False), True),
        ("over broken", "broken", True, Verdict(BugTaskStatus.WONTFIX, False), False),
        ("over", "broken", True, Verdict(BugTaskStatus.INVALID, False), True),
        ("odd", "", False, Verdict(BugTaskStatus.NEW, True), False),
        ("quiet", "", True, Verdict(BugTaskStatus.UNKNOWN, False), True),
    ],
)
def test_what_a_site_says_of_a_status_comes_first(words, resolution, closed, verdict, is_mapped):
    external = dolls(
        [
            ("In Limbo", BugTaskStatus.EXPIRED),
            ("new", BugTaskStatus.TRIAGED),
            ("over", BugTaskStatus.INVALID),
            ("over mended", BugTaskStatus.FIXCOMMITTED),
            ("quiet", BugTaskStatus.UNKNOWN),
        ]
    )
    for _ in range(2):
        assert external.meaning(words, resolution, closed) == verdict
    assert external.isMapped(words, resolution) is is_mapped


def test_a_spelling_to_the_letter_comes_before_others():
    external = dolls([("NEW", BugTaskStatus.CONFIRMED), ("New", BugTaskStatus.NEW)])
    assert external.convertRemoteStatus("New") is BugTaskStatus.NEW
    assert external.convertRemoteStatus("NEW") is BugTaskStatus.CONFIRMED


def test_what_a_site_says_of_an_importance_or_a_label_comes_first():
    external = dolls(
        importances=[
            ("P1 minor", BugTaskImportance.HIGH),
            ("team:fire", BugTaskImportance.CRITICAL),
        ]
    )
    assert external.convertRemoteImportance("P1 minor") is BugTaskImportance.HIGH
    assert external.convertRemoteImportance("P2 minor") is BugTaskImportance.LOW
    for words, row in (
        ("P1 Minor", ("mappings", "P1 minor", BugTaskImportance.HIGH)),
        ("big Team:Fire", ("mappings", "team:fire", BugTaskImportance.CRITICAL)),
    ):
        assert external.explainImportance(words) == (row[2], "site", row)
    row = ("importances", "minor", BugTaskImportance.LOW)
    assert external.explainImportance("P2 Minor") == (row[2], "table", row)
    # What looks through labels finds it in the table.
    assert external.importances.get("team:fire") is BugTaskImportance.CRITICAL
    assert external.importances.get("minor") is BugTaskImportance.LOW
    assert dolls().importances is Dolls.importances


@pytest.mark.parametrize("statuses", [[], [("new", BugTaskStatus.TRIAGED)]])
def test_a_bug_that_is_read_says_whether_its_meaning_is_the_sites(statuses):
    external = dolls(statuses)
    toy = json.dumps({"toy": {"id": "1", "status": "new", "title": ""}}).encode()
    heard = Hearing(external, external).hear(external.ask_one("1"), Response(BASE, 200, {}, toy))
    bug = heard.outcomes["1"]
    assert bug.mapped is bool(statuses)
    assert bug.status is (BugTaskStatus.TRIAGED if statuses else BugTaskStatus.NEW)


class Told(Dialect):
    """Tells its words on two pages."""

    dialect_name = "told"

    def ask_vocabulary(self):
        return (Ask("/statuses"), Ask("/weights"))

    def vocabulary(self, answers):
        statuses, weights = answers
        return RemoteVocabulary(dict(statuses["statuses"]), tuple(weights["weights"]))


class Elsewhere(Told):
    dialect_name = "elsewhere"

    def ask_vocabulary(self):
        return (Ask("/api/statuses"), Ask("/api/weights"))


class Guarded(Told):
    dialect_name = "guarded"
    with_credentials = True

    def ask_vocabulary(self):
        return (Ask("/guarded"),)


class Telling(Toys):
    protocols = (Dialect, Guarded, Elsewhere, Told)


STATUSES = {"statuses": [["new", False], ["over", True], ["odd", None]]}


def learn(answers, factory=Telling, credentials=None):
    def answer(path, parameters):
        found = answers.get(path.removeprefix("/shop"), 404)
        if isinstance(found, Exception):
            raise found
        return found

    server = Server(answer, credentials)
    try:
        return Asker(factory, BASE, client=server).learn_vocabulary()
    finally:
        answers["asked"] = [path.removeprefix("/shop") for path in server.paths]


@pytest.mark.parametrize("absent", [404, {"status": 500}, {"statuses": 7}, []])
def test_words_are_asked_for_in_the_first_dialect_that_tells(absent):
    answers = {"/statuses": STATUSES, "/weights": {"weights": ["heavy"]}}
    if not isinstance(absent, int):
        answers.update({"/api/statuses": absent, "/api/weights": {"weights": []}})
    if absent == {"status": 500}:
        with pytest.raises(BugTrackerTrouble):
            learn(answers)
        return
    found = learn(answers)
    assert found == RemoteVocabulary({"new": False, "over": True, "odd": None}, ("heavy",))
    assert "/guarded" not in answers["asked"]


def test_one_that_does_not_tell_in_any_dialect_tells_no_words():
    assert learn({}) is None


def test_words_that_are_kept_from_us_are_trouble():
    with pytest.raises(BugTrackerCredentialsRefused):
        learn({"/api/statuses": 401}, credentials=Credentials(token="x"))


def test_a_type_that_cannot_ask_for_words_tells_none():
    asker = Asker(Toys, BASE, dialect="toys", client=Canned(b"{}"))
    assert asker.learn_vocabulary() is None
    assert asker.client.requests == []
    with pytest.raises(TypeError):
        dolls().vocabulary([])


class Shy(Elsewhere):
    dialect_name = "shy"

    def judge(self, ask, response, answer):
        return Finding.MISSING


class TellingShyly(Toys):
    protocols = (Shy, Told)


def test_an_answer_without_words_leads_to_the_next_dialect():
    answers = {"/api/statuses": STATUSES, "/statuses": STATUSES, "/weights": {"weights": ["x"]}}
    answers["/api/weights"] = answers["/weights"]
    assert learn(answers, TellingShyly).importances == ("x",)
    assert "/api/statuses" in answers["asked"]


@pytest.mark.parametrize(
    ("words", "resolution", "closed", "rule", "rows"),
    [
        ("IN-LIMBO", "", True, "site", ["mappings In Limbo EXPIRED"]),
        ("over", "broken", True, "site", ["mappings over broken INVALID"]),
        ("New", "", None, "table", ["statuses new NEW"]),
        (
            "over Mended",
            "Mended",
            None,
            "table",
            ["closing over UNKNOWN", "resolutions mended FIXRELEASED"],
        ),
        ("new mended", "mended", None, "table", ["statuses new NEW"]),
        ("new by magic", "by magic", None, "table", ["statuses new NEW"]),
        ("Mended", "", True, "flag", ["resolutions mended FIXRELEASED"]),
        ("odd", "", True, "flag", []),
        ("odd", "", False, "flag", []),
        ("over by magic", "by magic", True, "", ["closing over UNKNOWN"]),
        ("over", "", None, "", ["closing over UNKNOWN"]),
        ("odd", "", None, "", []),
    ],
)
def test_why_a_status_means_what_it_does(words, resolution, closed, rule, rows):
    external = dolls([("In Limbo", BugTaskStatus.EXPIRED), ("over broken", BugTaskStatus.INVALID)])
    found = external.explainStatus(words, resolution, closed)
    assert found.rule == rule
    assert [f"{row.table} {row.word} {row.meaning.name}" for row in found.rows] == rows
    assert found.verdict == external.meaning(words, resolution, closed)
