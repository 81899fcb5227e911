"""The desk in a Pyramid application that has pages, and an idea of who may what, of its own."""

import pytest
from pyramid.authorization import Allow, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.session import SignedCookieSessionFactory
from tests.web.conftest import Browser, text_of
from ZODB.POSException import ConflictError, StorageError
from zope.component import getUtility

from malonewatch.application.trackers import TrackerChanges
from malonewatch.application.trackers import add as add_tracker
from malonewatch.application.trackers import edit as edit_tracker
from malonewatch.interfaces import (
    BadInput,
    BugTrackerTimeout,
    DatabaseError,
    IBugSet,
    IBugWatch,
    NotFoundError,
    Refused,
)
from malonewatch.web import ROUTE, resources
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.resources import Desk
from malonewatch.web.security import Identity, Policy


class Everybody(Policy):
    def identity(self, request):
        return Identity("anna", False)


def make(database, add=None, policy=Everybody, **settings):
    with Configurator(
        settings={"tm.manager_hook": "pyramid_tm.explicit_manager", **settings},
        session_factory=SignedCookieSessionFactory("secret"),
    ) as config:
        config.set_security_policy(policy())
        config.include("pyramid_tm")
        config.include("pyramid_zodbconn")
        config.include("malonewatch.web", route_prefix="/desk")
        config.registry._zodb_databases[""] = database.read(lambda trackers: trackers._p_jar.db())
        config.add_route("own", "/")
        config.add_view(lambda request: "our own page", route_name="own", renderer="json")
        if add is not None:
            add(config)
        return Browser(config.make_wsgi_app())


def test_it_is_under_a_path_of_its_own(database, watched):
    browser = make(database)
    assert browser.get("/").json == "our own page"
    page = browser.get("/desk", status=303).follow()
    assert page.request.path == "/desk/"
    page = page.click("Watches").click("#2")
    assert page.request.path == "/desk/watches/2"
    assert "Second" in text_of(page)
    assert browser.get("/desk/static/desk.css").content_type == "text/css"


def test_what_is_not_there_is_not_found_as_the_application_has_it(database):
    browser = make(database)
    plain = {"Accept": "text/plain"}
    assert "404 Not Found" in browser.get("/elsewhere", headers=plain, status=404).text
    assert "There is nothing here" in browser.get("/desk/elsewhere", status=404).text


def test_a_page_is_replaced_by_the_applications_own(database, watched):
    def add(config):
        def watch(context, request):
            return Response(f"Ours: {context.remote_title}", content_type="text/plain")

        config.add_view(watch, context=IBugWatch, route_name=ROUTE, permission="view")

    assert make(database, add).get("/desk/watches/2").text == "Ours: Second"


def test_the_application_says_where_the_site_is(database, watched):
    browser = make(database, **{"malonewatch.site": "/malonewatch"})
    assert "Second" in browser.get("/desk/watches").text


@pytest.mark.parametrize("path", ["/elsewhere", "/malonewatch/below"])
def test_a_site_that_is_not_there_is_named(database, path):
    page = make(database, **{"malonewatch.site": path}).get("/desk/", status=503)
    assert f"There is nothing at {path} in the database" in text_of(page)


def with_view(database, view, permission="view"):
    """A browser of an application that adds a page to the desk."""

    def add(config):
        config.add_view(
            view,
            context=Desk,
            name="more",
            route_name=ROUTE,
            permission=permission,
            renderer="json",
        )

    return make(database, add)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("One."), 400),
        (Refused(["One.", "Two."], 2), 400),
        (NotFoundError("One."), 404),
        (DatabaseError("One."), 503),
        (BugTrackerTimeout("One."), 502),
    ],
)
def test_what_is_refused_is_refused_in_a_sentence(database, error, status):
    def fail(context, request):
        raise error

    page = with_view(database, fail).get("/desk/more", status=status)
    assert "One." in text_of(page)


def test_who_may_not_is_told_so(database):
    page = with_view(database, dict, "administer").get("/desk/more", status=403)
    assert "You may not do that here." in text_of(page)


def test_the_site_says_who_may(database):
    def close(trackers):
        trackers.__parent__.__acl__ = []

    database.write(close)
    make(database).get("/desk/", status=403)


def test_who_is_nobody_keeps_no_searches(database, watched):
    def open_to_all(trackers):
        trackers.__parent__.__acl__ = [(Allow, Everyone, "view")]

    database.write(open_to_all)
    page = make(database, policy=Policy).get("/desk/watches?q=second")
    assert "Second" in text_of(page)
    assert "Keep this search" not in text_of(page)


