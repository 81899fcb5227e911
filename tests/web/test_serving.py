import re
import socket
import subprocess
import sys
import urllib.request

import pytest
from tests.web.desks import served

from malonewatch.application import people
from malonewatch.interfaces import BadInput
from malonewatch.web.accounts import AccountPolicy
from malonewatch.web.serving import Options, open_server


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


def test_people_log_in_by_name(database):
    with served(database, accounts=True) as said:
        place = re.fullmatch("The desk is at (.*), for who has an account.", said[0])[1]
        url, text = fetch(f"{place}/bugs")
    assert url == f"{place}/log-in?next=%2Fbugs"
    assert "<h1>Log in</h1>" in text
    assert said[1].startswith("Nobody can log in yet: 'malonewatch person add NAME")


@pytest.mark.usefixtures("quick_hashes")
def test_a_proxy_says_from_where_people_log_in(database, monkeypatch):
    people.add(database, "anna")
    people.set_password(database, "anna", "correct horse battery")
    seen = []
    monkeypatch.setattr(AccountPolicy, "identity", lambda self, request: seen.append(request))
    url = "http://bugs.example.com"
    headers = {"Host": "bugs.example.com", "X-Forwarded-For": "192.0.2.1, 192.0.2.7"}
    for options in ({"url": url}, {"url": url, "proxy": "192.0.2.9"}):
        port = free_port()
        with served(database, accounts=True, **{**options, "port": port}) as said:
            assert said == [f"The desk is at {url}, for who has an account."]
            fetch(f"http://127.0.0.1:{port}/log-in", **headers)
    assert {each.environ["REMOTE_ADDR"] for each in seen} == {"192.0.2.7", "127.0.0.1"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"accounts": True, "user_header": "X-User"},
            "Either a proxy says who people are, or they log in; not both.",
        ),
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


@pytest.mark.shared
def test_a_run_with_nothing_due_loads_none_of_it(database, uri):
    command = [sys.executable, "-c", _RUN, uri]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "0 set() False\n"
