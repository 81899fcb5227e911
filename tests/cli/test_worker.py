"""The command worker."""

import logging
from pathlib import Path

import pytest
from zope.component import getGlobalSiteManager

from malonewatch.cli.logs import nothing_said, warnings_said
from malonewatch.configuration import configure
from malonewatch.interfaces import IWorker, WorkerSettings


@pytest.fixture
def worked():
    """The settings that workers were given."""
    configure()
    registry, settings = getGlobalSiteManager(), []
    before = registry.getUtility(IWorker)
    registry.registerUtility(lambda database, given: settings.append(given), IWorker)
    yield settings
    registry.registerUtility(before, IWorker)


def test_it_works_with_what_the_command_line_says(run, worked):
    run("init")
    assert run("worker").code == 0
    options = ("--jobs", 4, "--only", "10.0.0.0/8", "--only", "bugs", "--except", "*.org")
    files = ("--health-file", "health", "--metrics-file", "m.prom")
    assert run("worker", *options, *files, "--no-deliver", "-q", "--log-format", "json").code == 0
    assert run("worker", "-v").code == 0
    assert worked == [
        WorkerSettings(),
        WorkerSettings(
            jobs=4,
            only=("10.0.0.0/8", "bugs"),
            besides=("*.org",),
            delivers=False,
            log_format="json",
            verbosity=-1,
            health_file=Path("health"),
            metrics_file=Path("m.prom"),
        ),
        WorkerSettings(verbosity=1),
    ]


def test_without_a_database_there_is_no_work(run, worked):
    assert run("worker").code == 4
    assert worked == []


def test_a_command_that_logs_itself_has_nothing_said_twice(capsys):
    log = logging.getLogger("malonewatch")
    with warnings_said():
        with nothing_said():
            log.warning("It is said otherwise.")
        log.warning("It is said.")
    assert capsys.readouterr().err == "Warning: It is said.\n"
