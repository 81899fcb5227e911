"""A forge of the tests' own: places of two words, and numbers."""

import json
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest

from malonewatch.externalbugtracker.driver import (
    Ask,
    Finding,
    Forge,
    OneByOne,
    Read,
    URLShape,
    by_place,
    join_id,
    split_id,
)
from malonewatch.externalbugtracker.driver.ask import Situation
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTrackerFacts,
    BugTrackerType,
    RemoteBug,
    Response,
)
from malonewatch.testing.asking import Asker, Canned


class Smithy(Forge):
    title = "Smithy"
    place_pattern = "[a-z]+/[a-z]+"
    folds_places = True
    page_size = 3
    highest_id = 999
    urls = (URLShape("/{place:path}/{id}", "{place}#{id}", registered=True),)

    def ask_many(self, ids, since):
        for place, some in by_place(ids).items():
            yield Ask(f"/{place}", (("numbers", ",".join(map(self.called, some))),), tuple(some))

    def ask_one(self, remotebug):
        place, number = split_id(remotebug)
        return Ask(f"/{place}/{number}", (), (remotebug,), alone=True)

    def records(self, answer):
        return answer

    def read(self, record):
        return Read("open", record["title"])


FACTS = BugTrackerFacts("x", BugTrackerType("SMITHY"), "https://smithy.example")


def test_the_case_of_a_place_matters_or_does_not():
    class Folded(Forge):
        title, place_pattern, folds_places = "Folded", Smithy.place_pattern, True

    assert Folded.canonicalRemoteBug("Jane%2FAnvil/#7") == "jane/anvil#7"


def make():
    return Smithy(FACTS)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("jane/anvil#7", "jane/anvil#7"),
        (" Jane/Anvil#007 ", "jane/anvil#7"),
        ("#7", "7"),
        ("007", "7"),
        ("jane/anvil", "jane/anvil"),
    ],
)
def test_an_id_is_canonical_in_both_its_parts(text, canonical):
    assert Smithy.canonicalRemoteBug(text) == canonical


@pytest.mark.parametrize(
    ("remotebug", "valid"),
    [
        ("jane/anvil#7", True),
        ("jane/anvil#999", True),
        ("jane/anvil#1000", False),
        ("jane/anvil#x", False),
        ("jane#7", False),
        ("7", False),
    ],
)
def test_an_id_is_valid_if_both_its_parts_are(remotebug, valid):
    assert Smithy.is_valid(remotebug) is valid


class Anywhere(Smithy):
    place_pattern = r"[\w./-]+!?"


@pytest.mark.parametrize("place", ["jane/..", "../anvil", "./anvil", "jane/./anvil", "jane/..!"])
def test_no_place_leads_elsewhere_on_the_server(place):
    assert Anywhere.is_valid("jane/..anvil#7")
    assert not Anywhere.is_valid(join_id(place, "7"))


def test_a_place_is_written_in_ascii():
    assert not Anywhere.is_valid("jane/\N{LATIN SMALL LETTER E WITH ACUTE}tau#7")


def test_the_url_of_a_bug_has_both_parts():
    url = make().getBugURL("jane/anvil#7")
    assert url == "https://smithy.example/jane/anvil/7"
    found = Smithy.parseBugURL(urlsplit(url), "https://smithy.example")
    assert found[:2] == ("https://smithy.example", "jane/anvil#7")


def test_bugs_are_asked_for_place_by_place():
    asks = make().plan(["a/b#1", "c/d#1", "a/b#2", "e/f#1", "c/d#2"], Situation())
    assert [(ask.ids, ask.alone) for ask in asks] == [
        (("a/b#1", "a/b#2"), False),
        (("c/d#1", "c/d#2"), False),
        (("e/f#1",), True),
    ]


def test_no_more_of_a_place_are_asked_for_at_once_than_the_type_says():
    asks = make().plan([f"a/b#{number}" for number in range(1, 6)], Situation())
    assert [len(ask.ids) for ask in asks] == [3, 2]


def test_one_without_others_of_its_place_is_asked_for_alone():
    assert [ask.alone for ask in make().plan(["a/b#1", "7", "8"], Situation())] == [True] * 3


class Listing(OneByOne, Smithy):
    def ask_changes(self, place, ids, since):
        return None if place == "c/d" else Ask(f"/{place}/changes", ids=tuple(ids), since=since)


class Below(Smithy):
    bugs_of = "/in/{}/bugs"
    ask_one = Forge.ask_one


def test_a_bug_is_below_its_place_or_asked_for_as_many_are():
    assert Below(FACTS).ask_one("a/b#7") == Ask("/in/a/b/bugs/7", ids=("a/b#7",), alone=True)

    class Plain(Below):
        bugs_of = ""

    query = (("numbers", "7"),)
    assert Plain(FACTS).ask_one("a/b#7") == Ask("/a/b", query, ("a/b#7",), alone=True)


