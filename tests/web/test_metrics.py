import base64
import sys
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from tests.clock import FakeClock
from zope.component import getGlobalSiteManager

from malonewatch.application import tokens
from malonewatch.interfaces import IClock, Scope


@pytest.fixture
def issue(database):
    """Gives out a token of a scope; what it says."""

    def issue(scope=Scope.METRICS, **more):
        return tokens.issue(database, "anna@example.com", "Prometheus", scope, **more).text

    return issue


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def basic(pair):
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def values(families):
    return {
        (name, *sorted(labels.items())): value
        for family in families
        for name, labels, value, *_ in family.samples
    }


TRACKER = ("tracker", "auto-127.0.0.1"), ("type", "BUGZILLA")


@pytest.mark.parametrize("scope", [Scope.METRICS, Scope.ADMIN])
def test_prometheus_is_told_how_the_site_is(stranger, watched, issue, scope):
    response = stranger.get("/metrics", headers=bearer(issue(scope)))
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert response.headers["Cache-Control"].startswith("private")
    found = values(text_string_to_metric_families(response.text))
    assert found[("malonewatch_watches", ("meaning", "open"), *TRACKER)] == 2
    assert found[("malonewatch_checks_total", *TRACKER)] == 2
    for quantile in ("0.5", "0.95", "1"):
        assert ("malonewatch_staleness_seconds", ("quantile", quantile), *TRACKER) in found
    assert not [key for key in found if key[0].startswith("malonewatch_last_run")]


def test_openmetrics_is_spoken_to_who_wants_it(stranger, watched, issue):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0, text/plain; q=0.5"}
    response = stranger.get("/metrics", headers={**bearer(issue()), **accept})
    assert response.headers["Content-Type"].startswith("application/openmetrics-text;")
    found = values(parse_openmetrics(response.text))
    assert found[("malonewatch_checks_total", *TRACKER)] == 2


def test_the_token_may_come_as_a_password(stranger, issue):
    assert stranger.get("/metrics", headers=basic(f"prometheus:{issue()}")).text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        *map(bearer, ("", "x", "mw_" + "A" * 43, "mw_" + "é" * 43, "mw_" + "A" * 10_000)),
        *map(basic, ("", "x", "anna:mw_", "é:é")),
        *({"Authorization": each} for each in ("Basic", "Basic é", "Basic /w==", "Digest x", "")),
    ],
)
def test_nobody_else_is_told(stranger, headers):
    response = stranger.get("/metrics", headers=headers, status=401)
    assert "Metrics are for whoever sends a token" in response.text
    assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert "malonewatch_" not in response.text


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WATCH, Scope.FEEDS])
def test_other_tokens_are_not_good_for_it(stranger, issue, scope):
    stranger.get("/metrics", headers=bearer(issue(scope)), status=401)


def test_a_token_that_was_revoked_is_good_for_nothing(stranger, database, issue):
    token = issue()
    tokens.revoke(database, 1)
    stranger.get("/metrics", headers=bearer(token), status=401)


def test_nor_is_one_that_has_expired(stranger, issue):
    clock = FakeClock()
    getGlobalSiteManager().registerUtility(clock, IClock)
    token = issue(expires=clock.moment + timedelta(days=1))
    stranger.get("/metrics", headers=bearer(token))
    clock.tick(days=1)
    stranger.get("/metrics", headers=bearer(token), status=401)


def test_a_token_is_not_taken_from_the_path(stranger, issue):
    stranger.get(f"/metrics?token={issue()}", status=401)


def test_without_the_library_it_is_said_what_brings_it(stranger, issue, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client.exposition", None)
    response = stranger.get("/metrics", headers=bearer(issue()), status=501)
    assert response.text == (
        "Metrics need the package prometheus_client; 'pip install malonewatch[metrics]' "
        "brings it.\n"
    )
