"""What the tests that types inherit say of types that are not as they should be."""

import pytest
from tests.toys import Toys

from malonewatch.interfaces import Credentials
from malonewatch.testing.capabilities import CredentialsConformance
from malonewatch.testing.conformance import ExternalBugTrackerConformance
from malonewatch.testing.simulator import Simulator


class Content:
    """Asks nobody, and is content."""

    def ask(self, ids):
        return {}

    def check_credentials(self):
        return "anybody"


def test_no_trouble_where_there_should_be_some_is_said():
    with pytest.raises(AssertionError, match="no trouble"):
        ExternalBugTrackerConformance().trouble_of(Content(), ["1"])


class TestCredentials:
    class Careless(CredentialsConformance):
        factory = Toys
        simulator_with_login = Simulator
        login = Credentials(token="good")
        wrong_login = Credentials(token="bad")
        numbered = staticmethod(lambda number: [str(number)])
        _asker = staticmethod(lambda simulator, credentials: Content())

    def test_a_type_that_takes_any_credentials_is_found_out(self):
        with pytest.raises(AssertionError, match="not refused"):
            self.Careless().test_credentials_of_nobody_are_refused()
