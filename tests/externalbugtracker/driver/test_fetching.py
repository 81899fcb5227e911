"""Batches of types of the tests' own."""

import asyncio
import dataclasses
import json
from datetime import datetime, timezone

import pytest
from tests.scripted import Server
from tests.toys import BASE, SPOILS, ChangingToys, Shop, SingleToys, Toys, asker, toy
from zope.interface import implementer

from malonewatch.externalbugtracker.driver import Ask, Dialect, ExternalBugTracker, Read
from malonewatch.externalbugtracker.driver.asking import MOST_PAGES
from malonewatch.interfaces import (
    Batch,
    BugTrackerChallenge,
    BugTrackerCredentialsRefused,
    BugTrackerServerError,
    BugWatchErrorType,
    IValidators,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker, Canned

DRAWERS = "https://drawers.example"


class Drawers(ExternalBugTracker):
    """Numbers from 100 on are in another drawer, which may be shut as a whole."""

    title = "Drawers"
    dialect_name = "drawers"

    def ask_many(self, ids, since):
        for drawer in dict.fromkeys(remotebug[:-2] for remotebug in ids):
            some = [remotebug for remotebug in ids if remotebug[:-2] == drawer]
            yield Ask(f"/{drawer}", (("ids", ",".join(some)),), tuple(some))

    def ask_one(self, remotebug):
        return Ask(f"/{remotebug[:-2]}/{remotebug}", (), (remotebug,), alone=True)

    def judge(self, ask, response, answer):
        return super().judge(ask.for_one(), response, answer)

    def records(self, answer):
        return answer

    def read(self, record):
        return Read("open")


class Cabinet(Canned):
    """Has all bugs but those in a drawer that is `shut`, which it answers with that status."""

    def __init__(self, shut, status, also_alone=True):
        super().__init__(b"")
        self.shut, self.status, self.also_alone = shut, status, also_alone

    async def request(self, method, url, **how):
        path = url.removeprefix(DRAWERS)
        drawer, _, rest = path.strip("/").partition("?")[0].partition("/")
        status, ids = 200, [rest] if rest else path.partition("ids=")[2].split(",")
        if drawer == self.shut and (self.also_alone or not rest):
            status = self.status
        self.response = self.response.__class__(
            url, status, {}, json.dumps([{"id": each} for each in ids]).encode()
        )
        return await super().request(method, url, **how)


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (403, BugWatchErrorType.PRIVATE_REMOTE_BUG),
        (404, BugWatchErrorType.BUG_NOT_FOUND),
        (410, BugWatchErrorType.BUG_DELETED),
    ],
)
def test_a_place_that_is_shut_as_a_whole_is_so_if_one_bug_in_it_is(status, error_type):
    client = Cabinet("2", status)
    ids = ["101", "102", *(str(200 + number) for number in range(50))]
    outcomes = Asker(Drawers, DRAWERS, dialect="drawers", client=client).ask(ids)
    assert len(client.requests) == 3
    assert isinstance(outcomes["101"], RemoteBug)
    assert isinstance(outcomes["102"], RemoteBug)
    assert {outcomes[id].error_type for id in ids[2:]} == {error_type}


def test_where_only_the_question_for_many_is_refused_each_bug_is_asked_for_alone():
    client = Cabinet("2", 403, also_alone=False)
    outcomes = Asker(Drawers, DRAWERS, dialect="drawers", client=client).ask(["201", "202", "203"])
    assert len(client.requests) == 4
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


class Index(Drawers):
    """Has an index of all bugs, and looks into drawers for what is not in it."""

    def ask_many(self, ids, since):
        yield Ask("/index", (("ids", ",".join(ids)),), tuple(ids))

    def ask_missing(self, ids):
        return Drawers.ask_many(self, ids, None)


class Empty(Cabinet):
    """The index is empty."""

    async def request(self, method, url, **how):
        if "/index?" in url:
            url = f"{DRAWERS}/index?ids="
        return await super().request(method, url, **how)


@pytest.mark.parametrize(("also_alone", "requests"), [(True, 4), (False, 6)])
def test_what_is_missing_may_be_in_a_place_that_is_shut(also_alone, requests):
    client = Empty("2", 404, also_alone)
    ids = ["101", "102", "201", "202", "203"]
    outcomes = Asker(Index, DRAWERS, dialect="drawers", client=client).ask(ids)
    # The index, two drawers, and one bug of the second, or all.
    assert len(client.requests) == requests
    assert isinstance(outcomes["101"], RemoteBug)
    assert isinstance(outcomes["202"], RemoteBugError if also_alone else RemoteBug)


# What changed.

