import pytest
from BTrees.OOBTree import OOBTree

from malonewatch.model.holding import HeldBack
from malonewatch.model.ledger import Ledger


def test_what_is_held_is_counted_as_it_comes_and_goes():
    held = HeldBack({"1": "one"})
    held["2"] = "two"
    held["2"] = "again"
    assert dict(held) == {"1": "one", "2": "again"}
    assert len(held) == 2
    del held["1"]
    assert (list(held), len(held)) == (["2"], 1)
    with pytest.raises(KeyError):
        del held["1"]
    assert len(held) == 1


def test_what_an_earlier_version_held_is_held_on():
    ledger = Ledger()
    ledger._held = OOBTree({"1": (1.0, "one"), "2": (1.0, "two")})
    ledger.hold("3", 2.0, "three")
    ledger.let_go("1")
    ledger.let_go("9")
    assert dict(ledger.held) == {"2": (1.0, "two"), "3": (2.0, "three")}
    assert len(ledger.held) == 2
