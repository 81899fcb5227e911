from urllib.parse import urlsplit

import pytest

from malonewatch.externalbugtracker.driver import Ask, URLShape
from malonewatch.externalbugtracker.driver.urls import build_url, by_https, fill, query_of, url_of


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("/new?in={product}", "/new?in=a%2Fb%26c"),
        ("/{product:path}/new", "/a/b%26c/new"),
    ],
)
def test_a_value_keeps_its_slashes_where_it_is_a_path(template, link):
    assert fill(template, {"product": "a/b&c"}) == link


def test_a_template_is_taken_whose_values_are_there():
    assert fill(("/new/{product}", "/new"), {"product": None}) == "/new"
    assert fill(("/new/{product}", "/new"), {"product": "a"}) == "/new/a"
    assert fill("/new/{product}", {}) is None
    assert fill((), {}) is None
    assert fill(None, {}) is None


# Shapes


def match(shape, url, base=None):
    return shape.match(urlsplit(url), base)


@pytest.mark.parametrize(
    ("template", "url", "found"),
    [
        ("/bug/{id}", "https://a.example/bug/7", ("", "7")),
        ("/bug/{id}", "https://a.example/bug/7/", ("", "7")),
        ("/bug/{id}", "https://a.example/x/y/bug/7", ("/x/y", "7")),
        ("/bug/{id}", "https://a.example/bug/bug/7", ("/bug", "7")),
        ("/bug/{id}", "https://a.example/bug/7/edit", None),
        ("/bug/{id}", "https://a.example/bug/٧", None),
        ("/bug/{id}", "https://a.example/bug/" + "7" * 19, None),
        ("/bug/{id:key}", "https://a.example/bug/TT-7", ("", "TT-7")),
        ("/bug/{id:key}", "https://a.example/bug/TT-", None),
        ("/bug/{id:name}", "https://a.example/bug/a.b+c", ("", "a.b+c")),
        ("/bug/{id:path}", "https://a.example/x/bug/a/b/c", ("/x", "a/b/c")),
        ("/bug?id={id}", "https://a.example/x/bug?id=7", ("/x", "7")),
        ("/bug?id={id}", "https://a.example/bug?a=b;id=7", ("", "7")),
        ("/bug?id={id}", "https://a.example/bug?id=7&id=8", ("", "7")),
        ("/bug?id={id}", "https://a.example/bug?id=%20%237%20", ("", "7")),
        ("/bug?id={id}", "https://a.example/bug?id=%2537", None),
        ("/bug?id={id}", "https://a.example/bug?id=", None),
        ("/bug?id={id}", "https://a.example/bug", None),
        ("/?do=bug&id={id}", "https://a.example/x?do=bug&id=7", ("/x", "7")),
        ("/?do=bug&id={id}", "https://a.example/x/?do=bug&id=7", ("/x", "7")),
        ("/?do=bug&id={id}", "https://a.example?do=bug&id=7", ("", "7")),
        ("/bug?{id}", "https://a.example/x/bug?7", ("/x", "7")),
        ("/bug?{id}", "https://a.example/bug/?a=b;7=", ("", "7")),
        ("/bug?{id}", "https://a.example/bug?7=8", None),
        ("/bug?{id}", "https://a.example/bug?x7", None),
        ("/bug?{id}", "https://a.example/bug", None),
    ],
)
def test_a_shape_gives_the_path_of_the_base_url_and_the_id(template, url, found):
    assert match(URLShape(template), url) == found


def test_a_shape_may_be_below_a_known_base_url_alone():
    shape = URLShape("/bug/{id}")
    assert match(shape, "https://a.example/x/bug/7", "/x") == ("/x", "7")
    assert match(shape, "https://a.example/bug/7", "") == ("", "7")
    assert match(shape, "https://a.example/x/y/bug/7", "/x") is None
    assert match(shape, "https://a.example/x/bug/7", "/y") is None


def test_an_id_may_have_several_parts_of_kinds_of_their_own():
    shape = URLShape("/{place}/{id}", "{place}#{id}", at_root=True, place="[a-z]+/[a-z]+")
    assert match(shape, "https://a.example/jane/anvil/7") == ("", "jane/anvil#7")
    assert match(shape, "https://a.example/anvil/7") is None
    assert shape.build({"place": "jane/anvil", "id": "7"}) == "/jane/anvil/7"


def test_what_is_built_is_quoted():
    assert URLShape("/bug?id={id}").build({"id": "a b&c"}) == "/bug?id=a%20b%26c"
    assert URLShape("/bug/?{id}").build({"id": "7"}) == "/bug/?7"


# Building


def test_the_base_url_of_a_host_is_the_host():
    assert by_https("a.example", "b.example:81") == {
        "a.example": "https://a.example",
        "b.example:81": "https://b.example:81",
    }


@pytest.mark.parametrize(
    ("parameters", "url"),
    [
        ([], "https://a.example/x"),
        ([("id", "1,2"), ("a b", "ü&=:@*")], "https://a.example/x?id=1,2&a%20b=%C3%BC%26%3D:@*"),
    ],
)
def test_a_query_stays_readable(parameters, url):
    assert build_url("https://a.example/x", parameters) == url


def test_a_question_is_put_below_the_base_url_unless_it_has_one_of_its_own():
    base = "https://a.example/x"
    assert url_of(Ask("/bugs", (("id", "7"),)), base) == "https://a.example/x/bugs?id=7"
    assert url_of(Ask("https://b.example/bugs"), base) == "https://b.example/bugs"


def test_of_a_parameter_that_comes_twice_the_first_counts():
    assert query_of(urlsplit("https://a.example/?a=1&a=2;b=&c")) == {"a": "1", "b": "", "c": ""}