SINCE = datetime(2024, 1, 2, tzinfo=timezone.utc)


def ids_to(count):
    return [str(number) for number in range(1, count + 1)]


def test_what_changed_is_asked_for_where_that_takes_fewer_questions():
    shop = Shop()
    shop.changed = ["2"]
    outcomes = asker(shop, ChangingToys).ask(ids_to(30), since=SINCE)
    assert shop.paths == ["/shop/changes"]
    assert isinstance(outcomes.pop("2"), RemoteBug)
    assert all(isinstance(outcome, RemoteBugUnchanged) for outcome in outcomes.values())


def test_where_it_takes_no_fewer_all_is_asked_for_as_that_tells_more():
    shop = Shop(missing=["2"])
    outcomes = asker(shop, ChangingToys).ask(ids_to(10), since=SINCE)
    assert "/shop/changes" not in shop.paths
    assert outcomes["2"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_what_is_not_known_is_asked_for_in_full_beside_what_changed():
    shop = Shop()
    ids = ids_to(45)
    batch = Batch(asker(shop, ChangingToys).facts, tuple(ids), dict.fromkeys(ids[:35], SINCE))
    asking = asker(shop, ChangingToys)
    outcomes = asyncio.run(asking._ask(batch))
    assert shop.paths == ["/shop/changes", "/shop/toys"]
    assert {id for id in ids if isinstance(outcomes[id], RemoteBug)} == set(ids[35:])


@pytest.mark.parametrize("spoil", ["400", "500", "no JSON"])
def test_if_the_changes_cannot_be_had_all_is_asked_for(spoil):
    class NoChanges(Shop):
        def _answer(self, path, parameters):
            self.bad = set()
            if path.endswith("/changes"):
                self.bad, parameters = {"1"}, {"ids": "1"}
            return super()._answer(path.replace("/changes", "/toys"), parameters)

    shop = NoChanges()
    shop.spoil = SPOILS[spoil]
    outcomes = asker(shop, ChangingToys).ask(ids_to(30), since=SINCE)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    assert len(shop.requests) <= 8


# More than one page.


class Paged(ChangingToys):
    title = "Paged"

    def next_page(self, ask, response, answer):
        path = answer.get("next")
        return None if path is None else dataclasses.replace(ask, path=path, query=())


class Pages(Shop):
    """Gives `pages` of changes, and says that each goes on at `link`, a format of its number."""

    def __init__(self, pages, link="/changes?page={}"):
        super().__init__()
        self.pages, self.link = pages, link

    def _answer(self, path, parameters):
        if not path.endswith("/changes"):
            return super()._answer(path, parameters)
        number = int(parameters.get("page", "0"))
        toys = [toy(str(id)) for id in self.pages[number : number + 1] or [0]]
        there_is_more = number + 1 < len(self.pages)
        return {"toys": toys, "next": self.link.format(number + 1) if there_is_more else None}


def test_pages_are_followed_to_the_last():
    shop = Pages([7, 99, 3])
    outcomes = asker(shop, Paged).ask(ids_to(30), since=SINCE)
    assert len(shop.requests) == 3
    assert {id for id, each in outcomes.items() if isinstance(each, RemoteBug)} == {"7", "3"}


def test_pages_are_followed_no_further_than_to_the_last_bug():
    shop = Pages(list(range(1, 40)))
    asker(shop, Paged).ask(ids_to(30), since=SINCE)
    assert len(shop.requests) == 30


def test_changes_without_end_are_no_sign_that_the_others_are_unchanged():
    shop = Pages(range(1000, 10_000))
    outcomes = asker(shop, Paged).ask(ids_to(30), since=SINCE)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    assert len(shop.requests) == 30 + 3


def test_an_answer_for_all_without_end_is_given_up_and_what_is_missing_asked_for_alone():
    class Endless(Toys):
        def next_page(self, ask, response, answer):
            return ask

    shop = Shop(missing=["1"])
    outcomes = asker(shop, Endless).ask(["1", "2"])
    assert outcomes["1"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert isinstance(outcomes["2"], RemoteBug)
    assert shop.paths.count("/shop/toys") == 2 + MOST_PAGES


@pytest.mark.parametrize(
    "link",
    [
        "https://other.example/shop/changes?page={}",
        "http://toys.example/shop/changes?page={}",
        "https://toys.example:8080/shop/changes?page={}",
        "https://toys.example/other/changes?page={}",
        "https://toys.example/shop/../other/changes?page={}",
        "https://toys.example/shop/%2e%2e/other/changes?page={}",
        "https://toys.example/shopping/changes?page={}",
        "https://me@toys.example/shop/changes?page={}",
        "@other.example/changes?page={}",
        ".other.example/changes?page={}",
        ":8080/changes?page={}",
        "/../../changes?page={}",
        "https://[/changes?page={}",
    ],
)
def test_no_page_is_followed_to_another_place(link):
    shop = Pages([7, 3], link)
    outcomes = asker(shop, Paged).ask(ids_to(30), since=SINCE)
    assert all(url.startswith(f"{BASE}/") for _, url, _ in shop.requests)
    assert shop.paths.count("/shop/changes") == 1
    # That is no answer, so all is asked for.
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_where_bugs_are_asked_for_at_another_place_the_pages_stay_there():
    class Elsewhere(Paged):
        def ask_many(self, ids, since):
            for ask in super().ask_many(ids, since):
                yield dataclasses.replace(ask, path=f"https://api.example/shop{ask.path}")

    there = "https://api.example/shop/changes?page={}"
    for link, count in ((there, 2), (f"{BASE}/changes?page={{}}", 1), ("/changes?page={}", 1)):
        shop = Pages([7, 3], link)
        asker(shop, Elsewhere).ask(ids_to(30), since=SINCE)
        assert shop.paths.count("/shop/changes") == count


@pytest.mark.parametrize("path", [5, {}, ["/changes"]])
def test_a_next_page_that_is_no_url_is_none(path):
    class Odd(Pages):
        def _answer(self, path, parameters):
            answer = super()._answer(path, parameters)
            return {**answer, "next": odd} if path.endswith("/changes") else answer

    odd = path
    outcomes = asker(Odd([7]), Paged).ask(ids_to(30), since=SINCE)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


# What an answer left out.


def test_bugs_that_an_answer_left_out_are_asked_for_alone():
    shop = Shop(missing=["1"], private=["2"])
    outcomes = asker(shop).ask(["1", "2", "3"])
    assert outcomes["1"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert outcomes["2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert shop.paths == ["/shop/toys", "/shop/toys/1", "/shop/toys/2"]


class Attic(Toys):
    """Has another list for what the usual one left out."""

    conclusive = True

    def ask_missing(self, ids):
        yield Ask("/attic", (("ids", ",".join(ids)),), tuple(ids), conclusive=self.conclusive)


class Guess(Attic):
    conclusive = False


class WithAttic(Shop):
    """Has what is missing in the attic, but 5; or answers there with what is `closed`."""

    closed = None

    def _answer(self, path, parameters):
        if not path.endswith("/attic"):
            return super()._answer(path, parameters)
        if isinstance(self.closed, Exception):
            raise self.closed
        return self.closed or {
            "toys": [toy(id) for id in parameters["ids"].split(",") if id != "5"]
        }


def test_they_may_be_asked_for_together_and_be_there():
    shop = WithAttic(missing=["1", "5"])
    outcomes = asker(shop, Attic).ask(["1", "2", "5"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["5"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert shop.paths == ["/shop/toys", "/shop/attic"]


def test_what_a_list_that_proves_nothing_left_out_is_asked_for_alone():
    shop = WithAttic(missing=["1", "5"])
    outcomes = asker(shop, Guess).ask(["1", "2", "5"])
    assert outcomes["5"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert shop.paths == ["/shop/toys", "/shop/attic", "/shop/toys/5"]


@pytest.mark.parametrize(
    "closed",
    [
        403,
        404,
        b"<",
        BugTrackerServerError("It failed."),
        BugTrackerChallenge("A challenge page."),
        BugTrackerCredentialsRefused("A log-in page."),
    ],
)
@pytest.mark.parametrize("dialect", ["toys", None])
def test_if_that_list_is_closed_each_is_asked_for_alone(closed, dialect):
    shop = WithAttic(missing=["1", "5"])
    shop.closed = closed
    outcomes = asker(shop, Attic, dialect).ask(["1", "2", "5"])
    assert outcomes["1"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert isinstance(outcomes["2"], RemoteBug)


# One by one.


def test_a_bug_that_fails_among_others_has_an_error_of_its_own():
    for bad in (["1"], ["2"], ["3"], ["1", "3"]):
        outcomes = asker(Shop(bad=bad), SingleToys).ask(["1", "2", "3"])
        for id, outcome in outcomes.items():
            assert isinstance(outcome, RemoteBug) == (id not in bad)


def test_two_that_fail_in_a_row_do_so_while_the_bug_tracker_is_there():
    shop = Shop(bad=["1", "2"])
    outcomes = asker(shop, SingleToys).ask(["1", "2", "3"])
    assert shop.paths.count("/shop/about") == 1
    assert isinstance(outcomes["3"], RemoteBug)


def test_two_that_fail_in_a_row_are_trouble_where_it_does_not_say_what_it_is():
    class Silent(SingleToys):
        ask_identity = Dialect.ask_identity

    shop = Shop(bad=["1", "2"])
    with pytest.raises(UnparsableBugTracker):
        asker(shop, Silent).ask(["1", "2", "3"])
    assert len(shop.requests) == 2


def test_it_does_not_go_on_asking_one_by_one_where_it_is_down():
    shop = Shop()
    shop.down = 500
    with pytest.raises(UnparsableBugTracker):
        asker(shop, SingleToys).ask(ids_to(50))
    assert len(shop.requests) == 3


def test_the_place_that_some_bugs_are_in_costs_those_elsewhere_nothing():
    class Broken(Cabinet):
        async def request(self, method, url, **how):
            if url.startswith(f"{DRAWERS}/{self.shut}"):
                raise BugTrackerServerError("It failed.")
            return await super().request(method, url, **how)

    ids = ["101", "102", "201", "202", "301", "302"]
    for shut in "123":
        outcomes = Asker(Drawers, DRAWERS, dialect="drawers", client=Broken(shut, 500)).ask(ids)
        for id, outcome in outcomes.items():
            assert isinstance(outcome, RemoteBug) == (id[0] != shut)


# What is no id, and what comes twice.


def test_what_cannot_be_an_id_is_not_asked_for():
    shop = Shop()
    outcomes = asker(shop).ask(["x", "1" * 19])
    assert {each.error_type for each in outcomes.values()} == {BugWatchErrorType.INVALID_BUG_ID}
    assert shop.requests == []


def test_an_id_that_comes_twice_is_asked_for_once():
    shop = Shop()
    assert asker(shop).ask(["1", "2", "1"]).keys() == {"1", "2"}
    assert shop.requests == [("GET", f"{BASE}/toys?ids=1,2", None)]


def test_a_type_that_cannot_ask_for_one_bug_alone_says_so():
    class Unable(Toys):
        ask_many, ask_one = Dialect.ask_many, Dialect.ask_one

    with pytest.raises(TypeError, match="Unable asks for no bug alone"):
        asker(Shop(missing=["1"]), Unable).ask(["1"])


# Validators.


def test_bugs_asked_for_alone_are_so_on_condition_that_they_changed():
    @implementer(IValidators)
    class Validated(SingleToys):
        pass

    def answer(path, parameters):
        return {"headers": {"etag": f'"{path}"'}, "json": {"toy": toy(path.rpartition("/")[2])}}

    server = Server(answer)
    outcomes = asker(server, Validated).ask(["1", "2"], validators={"2": '"x"'})
    assert [headers.get("If-None-Match") for headers in server.sent] == [None, '"x"']
    assert outcomes["1"].validator == '"/shop/toys/1"'
    asker(server, Validated).ask(["2"], validators={"2": "Tue, 02 Jan 2024 03:04:05 GMT"})
    assert server.sent[-1]["If-Modified-Since"] == "Tue, 02 Jan 2024 03:04:05 GMT"


def test_a_type_that_batches_asks_for_a_single_bug_alone_if_that_can_be_on_condition():
    @implementer(IValidators)
    class Validated(Toys):
        pass

    for factory, path in ((Toys, "/shop/toys"), (Validated, "/shop/toys/1")):
        shop = Shop()
        asker(shop, factory).ask(["1"], validators={"1": '"x"'})
        assert shop.paths == [path]


def test_a_bug_kept_apart_that_is_said_not_to_be_there_is_asked_for_once():
    shop = Shop(missing=["1"])
    outcome = asker(shop, Toys).ask(["1"], apart=True)["1"]
    assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert shop.paths == ["/shop/toys/1"]


def test_unless_another_question_tells_more_of_one_that_is_not_there():
    class Listed(Toys):
        """A list tells of toys that their own pages are not there for."""

        def ask_missing(self, ids):
            return self.ask_many(ids, None)

    class Hidden(Shop):
        def _answer(self, path, parameters):
            return 404 if path == "/shop/toys/1" else super()._answer(path, parameters)

    shop = Hidden()
    outcome = asker(shop, Listed).ask(["1"], apart=True)["1"]
    assert isinstance(outcome, RemoteBug)
    assert shop.paths == ["/shop/toys/1", "/shop/toys"]


def test_a_bug_kept_apart_is_asked_for_on_condition_too():
    @implementer(IValidators)
    class Validated(Toys):
        pass

    server = Server(lambda path, parameters: 304)
    found = asker(server, Validated).ask(["1"], validators={"1": '"x"'}, apart=True)
    assert found == {"1": RemoteBugUnchanged("1")}
