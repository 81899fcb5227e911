import contextlib

import pytest
import transaction
import ZODB
from BTrees.Interfaces import BTreesConflictError
from BTrees.OOBTree import OOBTree
from hypothesis import given
from hypothesis import strategies as st
from ZODB.DemoStorage import DemoStorage

from malonewatch.model.numberset import NumberSet, numbers_in
from malonewatch.model.postings import SMALL, Postings, PostingsBucket, PostingsTree

numbers = st.sets(st.integers(0, 100_000) | st.integers(0, 200), max_size=2 * SMALL)


@pytest.fixture
def tree():
    return OOBTree()


@pytest.fixture
def postings(tree):
    return Postings(tree)


def content(pages):
    return [number for page in pages.pages() for number in numbers_in(page, pages.bits(page))]


def test_what_is_not_there_is_empty(postings):
    assert content(postings.get("kernel")) == []
    assert postings.get("kernel").bits(0) == 0


def test_numbers_are_posted_under_keys(postings, tree):
    postings.add("kernel", [7, 3, 100_000])
    postings.add("panel", [7])
    assert content(postings.get("kernel")) == [3, 7, 100_000]
    assert content(postings.get("panel")) == [7]
    assert isinstance(tree["kernel"], bytes)


def test_many_are_an_object_of_their_own(postings, tree):
    postings.add("kernel", range(SMALL))
    assert isinstance(tree["kernel"], bytes)
    postings.add("kernel", [SMALL])
    assert isinstance(tree["kernel"], NumberSet)
    assert content(postings.get("kernel")) == list(range(SMALL + 1))


@pytest.mark.parametrize("count", [3, SMALL + 1])
def test_what_is_empty_is_gone(postings, tree, count):
    postings.add("kernel", range(count))
    postings.remove("kernel", [count, 0])
    assert content(postings.get("kernel")) == list(range(1, count))
    postings.remove("kernel", range(count))
    postings.remove("kernel", [5])
    assert list(tree) == []


def test_a_value_is_written_only_if_it_changes(postings, tree):
    postings.add("kernel", [7])
    before = tree["kernel"]
    postings.add("kernel", [7])
    postings.remove("kernel", [8])
    assert tree["kernel"] is before


def test_the_first_key_with_anything_is_found(postings):
    for key in ("c", "a", "b"):
        postings.add(key, [ord(key)])
    postings.remove("b", [98])
    assert postings.first("b", "z") == "c"
    assert postings.first("a", "c") == "a"
    assert postings.first("d", "z") is None


@given(numbers, numbers, numbers)
def test_they_are_sets(first, second, gone):
    postings = Postings(OOBTree())
    postings.add("kernel", sorted(first))
    postings.add("kernel", list(second))
    postings.remove("kernel", list(gone))
    assert content(postings.get("kernel")) == sorted((first | second) - gone)


# Two at the same time.

STAYING = {"A": {1}, "z": {1}}
sets = st.dictionaries(st.sampled_from("abcd"), st.frozensets(st.integers(0, 9)))


def leaf(items):
    """The record of a leaf that has these, and things on both sides of them that stay: a leaf's
    first key does not go while others write to it."""
    bucket = PostingsBucket()
    postings = Postings(bucket)
    for key, numbers in {**items, **STAYING}.items():
        postings.add(key, numbers)
    return bucket.__getstate__()


@given(sets, sets, sets)
def test_both_get_their_way(before, theirs, ours):
    bucket = PostingsBucket()
    bucket.__setstate__(bucket._p_resolveConflict(*map(leaf, (before, theirs, ours))))
    expected = dict(STAYING)
    for key in "abcd":
        was, has, shall = (each.get(key, frozenset()) for each in (before, theirs, ours))
        expected[key] = has - (was - shall) | (shall - was)
    found = {key: set(content(Postings(bucket).get(key))) for key in bucket}
    assert found == {key: numbers for key, numbers in expected.items() if numbers}


def test_of_what_is_no_small_set_one_gets_their_way():
    states = [PostingsBucket({"a": value}).__getstate__() for value in (1, 2, 3)]
    with pytest.raises(BTreesConflictError):
        PostingsBucket()._p_resolveConflict(*states)


def test_two_transactions_write_to_one_set():
    with contextlib.closing(ZODB.DB(DemoStorage())) as database:
        with database.transaction() as connection:
            postings = connection.root()["postings"] = Postings(PostingsTree())
            # So many that the tree has several leaves.
            for number in range(200):
                postings.add(f"{number:03}", [number])
        managers = [transaction.TransactionManager() for _ in range(2)]
        both = [database.open(manager).root()["postings"] for manager in managers]
        for number, postings in enumerate(both, 1001):
            postings.add("000", [number])
            postings.add("new", [number])
        for manager in managers:
            manager.commit()
        with database.transaction() as connection:
            postings = connection.root()["postings"]
            assert content(postings.get("000")) == [0, 1001, 1002]
            assert content(postings.get("new")) == [1001, 1002]
