import gc

import pytest

from malonewatch.checkwatches.garbage import OBJECTS, seldom_collected


def test_garbage_is_looked_for_seldom_and_not_among_what_is_there():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with seldom_collected():
        assert gc.get_threshold() == (OBJECTS, *before[1:])
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_afterwards_it_is_as_before_whatever_happened():
    before = gc.get_threshold()
    with pytest.raises(ValueError), seldom_collected():
        raise ValueError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
