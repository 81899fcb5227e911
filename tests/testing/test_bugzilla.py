"""The simulated Bugzilla, asked as nobody should."""

import json

import pytest
from tests import asked

from malonewatch.testing.bugzilla import BugzillaSimulator


def get(url, call=None):
    """The status, and the answer: what JSON holds, or text."""
    body = None if call is None else json.dumps(call)
    status, _, text = asked.ask(url, body, Content_Type="application/json")
    return status, json.loads(text) if text.startswith("{") else text


@pytest.mark.parametrize("path", ["/rest/bug?id=1", "/rest/bug/1", "/rest/version"])
def test_without_rest_it_is_not_there(path):
    with BugzillaSimulator(rest=False) as simulator:
        status, text = get(simulator.url + path)
    assert status == 404
    assert "404 Not Found" in text


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/rest/bug?id=x", 100500),
        ("/rest/bug/x", 100),
        ("/rest/bug/2", 101),
        ("/rest/bug/1?Bugzilla_login=me&Bugzilla_password=wrong", 300),
        ("/rest/bug/1?Bugzilla_api_key=wrong", 306),
        ("/rest/whoami", 32614),
    ],
)
def test_an_error_has_a_code(path, code):
    with BugzillaSimulator(postgresql=True) as simulator:
        simulator.add("1")
        _, answer = get(simulator.url + path)
    assert answer["code"] == code


@pytest.mark.parametrize(
    ("options", "path", "code"),
    [({"closed": True}, "/rest/bug?id=1", 410), ({"header": True}, "/rest/whoami", 410)],
)
def test_who_has_not_logged_in_is_told(options, path, code):
    with BugzillaSimulator(**options) as simulator:
        _, answer = get(simulator.url + path)
    assert answer["code"] == code


def test_one_that_is_closed_exports_a_form_to_log_in():
    with BugzillaSimulator(closed=True) as simulator:
        assert "Log in" in get(f"{simulator.url}/show_bug.cgi?ctype=xml&id=1")[1]


def test_all_fields_are_given_where_none_are_named():
    with BugzillaSimulator() as simulator:
        simulator.add("1")
        _, answer = get(f"{simulator.url}/rest/bug/1")
    assert answer["bugs"][0]["summary"] == "A bug"


def test_a_page_for_people_is_a_page():
    with BugzillaSimulator() as simulator:
        assert "<title>Bug</title>" in get(f"{simulator.url}/show_bug.cgi?id=1")[1]


@pytest.mark.parametrize(
    ("login", "found"), [({}, "error"), ({"Bugzilla_login": "me", "Bugzilla_password": "x"}, "ok")]
)
def test_people_are_named_to_those_who_have_logged_in(login, found):
    call = {"method": "User.get", "params": [{"ids": [], **login}], "id": 1}
    with BugzillaSimulator(login=("me", "x")) as simulator:
        _, answer = get(f"{simulator.url}/jsonrpc.cgi", call)
    assert ("ok" if answer["error"] is None else "error") == found
