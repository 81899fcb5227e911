"""The types, as they are found by name."""

import importlib

import pytest

import malonewatch.externalbugtracker as types
from malonewatch.externalbugtracker import lazy
from malonewatch.interfaces import BugTrackerType


def test_a_type_is_the_class_of_its_name_in_its_module():
    module = importlib.import_module("malonewatch.externalbugtracker.debbugs")
    assert types.Debbugs is module.Debbugs


@pytest.mark.parametrize("module", [types, lazy])
@pytest.mark.parametrize("name", ["frobnicator", "_Frobnicator"])
def test_other_names_are_none(module, name):
    with pytest.raises(AttributeError, match=name):
        getattr(module, name)


def test_a_class_that_is_not_there_is_not():
    with pytest.raises(AttributeError, match="'Frobnicator'"):
        types.Frobnicator  # noqa: B018


def test_a_module_that_lacks_what_it_needs_says_which(monkeypatch):
    def import_module(name):
        raise ModuleNotFoundError("No module named 'frob'", name="frob")

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(ModuleNotFoundError, match="frob"):
        types.Frobnicator  # noqa: B018


def test_what_stands_for_a_type_says_which():
    assert repr(lazy.Trac) == "<type Trac>"
    assert lazy.Trac.title == "Trac"
    with pytest.raises(AttributeError):
        lazy.Trac._is_id  # noqa: B018


def test_what_is_no_name_of_a_type_is_no_attribute():
    with pytest.raises(AttributeError, match="'roundup' is not the name"):
        BugTrackerType.roundup  # noqa: B018


def test_a_name_is_that_of_a_type():
    assert (BugTrackerType("FROB").name, BugTrackerType.FROB.name) == ("FROB", "FROB")
