import click
import pytest

from malonewatch.parameters import Whole


def test_a_number_is_read():
    assert Whole(min=0).convert("12", None, None) == 12
    assert Whole(min=0).convert(12, None, None) == 12


def test_a_number_that_is_too_long_is_not_repeated():
    with pytest.raises(click.BadParameter) as raised:
        Whole(min=0).convert("9" * 5000, None, None)
    assert str(raised.value) == "'99999999999999999999'... is not a number of at most 18 digits."


@pytest.mark.parametrize("value", ["-1", "one", ""])
def test_what_is_out_of_range_is_refused(value):
    with pytest.raises(click.BadParameter):
        Whole(min=0).convert(value, None, None)
