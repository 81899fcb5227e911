import socket

import pytest

from malonewatch.checkwatches.systemd import notify


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """What a service manager listens with, at the path that this process is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(60)
        listening.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def test_the_service_manager_is_told(manager):
    notify("READY=1")
    assert manager.recv(100) == b"READY=1"


def test_it_may_listen_at_an_abstract_name(monkeypatch, tmp_path):
    name = f"malonewatch-{tmp_path.name}-{tmp_path.parent.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(60)
        listening.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        notify("WATCHDOG=1")
        assert listening.recv(100) == b"WATCHDOG=1"


def test_without_a_service_manager_nobody_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")
