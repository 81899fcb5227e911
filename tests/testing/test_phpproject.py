"""The simulated bugs.php.net, asked as nobody should."""

import urllib.request

import pytest

from malonewatch.testing.phpproject import PHPProjectSimulator


@pytest.mark.parametrize(
    ("query", "start"), [("id=1", b"<rss>"), ("id=1x&format=xml", b"<bug>\n  <id>1</id>")]
)
def test_a_feed_is_for_readers_of_news_unless_it_is_to_be_xml(query, start):
    with PHPProjectSimulator() as simulator:
        simulator.add("1")
        with urllib.request.urlopen(f"{simulator.url}/rss/bug.php?{query}") as response:
            assert response.read().startswith(start)