def test_events_come_in_whatever_the_application_wants_of_forms(database, monkeypatch):
    def add(config):
        config.set_default_csrf_options(require_csrf=True)

    monkeypatch.setenv("HOOK", "secret")
    changes = TrackerChanges(name="bugs", type_name="BUGZILLA")
    add_tracker(database, "https://bugs.example.com", changes)
    edit_tracker(database, "bugs", TrackerChanges(hook_secrets=("env:HOOK",)))
    browser = make(database, add)
    where = "/desk/hooks/bugs"
    browser.post(where, '{"bug": {"id": 1}}', {"X-API-Key": "secret"}, status=202)
    browser.post(where, '{"bug": {"id": 1}}', {"X-API-Key": "other"}, status=401)
    # What its events are signed with is for those who can change it.
    assert "Webhookthe last event came now" in text_of(browser.get("/desk/trackers/bugs"))


def _titles(trackers):
    return [bug.title for bug in getUtility(IBugSet)]


def _add(title):
    return lambda trackers: getUtility(IBugSet).createBug(title).id


def test_what_a_request_writes_is_committed_with_it(database):
    def write(context, request):
        ours = RequestDatabase()
        number = ours.write(_add("Ours"))
        with detached(request) as other:
            seen = other.read(_titles)
            other.write(_add("Its own"))
        return [number, seen, ours.read(_titles)]

    page = with_view(database, write).get("/desk/more")
    # What was begun is lost where others are waited for.
    assert page.json == [1, [], ["Its own"]]


def test_what_a_request_writes_is_lost_where_it_fails(database):
    def fail(context, request):
        RequestDatabase().write(_add("Ours"))
        raise BadInput("No.")

    with_view(database, fail).get("/desk/more", status=400)
    assert database.read(_titles) == []

    def write(context, request):
        return RequestDatabase().write(_add("Ours"))

    with_view(database, write).get("/desk/more")
    assert database.read(_titles) == ["Ours"]


class Committed:
    """A data manager whose commit fails so many times."""

    transaction_manager = None

    def __init__(self, left, error):
        self.left, self.error = left, error

    def tpc_vote(self, transaction):
        self.left -= 1
        if self.left >= 0:
            raise self.error

    def nothing(self, transaction):
        pass

    abort = commit = tpc_begin = tpc_finish = tpc_abort = nothing

    def sortKey(self):
        return "~"


def committing(database, times, error):
    """A browser of an application with a page whose commit fails so many times; and its manager."""
    manager = Committed(times, error)

    def change(context, request):
        request.tm.get().join(manager)
        return "done"

    return with_view(database, change, "view"), manager


class UnableToAcquireLockError(StorageError):
    """As RelStorage has it."""


@pytest.mark.parametrize("error", [ConflictError("x"), UnableToAcquireLockError("x")])
def test_what_others_got_in_the_way_of_is_tried_again(database, error):
    browser, manager = committing(database, 1, error)
    assert browser.get("/desk/more").json == "done"
    assert manager.left == -1


def test_who_comes_in_the_way_of_others_for_ever_is_told_so(database):
    browser, manager = committing(database, 99, ConflictError("x"))
    page = browser.get("/desk/more", status=503)
    assert "Others changed the same at this moment, again and again" in text_of(page)
    assert page.headers["Retry-After"] == "1"
    assert manager.left == 99 - 3


@pytest.mark.parametrize("path", ["/desk/more", "/desk/watches"])
def test_a_database_that_is_gone_is_told_of_in_a_sentence(database, monkeypatch, caplog, path):
    def fail(*args, **options):
        raise StorageError("the server is gone")

    browser = with_view(database, fail)
    if path != "/desk/more":
        monkeypatch.setattr(resources, "get_connection", fail)
    page = browser.get(path, status=503)
    assert "The database cannot be used at the moment; try again in a minute." in text_of(page)
    assert "the server is gone" not in page.text
    (record,) = caplog.records
    assert "cannot be used (the server is gone)" in record.getMessage()
    assert record.exc_info is None


def test_a_fault_is_logged_and_not_shown(database, caplog):
    def fail(context, request):
        raise TypeError("secret")

    page = with_view(database, fail).get("/desk/more", status=500)
    assert "That is a fault in malonewatch" in text_of(page)
    assert "secret" not in page.text
    (record,) = caplog.records
    assert record.getMessage() == "GET /more failed."
    assert "secret" in str(record.exc_info[1])


def test_what_leads_elsewhere_does_so(database):
    def leave(context, request):
        raise HTTPSeeOther("/desk/")

    assert with_view(database, leave).get("/desk/more", status=303).location.endswith("/desk/")
