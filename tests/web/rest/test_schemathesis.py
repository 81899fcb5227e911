"""What Schemathesis makes up, as the document has it and not, is answered as the document says."""

import gc

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from malonewatch.application import tokens, watches
from malonewatch.application.database import open_database
from malonewatch.configuration import configure
from malonewatch.interfaces import Scope
from malonewatch.testing.bugzilla import BugzillaSimulator
from malonewatch.web.application import Place, make_application
from malonewatch.web.rest.document import DOCUMENT
from malonewatch.web.security import LinkPolicy

#: What is as the document has it may still not be there, or be of no use, or have changed.
REFUSED = {"expected-statuses": ["2xx", "304", "404", "409", "412", "422", "502"]}
#: Others whom it takes may be in trouble.
IN_TROUBLE = {"expected-statuses": ["2xx", "3xx", "4xx", "502"]}
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"positive_data_acceptance": REFUSED, "not_a_server_error": IN_TROUBLE}}
)


# WebOb has larger bodies in files, which end with the request.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Application:
    """The application that is made for the tests, once it is."""

    made = None

    def __call__(self, environ, start_response):
        return self.made(environ, start_response)


schema = schemathesis.openapi.from_dict(
    {**DOCUMENT, "servers": [{"url": "/api/v1"}]}, config=CONFIG
)
schema.app = Application()


@pytest.fixture(scope="module")
def new_token(tmp_path_factory):
    """Makes tokens that are good for everything, of which each may be taken back by what is made
    up; there is a watch."""
    configure()
    uri = f"sqlite://?data_dir={tmp_path_factory.mktemp('rest') / 'database'}"
    with open_database(uri, create=True) as database, BugzillaSimulator() as simulator:
        simulator.add("1")
        watches.watch(database, [f"{simulator.url}/show_bug.cgi?id=1"], 1)
        place = Place.at("http://localhost:8090")
        schema.app.made = make_application(database, place, LinkPolicy(lambda token: None))
        yield lambda: tokens.issue(database, "ann@example.com", "a test", Scope.ADMIN).text
    # So that no later test has to do with the files of the last one.
    gc.collect()


@schema.parametrize()
@settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_is_made_up_is_answered_as_the_document_says(case, new_token):
    headers = {"Authorization": f"Bearer {new_token()}", "Host": "localhost:8090"}
    case.call_and_validate(headers=headers)
