import os
import re
from pathlib import Path

import pytest

from malonewatch.application import people
from malonewatch.application.database import open_database
from malonewatch.cli import demo
from malonewatch.configuration import configure
from malonewatch.interfaces import Role

from ..desks import served
from .chromium import missing, started

#: The variable that names the directory for pictures of all pages.
PICTURES = "MALONEWATCH_SCREENSHOTS"

#: Who has an account where the demonstration is shown.
NAME, PASSWORD = "jo", "correct horse battery"


@pytest.fixture(scope="session")
def running_chromium(tmp_path_factory):
    lacking = missing()
    if lacking:
        reason = f"No browser: {' and '.join(lacking)} of Debian's packages cannot be found."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with started(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest.fixture
def chromium(running_chromium):
    """A browser in which nobody is logged in."""
    running_chromium.forget_cookies()
    running_chromium.look(1440, 900)
    running_chromium.complaints()
    return running_chromium


def link(said):
    """The log-in link that was said last; without one, where the desk is."""
    return re.search(r"http://[^ ,]+", said[-1])[0]


@pytest.fixture
def desk(database):
    """A desk with nothing in it yet."""
    with served(database) as said:
        yield said


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory):
    """The database that the demonstration leaves."""
    directory = tmp_path_factory.mktemp("demonstration")
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            environment.setenv(name, str(directory))
        assert demo.main(["--directory", str(directory / "data")]) == 0
    return f"sqlite://?data_dir={directory / 'data' / 'database'}"


@pytest.fixture(scope="module")
def demonstration_database(demonstration):
    """That database, opened; somebody has an account."""
    configure()
    with open_database(demonstration) as database:
        people.add(database, NAME, f"{NAME}@example.com", Role.ADMINISTRATOR)
        people.set_password(database, NAME, PASSWORD)
        yield database


@pytest.fixture(scope="module")
def demonstrated(demonstration_database):
    """A desk that shows what the demonstration has left."""
    with served(demonstration_database) as said:
        yield said


@pytest.fixture(scope="module")
def demonstrated_to_people(demonstration_database):
    """A desk that shows the same to who has an account."""
    with served(demonstration_database, accounts=True) as said:
        yield said


@pytest.fixture(scope="session")
def pictures():
    """Where pictures of all pages go; None if nobody wants them."""
    named = os.environ.get(PICTURES)
    if not named:
        return None
    directory = Path(named)
    directory.mkdir(parents=True, exist_ok=True)
    return directory
