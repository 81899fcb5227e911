import pytest

from malonewatch.externalbugtracker.driver.urls import fill


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("/new?in={product}", "/new?in=a%2Fb%26c"),
        ("/{product:path}/new", "/a/b%26c/new"),
    ],
)
def test_a_value_keeps_its_slashes_where_it_is_a_path(template, link):
    assert fill(template, {"product": "a/b&c"}) == link
