import contextlib
import re
import subprocess
import sys
import threading
import urllib.request

import pytest

from malonewatch.interfaces import BadInput
from malonewatch.web.serving import Options, open_server


@contextlib.contextmanager
def served(database, **options):
    """The sentences that are said when the desk is served, while it is."""
    said = []
    server = open_server(database, Options(port=0, **options), said.append)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield said
    finally:
        server.stop()
        thread.join()


def fetch(url, **headers):
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(urllib.request.Request(url, headers=headers)) as answer:
        return answer.url, answer.read().decode()


def test_who_opens_the_link_is_let_in(database):
    with served(database) as said:
        link = re.fullmatch(r"To log in, open (http://127\.0\.0\.1:\d+/log-in\?token=.+)", said[0])
        url, text = fetch(link[1])
    assert url == link[1].partition("log-in")[0]
    assert "<h1>What moved</h1>" in text
    assert len(said) == 2


def test_a_proxy_says_who_it_is(database):
    url = "http://bugs.example.com/desk"
    options = {"url": url, "user_header": "X-User"}
    with served(database, **options) as said:
        assert said == [f"The desk is at {url}, for whom the proxy at 127.0.0.1 names."]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": "0.0.0.0"}, "Where 0.0.0.0 is reached is not known; say so with --url"),
        ({"url": "bugs.example.com"}, "'bugs.example.com' is not a URL such as"),
    ],
)
def test_what_cannot_be_served_is_refused(database, options, sentence):
    with pytest.raises(BadInput, match=re.escape(sentence)):
        open_server(database, Options(**options), print)


_RUN = """
import sys
from malonewatch.checkwatches.script import main
code = main(["--database", sys.argv[1], "--quiet"])
names = {name.partition(".")[0] for name in sys.modules}
print(code, names & {"pyramid", "waitress", "chameleon"}, "malonewatch.web" in sys.modules)
"""


def test_a_run_with_nothing_due_loads_none_of_it(database, uri):
    command = [sys.executable, "-c", _RUN, uri]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "0 set() False\n"
