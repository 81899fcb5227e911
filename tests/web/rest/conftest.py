import pytest
from webtest import TestApp

from malonewatch.application import tokens
from malonewatch.interfaces import Scope

ANN = "ann@example.com"


class Client(TestApp):
    """A program with a token; what is not as the document has it fails."""

    def __init__(self, application, text):
        environ = {"HTTP_HOST": "localhost:8090"}
        if text is not None:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {text}"
        super().__init__(application, extra_environ=environ)

    def do_request(self, req, status=None, expect_errors=None):
        if req.path_info.startswith("/api/"):
            return super().do_request(req, status, expect_errors)
        req.path_info = f"/api/v1{req.path_info}"
        return super().do_request(req, status, expect_errors)


@pytest.fixture
def checked(application):
    """The application, which checks what it answers."""
    application.registry.settings["malonewatch.rest.check_answers"] = True
    return application


@pytest.fixture
def client_for(checked, database):
    """A client with a token for a scope."""

    def make(scope, owner=ANN):
        return Client(checked, tokens.issue(database, owner, "a test", scope).text)

    return make


@pytest.fixture
def client(client_for):
    """A client that may do everything."""
    return client_for(Scope.ADMIN)


@pytest.fixture
def reader(client_for):
    """A client that may read."""
    return client_for(Scope.READ)


@pytest.fixture
def watcher(client_for):
    """A client that may watch."""
    return client_for(Scope.WATCH)
