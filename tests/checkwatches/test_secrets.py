"""Credentials are planted, and looked for in everything that a run leaves behind."""

import contextlib
import logging

import pytest
from aiohttp import web

from malonewatch import cli
from malonewatch.checkwatches import script
from malonewatch.configuration import configure
from malonewatch.interfaces import BadInput, BugTrackerType, IBugSet
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing.bugzilla import BugzillaSimulator

TOKEN = "tok-5f1e9a77c0ffee"
PASSWORD = "pass-word-31337"


def ordinary(simulator):
    return None


def echoing(simulator):
    """Quotes what it was sent, as an error page might."""

    async def echo(request):
        sent = " ".join(f"{name}: {value}" for name, value in request.headers.items())
        return web.json_response({"error": True, "code": 410, "message": sent}, status=401)

    return echo


def echoing_page(simulator):
    async def echo(request):
        sent = " ".join(f"{name}: {value}" for name, value in request.headers.items())
        return web.Response(text=f"<html>{sent}</html>", content_type="text/html")

    return echo


def redirecting(simulator):
    """Sends us elsewhere, with what it was sent in the URL."""

    async def redirect(request):
        sent = request.headers.get("Authorization", "").split()[-1]
        raise web.HTTPFound(f"http://127.0.0.1:1/?key={sent}")

    return redirect


def failing(simulator):
    async def fail(request):
        sent = request.headers.get("Authorization", "")
        return web.Response(status=500, reason=f"Bad {sent}", text=sent)

    return fail


@pytest.mark.parametrize("way", ["token", "password"])
@pytest.mark.parametrize("fault", [ordinary, echoing, echoing_page, redirecting, failing])
def test_no_secret_is_left_anywhere(tmp_path, monkeypatch, capfd, way, fault):
    configure()
    secrets = tmp_path / "credentials.ini"
    uri = sqlite_uri(tmp_path / "database")
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(secrets))
    sent = []
    with BugzillaSimulator() as simulator:
        host = simulator.origin.removeprefix("http://")
        lines = {"token": f"token = {TOKEN}", "password": f"username = me\npassword = {PASSWORD}"}
        secrets.write_text(f"[{host}]\n{lines[way]}\n")
        secrets.chmod(0o600)
        simulator.add("1")
        handler = fault(simulator)

        async def noting(request):
            sent.append(request.headers.get("Authorization", ""))
            return await handler(request)

        if handler is not None:
            simulator.fault = noting

        def fill(trackers):
            from zope.component import getUtility

            tracker = trackers.ensureBugTracker(
                simulator.url, None, BugTrackerType.BUGZILLA, name="simulated"
            )
            getUtility(IBugSet).createBug().addWatch(tracker, 1, None)

        with contextlib.closing(open_database(uri, create=True)) as database:
            database.write(fill)
        lock = ["--lock-file", str(tmp_path / "lock")]
        try:
            script.main(["-v", "--database", uri, *lock])
            logging.getLogger().setLevel(logging.DEBUG)
            for command in (
                ["check", "simulated"],
                ["check", "1"],
                ["show", "1"],
                ["show", "1", "--json"],
                ["list", "--json"],
                ["tracker", "show", "simulated"],
                ["tracker", "show", "simulated", "--json"],
                ["tracker", "list", "--json"],
            ):
                cli.main(["--database", uri, *command])
        finally:
            logging.getLogger().setLevel(logging.WARNING)
    assert handler is None or any(sent)
    left = "".join(capfd.readouterr())
    assert "simulated" in left
    for file in (tmp_path / "database").rglob("*"):
        if file.is_file():
            left += file.read_bytes().decode("latin-1")
    # As sent with Basic, too.
    for secret in (TOKEN, PASSWORD, "bWU6cGFzcy13b3JkLTMxMzM3"):
        assert secret not in left


def test_a_base_url_with_a_password_is_refused_without_quoting_it(tmp_path):
    configure()
    with (
        contextlib.closing(
            open_database(sqlite_uri(tmp_path / "database"), create=True)
        ) as database,
        pytest.raises(BadInput) as caught,
    ):
        database.write(
            lambda trackers: trackers.ensureBugTracker(
                f"http://me:{PASSWORD}@bugs.example.com", None, BugTrackerType.BUGZILLA
            )
        )
    assert PASSWORD not in str(caught.value)
