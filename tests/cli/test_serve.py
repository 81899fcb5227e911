import importlib.metadata
import socket
from types import SimpleNamespace

import pytest

from malonewatch.web import serving


@pytest.fixture
def served(monkeypatch):
    """What is served, and how; nothing is in the tests."""
    calls = []

    def open_server(database, options, say):
        calls.append(options)
        return SimpleNamespace(run=lambda: say("Served."))

    monkeypatch.setattr(serving, "open_server", open_server)
    return calls


@pytest.fixture
def installed(monkeypatch):
    """Says which faces are installed."""

    def installed(*entry_points):
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group, name: entry_points)

    installed(importlib.metadata.EntryPoint("web", serving.__name__, "malonewatch.faces"))
    return installed


def test_the_desk_is_served(cli, installed, served):
    url = "https://bugs.example.com"
    result = cli("serve", "--port", "0", "--url", url, "--administrator", "a")
    assert (result.code, result.out) == (0, "Served.\n")
    (options,) = served
    assert (options.host, options.port, options.administrators) == ("127.0.0.1", 0, ("a",))
    assert options.url == url


def test_a_port_that_is_taken_is_named(cli, installed):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = cli("serve", "--port", port)
    assert result.code == 1
    assert result.err.startswith(f"Error: Port {port} of 127.0.0.1 cannot be listened at: ")


@pytest.mark.parametrize(
    "found", [[], [importlib.metadata.EntryPoint("web", "malonewatch.not_there", "x")]]
)
def test_without_its_packages_there_is_no_desk(cli, installed, found):
    installed(*found)
    result = cli("serve")
    assert result.code == 2
    assert "'pip install malonewatch[web]' brings them." in result.err


def test_the_extra_brings_it():
    (found,) = importlib.metadata.entry_points(group="malonewatch.faces", name="web")
    assert found.load() is serving
