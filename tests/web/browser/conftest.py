import contextlib
import os
import re
import threading
from pathlib import Path

import pytest

from malonewatch.application import people
from malonewatch.application.database import open_database
from malonewatch.cli import demo
from malonewatch.configuration import configure
from malonewatch.interfaces import Role
from malonewatch.web.serving import Options, open_server

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


@contextlib.contextmanager
def desk_of(database, **options):
    """What has been said by a desk that is served on a database."""
    said = []
    server = open_server(database, Options(port=0, **options), said.append)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield said
    finally:
        server.stop()
        thread.join()


def link(said):
    """The log-in link that was said last; without one, where the desk is."""
    return re.search(r"http://[^ ,]+", said[-1])[0]


@pytest.fixture
def desk(database):
    """A desk with nothing in it yet."""
    with desk_of(database) as said:
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
    with desk_of(demonstration_database) as said:
        yield said


@pytest.fixture(scope="module")
def demonstrated_to_people(demonstration_database):
    """A desk that shows the same to who has an account."""
    with desk_of(demonstration_database, accounts=True) as said:
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
