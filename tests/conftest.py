"""What all tests share."""

import os
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from zope.component import getGlobalSiteManager

from malonewatch.interfaces import IClock, ICredentials, IHTTPClient

from .storages import KINDS, storages

# All that there is has to be reached, each time, and however busy the machine is.
settings.register_profile(
    "the same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("the same")


def pytest_addoption(parser):
    parser.addoption(
        "--storage",
        choices=KINDS,
        help="The kind of storage that databases are on, unless a test needs another one.",
    )


def pytest_configure(config):
    """Templates are compiled once for all processes, and not for each application that a test
    makes; that takes far longer than the rest."""
    if "CHAMELEON_CACHE" not in os.environ:
        directory = tempfile.TemporaryDirectory(prefix="malonewatch-")
        os.environ["CHAMELEON_CACHE"] = directory.name
        config.add_cleanup(directory.cleanup)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Before ``-m`` chooses, what makes a database of any kind is marked."""
    for item in items:
        if "new_uri" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
    kind = config.getoption("storage")
    reasons = {}
    if kind not in (None, "sqlite"):
        reasons["embedded"] = "What it is about is the embedded database."
    if kind == "file":
        reasons["shared"] = "A FileStorage is opened by one process, and once."
    for item in items:
        for name, reason in reasons.items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def storages_of_this_kind(request):
    kind = request.config.getoption("storage")
    if kind is None:
        yield None
    else:
        with storages(kind) as made:
            yield made


@pytest.fixture
def new_uri(storages_of_this_kind):
    """Names a database that is not there yet; where it does not matter of which kind, that of the
    test's own choice."""
    if storages_of_this_kind is None:
        yield lambda otherwise: otherwise
        return
    yield lambda otherwise: storages_of_this_kind.new_uri()
    storages_of_this_kind.free()


@pytest.fixture(scope="session", autouse=True)
def processes_find_the_same_packages():
    """Processes that tests start have this one's path, which `bin/test` gets from buildout."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture(autouse=True)
def a_home_of_ones_own(tmp_path_factory, monkeypatch):
    """No test meets the user's database, lock files or credentials."""
    home = tmp_path_factory.mktemp("home")
    names = ("HOME", *(f"XDG_{which}_HOME" for which in ("CACHE", "CONFIG", "DATA", "STATE")))
    for name in names:
        monkeypatch.setenv(name, str(home))
    for name in ("MALONEWATCH_DATABASE", "MALONEWATCH_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def what_is_registered_for_all_stays():
    """What one test puts in the place of a global utility is not there in the next one."""
    registry = getGlobalSiteManager()
    before = {each: registry.queryUtility(each) for each in (IClock, ICredentials, IHTTPClient)}
    yield
    for interface, utility in before.items():
        if utility is not None and registry.queryUtility(interface) is not utility:
            registry.registerUtility(utility, interface)


@pytest.fixture
def quick_hashes(monkeypatch):
    """Hashes of passwords cost as little as they can."""
    from argon2 import PasswordHasher

    from malonewatch.application import passwords

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: quick)
