import re

import html5lib
import pytest
from webtest import TestApp

from malonewatch.application import watches
from malonewatch.application.asking import check as check_now
from malonewatch.application.asking import find_targets
from malonewatch.application.database import open_database
from malonewatch.configuration import configure
from malonewatch.testing.bugzilla import BugzillaSimulator
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import LinkPolicy

#: What people are shown that was not written here.
HOSTILE = """<script>alert(1)</script> "' onload=x {{7*7}} ${7*7}"""


@pytest.fixture
def uri(tmp_path, new_uri):
    return new_uri(f"sqlite://?data_dir={tmp_path / 'database'}")


@pytest.fixture
def database(uri):
    configure()
    with open_database(uri, create=True) as database:
        yield database


@pytest.fixture
def links():
    """The tokens of the log-in links that were announced."""
    return []


@pytest.fixture
def application(database, links):
    policy = LinkPolicy(links.append)
    policy.new_link()
    return make_application(database, Place.at("http://localhost:8090"), policy)


class Browser(TestApp):
    """A browser that insists on pages being as they have to be."""

    def do_request(self, req, status=None, expect_errors=None):
        response = super().do_request(req, status, expect_errors)
        if response.content_type == "text/html" and response.body:
            check_page(response)
        return response


def check_page(response):
    """A page that every browser, and everybody, can read."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree = parser.parse(response.text)
    assert tree.get("lang") == "en"
    assert len(list(tree.iter("h1"))) == 1
    assert not list(tree.iter("script"))
    assert not [each for each in tree.iter() if each.get("style") or each.get("onload")]
    labelled = {label.get("for") for label in tree.iter("label")}
    inside = {each for label in tree.iter("label") for each in label.iter()}
    for kind in ("input", "select", "textarea"):
        for field in tree.iter(kind):
            if field.get("type") not in ("hidden", "submit"):
                assert field in inside or field.get("id") in labelled, field.attrib
    for form in tree.iter("form"):
        # Those without a log-in have none.
        is_ours = "/unsubscribe/" not in response.request.path
        if form.get("method") == "post" and is_ours:
            assert [each for each in form.iter("input") if each.get("name") == "csrf_token"]
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def stranger(application):
    """A browser of somebody who has not logged in."""
    return Browser(application, extra_environ={"HTTP_HOST": "localhost:8090"})


@pytest.fixture
def browser(stranger, links):
    """A browser of who has opened the log-in link."""
    stranger.get(f"/log-in?token={links[-1]}", status=303)
    return stranger


@pytest.fixture
def bugzilla():
    with BugzillaSimulator() as simulator:
        yield simulator


@pytest.fixture
def check(database):
    """Asks for a watch, or for all of a bug tracker."""

    def run(what="auto-127.0.0.1"):
        for target in find_targets(database, [what]):
            check_now(database, target)

    return run


@pytest.fixture
def watched(database, bugzilla, check):
    """Two bugs of ours whose remote bugs were checked; the title of one is hostile."""
    bugzilla.add("1", title=HOSTILE)
    bugzilla.add("2", title="Second")
    for number in ("1", "2"):
        url = f"{bugzilla.url}/show_bug.cgi?id={number}"
        watches.watch(database, [url], int(number), f"Ours {HOSTILE}")
    check()
    return bugzilla


def text_of(response):
    """What people read on a page, in one line."""
    tree = html5lib.parse(response.text, namespaceHTMLElements=False)
    return re.sub(r"\s+", " ", "".join(tree.find("body").itertext()))
