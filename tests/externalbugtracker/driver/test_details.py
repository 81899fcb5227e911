import pytest

from malonewatch.externalbugtracker.driver import DetailedDialect, Instead


class Listed(DetailedDialect):
    dialect_name = "list"
    first_details = ("one", "two")
    known_details = frozenset(["one", "two", "three"])


def test_details_are_a_part_of_the_name():
    assert Listed(None).full_name == "list+one+two"
    assert Listed.named(None, "list+three").details == ("three",)


@pytest.mark.parametrize("name", ["list", "list+", "list+four", "list+one+four", "other+one"])
def test_a_name_with_none_or_unknown_ones_is_no_name(name):
    assert Listed.named(None, name) is None


def test_a_type_may_tell_details_in_a_way_of_its_own():
    class Numbered(Listed):
        @classmethod
        def is_detail(cls, detail):
            return detail.isdecimal() or super().is_detail(detail)

    assert Numbered.named(None, "list+one+12").details == ("one", "12")
    assert Numbered.named(None, "list+12+four") is None


def test_it_goes_on_with_others_that_answers_tell():
    assert Listed(None).but("two") == Instead("list+two")
    assert Listed(None).but("three", certain=False) == Instead("list+three", False)
