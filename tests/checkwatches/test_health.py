import asyncio
import json
import sys

import pytest

from malonewatch.checkwatches import health
from malonewatch.checkwatches.health import WAITING, WORKING, Health
from malonewatch.interfaces import BadInput


@pytest.fixture
def told(monkeypatch):
    """What the service manager is told."""
    told = []
    monkeypatch.setattr(health, "notify", told.append)
    return told


def test_the_service_manager_is_told_again_and_again(clock, told):
    worker = Health(None)
    worker.begin()
    worker.tell(WORKING, 1)
    worker.end()
    assert told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_the_file_is_written_as_it_changes_and_now_and_then(clock, told, tmp_path):
    path = tmp_path / "health"
    worker = Health(path)

    def says(state, asking):
        path.unlink(missing_ok=True)
        worker.tell(state, asking)
        return json.loads(path.read_text()) if path.exists() else None

    first = says(WORKING, 2)
    assert first == {
        "state": "working",
        "time": "2024-05-06T12:00:00+00:00",
        "since": "2024-05-06T12:00:00+00:00",
        "asking": 2,
        "turns": 0,
    }
    assert says(WORKING, 3) is None
    worker.turns = 7
    assert says(WAITING, 0) == {**first, "state": WAITING, "asking": 0, "turns": 7}
    clock.tick(seconds=9)
    assert says(WAITING, 0) is None
    clock.tick(seconds=1)
    assert says(WAITING, 0)["time"] == "2024-05-06T12:00:10+00:00"
    clock.tick(hours=-1)
    assert says(WAITING, 0)["time"] == "2024-05-06T11:00:10+00:00"


def test_a_file_that_cannot_be_written_is_said_once(clock, told, tmp_path, caplog):
    path = tmp_path / "folder" / "health"
    worker = Health(path)
    for _ in range(2):
        worker.tell(WORKING, 0)
        clock.tick(minutes=1)
    (line,) = caplog.messages
    assert line == (
        f"The health file {path} cannot be written (No such file or directory); see that its "
        "folder is there, and that this user may write there."
    )
    path.parent.mkdir()
    worker.tell(WORKING, 0)
    path.unlink()
    path.parent.rmdir()
    clock.tick(minutes=1)
    worker.tell(WORKING, 0)
    assert len(caplog.messages) == 2


def test_metrics_are_written_again_and_again(site, clock, tmp_path, monkeypatch):
    path = tmp_path / "bugs.prom"
    write = health.metrics_writer(path, site.database)
    seconds = []

    async def sleep(waits):
        seconds.append(waits)
        assert b"malonewatch_" in path.read_bytes()
        path.unlink()
        if len(seconds) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(health.keep_metrics(write))
    assert seconds == [health.METRICS_EVERY] * 2


def test_without_a_file_there_are_no_metrics(site):
    assert health.metrics_writer(None, site.database) is None


def test_metrics_need_their_package(site, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "malonewatch.checkwatches.metrics", None)
    with pytest.raises(BadInput, match="prometheus_client"):
        health.metrics_writer(tmp_path / "bugs.prom", site.database)