LONG_AGO = datetime(2024, 1, 1, tzinfo=timezone.utc)


def test_bugs_may_be_asked_for_one_by_one_or_for_what_changed_where_there_are_several():
    listing = Listing(FACTS)
    ids = ["a/b#1", "c/d#1", "a/b#2", "e/f#1", "c/d#2"]
    assert [ask.ids for ask in listing.in_full(ids)] == [(each,) for each in ids]
    assert [ask.alone for ask in listing.ask_many(ids, None)] == [True] * 5
    assert [(ask.ids, ask.alone) for ask in listing.ask_many(ids, LONG_AGO)] == [
        (("a/b#1", "a/b#2"), False),
        (("c/d#1",), True),
        (("c/d#2",), True),
        (("e/f#1",), True),
    ]


@pytest.mark.parametrize(
    ("ids", "finding"), [(("a/b#1", "a/b#2"), Finding.MISSING), ((), Finding.ABSENT)]
)
def test_a_list_that_is_not_there_tells_of_its_place(ids, finding):
    ask = Ask("/a/b/changes", ids=ids)
    assert Listing(FACTS).judge(ask, Response("", 404, {}, b""), None) is finding


def test_a_forge_that_lists_changes_has_to_say_how():
    with pytest.raises(TypeError, match="OneByOne asks for no changes"):
        OneByOne(None).ask_changes("a/b", ["a/b#1"], LONG_AGO)


def test_an_answer_needs_only_the_numbers():
    bugs = [{"id": 2, "title": "Two"}, {"id": 1, "title": "One"}, {"id": 3, "title": "Three"}]
    client = Canned(json.dumps(bugs).encode())
    outcomes = Asker(Smithy, "https://smithy.example", client=client).ask(["a/b#1", "a/b#2"])
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    assert {id: outcome.title for id, outcome in outcomes.items()} == {
        "a/b#1": "One",
        "a/b#2": "Two",
    }


@pytest.mark.parametrize(
    ("remotebug", "place", "number"),
    [
        ("jane/anvil#7", "jane/anvil", "7"),
        ("jane/anvil!7", "jane/anvil!", "7"),
        ("jane#1/anvil!7", "jane#1/anvil!", "7"),
        ("7", "", "7"),
    ],
)
def test_what_a_project_counts_apart_is_another_place(remotebug, place, number):
    assert split_id(remotebug) == (place, number)
    assert join_id(place, number) == remotebug


class Hammers(Smithy):
    place_pattern = "[a-z]+/[a-z]+!?"
    urls = (*Smithy.urls, URLShape("/{place:path}/hammers/{id}", "{place}!{id}"))
    file_link = "/{product:path}/new?summary={summary}"
    search_link = ("/{product:path}/search?q={summary}", "/search?q={summary}")


def test_what_a_project_counts_apart_has_ids_and_urls_of_the_project():
    assert Hammers.canonicalRemoteBug(" Jane/Anvil!007 ") == "jane/anvil!7"
    assert Hammers.is_valid("jane/anvil!7")
    assert not Smithy.is_valid("jane/anvil!7")
    facts = BugTrackerFacts("x", BugTrackerType("HAMMERS"), "https://smithy.example")
    assert Hammers(facts).parts("jane/anvil!7") == {"place": "jane/anvil", "id": "7"}
    assert Hammers(facts).getBugURL("jane/anvil#7") == "https://smithy.example/jane/anvil/7"
    url = "https://smithy.example/jane/anvil/hammers/7"
    assert Hammers(facts).getBugURL("jane/anvil!7") == url
    assert Hammers(facts).id_at(url) == "jane/anvil!7"
    asks = Hammers(facts).plan(["a/b#1", "a/b!1", "a/b#2", "a/b!2"], Situation())
    assert [ask.ids for ask in asks] == [("a/b#1", "a/b#2"), ("a/b!1", "a/b!2")]


def test_a_place_stands_for_a_product_in_links():
    facts = BugTrackerFacts("x", BugTrackerType("HAMMERS"), "https://smithy.example")
    assert Hammers(facts).getBugFilingAndSearchLinks("jane/anvil", "Rust") == (
        "https://smithy.example/jane/anvil/new?summary=Rust",
        "https://smithy.example/jane/anvil/search?q=Rust",
    )
    for product in (None, "jane", "jane/anvil!"):
        links = Hammers(facts).getBugFilingAndSearchLinks(product, "Rust")
        assert links == (None, "https://smithy.example/search?q=Rust")


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("priority::high", BugTaskImportance.HIGH),
        ("minor major", BugTaskImportance.HIGH),
        ("glowing", BugTaskImportance.UNKNOWN),
    ],
)
def test_an_importance_is_a_label_or_words(words, importance):
    assert make().convertRemoteImportance(words) is importance
