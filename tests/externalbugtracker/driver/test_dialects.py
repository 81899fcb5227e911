"""Which dialect a bug tracker is asked in, and when that changes."""

import pytest
from tests.scripted import Server

from malonewatch.externalbugtracker.driver import Ask, Dialect, ExternalBugTracker, Instead, Read
from malonewatch.interfaces import (
    BugTrackerCredentialsRefused,
    BugTrackerServerError,
    Credentials,
    RemoteBug,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker

BASE = "https://words.example"


class _Spoken(Dialect):
    def ask_many(self, ids, since):
        yield Ask(f"/{self.dialect_name}", (("ids", ",".join(ids)),), tuple(ids))

    def ask_one(self, remotebug):
        return Ask(f"/{self.dialect_name}/{remotebug}", ids=(remotebug,), alone=True)

    def judge(self, ask, response, answer):
        if isinstance(answer, dict) and "instead" in answer:
            return Instead(answer["instead"], answer.get("certain", True))
        return super().judge(ask, response, answer)

    def records(self, answer):
        return answer["bugs"]

    def read(self, record):
        return Read(self.dialect_name)


class Modern(_Spoken):
    dialect_name = "modern"


class Plain(_Spoken):
    dialect_name = "plain"


class Ancient(_Spoken):
    dialect_name = "ancient"


class Whispered(_Spoken):
    dialect_name = "whispered"
    only_if_told = True


class Guarded(_Spoken):
    dialect_name = "guarded"
    with_credentials = True


class Words(ExternalBugTracker):
    title = "Words"
    protocols = (Guarded, Modern, Plain, Ancient, Whispered)


PAGE = UnparsableBugTracker("It answers with a web page.")
FAILS = BugTrackerServerError("It failed.")
REFUSED = BugTrackerCredentialsRefused("It wants a log-in.")


def speaking(credentials=None, **answers):
    """A server that answers in those dialects like that; "bugs" are bugs, the others are 404."""

    def answer(path, parameters):
        name, _, alone = path.strip("/").partition("/")
        found = answers.get(name, 404)
        if isinstance(found, Exception):
            raise found
        ids = [alone] if alone else parameters["ids"].split(",")
        return {"bugs": [{"id": id} for id in ids]} if found == "bugs" else found

    return Server(answer, credentials)


def asking(server, dialect=None):
    return Asker(Words, BASE, dialect=dialect, client=server)


def tried(server):
    return [path.strip("/") for path in server.paths]


@pytest.mark.parametrize("bad", [404, 501, PAGE, FAILS, REFUSED, {"status": 500}, b"{"])
def test_the_first_that_is_answered_in_is_learnt_and_why(bad):
    server = speaking(modern=bad, plain="bugs", ancient="bugs")
    asker = asking(server)
    assert asker.ask(["1", "2"])["1"].remotestatus == "plain"
    assert asker.dialect == "plain"
    assert asker.reason.startswith("it answers; modern: ")
    assert tried(server)[-1] == "plain"


def test_the_best_is_learnt_without_a_reproach_to_another():
    asker = asking(speaking(modern="bugs"))
    asker.ask(["1"])
    assert (asker.dialect, asker.reason) == ("modern", "it answers")


def test_where_none_is_spoken_it_is_no_such_bug_tracker():
    server = speaking()
    with pytest.raises(UnsupportedBugTracker):
        asking(server).ask(["1"])
    assert tried(server) == ["modern", "plain", "ancient"]


def test_where_others_lead_to_nothing_the_first_says_what_is_wrong():
    with pytest.raises(BugTrackerServerError, match="It failed"):
        asking(speaking(modern=404, plain=FAILS, ancient=PAGE)).ask(["1"])


def test_that_somebody_has_to_log_in_says_more():
    with pytest.raises(BugTrackerCredentialsRefused):
        asking(speaking(modern=FAILS, plain=REFUSED, ancient=PAGE)).ask(["1"])


@pytest.mark.parametrize(
    "bad", [404, 501, 405, PAGE, FAILS, b"{", {"instead": "plain", "certain": False}]
)
def test_one_that_is_known_is_not_left_for_a_bad_answer(bad):
    server = speaking(modern=bad, plain="bugs")
    asker = asking(server, "modern")
    with pytest.raises((UnparsableBugTracker, BugTrackerServerError)):
        asker.ask(["1", "2"])
    assert "plain" not in tried(server)
    assert asker.dialect == "modern"


def test_one_that_is_known_is_left_where_it_is_gone_when_others_are_tried_again():
    asker = asking(speaking(modern=404, plain="bugs"), "modern")
    asker.ask(["1"], probe=True)
    assert asker.dialect == "plain"
    assert "404" in asker.reason


@pytest.mark.parametrize("bad", [PAGE, FAILS, {"status": 400}])
def test_a_bad_answer_is_a_bad_day_then_too(bad):
    asker = asking(speaking(modern=bad, plain="bugs"), "modern")
    with pytest.raises((UnparsableBugTracker, BugTrackerServerError)):
        asker.ask(["1"], probe=True)
    assert asker.dialect == "modern"


@pytest.mark.parametrize("better", ["bugs", PAGE, 404])
def test_a_better_one_is_tried_again_from_time_to_time(better):
    server = speaking(modern=better, plain="bugs")
    asker = asking(server, "plain")
    asker.ask(["1"])
    assert tried(server) == ["plain"]
    asker.ask(["1"], probe=True)
    assert asker.dialect == ("modern" if better == "bugs" else "plain")
    assert asker.reason


def test_one_that_is_no_more_known_here_is_looked_for():
    asker = asking(speaking(plain="bugs"), "forgotten")
    asker.ask(["1"])
    assert asker.dialect == "plain"


def test_what_the_bug_tracker_says_that_it_speaks_is_asked_in():
    server = speaking(modern={"instead": "whispered"}, plain="bugs", whispered="bugs")
    asker = asking(server, "modern")
    asker.ask(["1"])
    assert asker.dialect == "whispered"
    assert tried(server) == ["modern", "whispered"]


def test_if_that_leads_to_nothing_those_after_it_are_tried():
    server = speaking(modern={"instead": "plain"}, ancient="bugs")
    asker = asking(server)
    asker.ask(["1"])
    assert tried(server) == ["modern", "plain", "ancient"]
    assert asker.dialect == "ancient"


def test_after_one_that_only_the_bug_tracker_can_name_there_is_none():
    server = speaking(modern={"instead": "whispered"}, plain="bugs")
    with pytest.raises(UnsupportedBugTracker):
        asking(server).ask(["1"])
    assert tried(server) == ["modern", "whispered"]


def test_a_bug_tracker_that_names_one_after_the_other_is_not_followed_for_ever():
    server = speaking(modern={"instead": "plain"}, plain={"instead": "modern"})
    with pytest.raises(UnparsableBugTracker, match="one dialect after the other"):
        asking(server).ask(["1"])
    assert len(server.requests) < 20


def test_what_was_answered_before_a_switch_is_not_asked_for_again():
    class Split(Modern):
        def ask_many(self, ids, since):
            for remotebug in ids:
                yield Ask("/modern", (("ids", remotebug),), (remotebug,))

    class SplitWords(Words):
        protocols = (Split, Plain)

    def answer(path, parameters):
        if path == "/modern" and parameters["ids"] == "2":
            return {"instead": "plain"}
        return {"bugs": [{"id": id} for id in parameters["ids"].split(",")]}

    server = Server(answer)
    outcomes = Asker(SplitWords, BASE, client=server).ask(["1", "2", "3"])
    assert [outcomes[id].remotestatus for id in "123"] == ["modern", "plain", "plain"]
    assert server.requests[-1][1] == f"{BASE}/plain?ids=2,3"


# Credentials.


def test_one_for_those_with_credentials_is_tried_with_them_only():
    asker = asking(speaking(guarded="bugs", modern="bugs"))
    asker.ask(["1"])
    assert asker.dialect == "modern"
    asker = asking(speaking(Credentials(token="x"), guarded="bugs", modern="bugs"))
    asker.ask(["1"])
    assert asker.dialect == "guarded"


def test_one_that_was_learnt_with_credentials_is_left_when_they_are_gone():
    asker = asking(speaking(modern="bugs"), "guarded")
    asker.ask(["1"])
    assert asker.dialect == "modern"


@pytest.mark.parametrize("refused", [REFUSED, 401, 403])
def test_credentials_that_are_refused_in_one_are_not_tried_in_another(refused):
    server = speaking(Credentials(token="x"), guarded=refused, modern="bugs")
    with pytest.raises(BugTrackerCredentialsRefused):
        asking(server).ask(["1"])
    assert tried(server) == ["guarded"]


def test_trouble_after_the_first_answer_is_not_mistaken_for_another_dialect():
    class Split(Modern):
        def ask_many(self, ids, since):
            for remotebug in ids:
                yield Ask(
                    f"/{'modern' if remotebug == '1' else 'gone'}",
                    (("ids", remotebug),),
                    (remotebug,),
                )

    class SplitWords(Words):
        protocols = (Split, Plain)

    server = speaking(modern="bugs", plain="bugs", gone=REFUSED)
    asker = Asker(SplitWords, BASE, client=server)
    with pytest.raises(BugTrackerCredentialsRefused):
        asker.ask(["1", "2", "3"])
    assert isinstance(asker.outcomes["1"], RemoteBug)
    assert "plain" not in tried(server)


# What it is.


class Named(_Spoken):
    def ask_identity(self):
        return Ask(f"/{self.dialect_name}/about")

    def identity(self, answer):
        return answer["software"]


class One(Named):
    dialect_name = "one"


class Two(Named):
    dialect_name = "two"


class Same(Two):
    dialect_name = "same"

    def ask_identity(self):
        return Ask("/two/about")


class NamedWords(Words):
    protocols = (Modern, One, Two, Same)


def test_each_dialect_may_tell_what_the_server_is():
    about = {"/one/about": 404, "/two/about": {"software": "Words 1.0"}}
    server = Server(lambda path, parameters: about[path])
    assert Asker(NamedWords, BASE, client=server).identify() == "Words 1.0"


@pytest.mark.parametrize(
    "answer", [404, 401, b"<", {"software": None}, {"x": 1}, [], {"instead": "one"}]
)
def test_what_tells_nothing_in_any_is_not_of_the_type_and_asked_once_each(answer):
    server = Server(lambda path, parameters: answer)
    assert Asker(NamedWords, BASE, client=server).identify() is None
    assert server.paths == ["/one/about", "/two/about"]


def test_what_a_server_calls_itself_is_bounded():
    server = Server(lambda path, parameters: {"software": "x" * 10_000})
    assert Asker(NamedWords, BASE, client=server).identify() == "x" * 100


class Knowing(Named):
    dialect_name = "knowing"
    knows_people = True


class Old(Knowing):
    dialect_name = "old"


class KnowingWords(Words):
    protocols = (Modern, Whispered, Old, Knowing)


@pytest.mark.parametrize("missing", [404, {"instead": "knowing"}, {"no software": 1}, []])
def test_whose_credentials_are_is_asked_in_the_first_dialect_that_tells(missing):
    about = {"/old/about": missing, "/knowing/about": {"software": "Words 1.0"}}
    server = Server(lambda path, parameters: about[path], Credentials(token="x"))
    asker = Asker(KnowingWords, BASE, dialect="old", client=server)
    assert asker.check_credentials() == ""


def test_credentials_that_are_nobodys_are_refused():
    class Named(Knowing):
        def whoami(self, answer):
            return answer["me"]

    class NamedKnowing(Words):
        protocols = (Named,)

    server = Server(lambda path, parameters: {"me": None}, Credentials(token="x"))
    with pytest.raises(BugTrackerCredentialsRefused):
        Asker(NamedKnowing, BASE, client=server).check_credentials()


def test_a_server_that_fails_to_tell_is_in_trouble():
    server = Server(lambda path, parameters: b"<", Credentials(token="x"))
    with pytest.raises(UnparsableBugTracker):
        Asker(KnowingWords, BASE, client=server).check_credentials()


def test_where_no_dialect_tells_it_is_not_known_whose_they_are():
    assert asking(speaking(Credentials(token="x"))).check_credentials() is None
