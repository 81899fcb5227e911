import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.application.matching import Known, Plan, Seen, match
from malonewatch.interfaces import Place, Wish

URL, OTHER = "https://bugs.example.com/1", "https://bugs.example.com/2"


def place(path="a.c", line=1, text="see 1", wish=None):
    return Place(path, line, 1, "1", text, (URL,), wish)


def known(number, *args, url=URL, **values):
    return Known(number, url, place(*args, **values))


def seen(*args, url=URL, **values):
    return Seen(url, place(*args, **values))


def test_what_is_where_it_was_stays():
    assert match([known(1), known(2, line=2)], [seen(line=2), seen()]) == Plan((), (), (), 2)


def test_what_is_new_and_what_is_gone():
    plan = match([known(1), known(2, url=OTHER)], [seen(), seen(line=5), seen("0.c")])
    assert plan == Plan((seen("0.c"), seen(line=5)), (), (2,), 1)


@pytest.mark.parametrize(
    "moved",
    [
        {"line": 9},
        {"text": "see 1, really"},
        {"line": 9, "text": "see 1, really"},
        {"path": "b.c", "line": 9},
        {"wish": Wish.EXPECT_OPEN},
    ],
)
def test_what_moved_is_the_same_link(moved):
    assert match([known(1)], [seen(**moved)]) == Plan((), ((1, place(**moved)),), (), 0)


def test_other_words_in_another_file_are_another_link():
    plan = match([known(1)], [seen("b.c", text="as 1 says")])
    assert plan == Plan((seen("b.c", text="as 1 says"),), (), (1,), 0)


def test_the_likest_one_is_the_same():
    before = [known(1, line=1, text="first"), known(2, line=2, text="second")]
    # A line went in above both, and each is where another was.
    now = [seen(line=2, text="first"), seen(line=3, text="second")]
    assert match(before, now).moved == (
        (1, place(line=2, text="first")),
        (2, place(line=3, text="second")),
    )


def test_those_that_are_alike_keep_their_order():
    before = [known(1, line=1), known(2, line=5)]
    plan = match(before, [seen(line=2), seen(line=6)])
    assert plan.moved == ((1, place(line=2)), (2, place(line=6)))


PLACES = st.lists(
    st.builds(
        place, st.sampled_from("ab"), st.integers(1, 3), st.sampled_from(["see 1", "as 1 says"])
    ),
    unique=True,
    max_size=6,
)


@given(PLACES, PLACES)
def test_afterwards_the_database_has_what_is_in_the_tree(before, now):
    links = dict(enumerate(before, 1))
    plan = match(
        [Known(number, URL, each) for number, each in links.items()],
        [Seen(URL, each) for each in now],
    )
    for number in plan.removed:
        del links[number]
    links.update(plan.moved)
    assert sorted([*links.values(), *(new.place for new in plan.added)]) == sorted(now)
    assert plan.kept == len(links) - len(plan.moved)
    # The same again changes nothing.
    again = [Known(number, URL, each) for number, each in enumerate(now, 1)]
    assert match(again, [Seen(URL, each) for each in now]).kept == len(now)
