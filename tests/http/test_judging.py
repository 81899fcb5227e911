import math

import pytest

from malonewatch.http.judging import is_rate_limit, judge, left_alone
from malonewatch.http.quotas import quota
from malonewatch.interfaces import (
    BugTrackerChallenge,
    BugTrackerRateLimited,
    BugTrackerServerError,
    BugTrackerUnavailable,
    Response,
)
from malonewatch.testing.faults import CLOUDFLARE_BLOCK_PAGE, SHUTDOWN_PAGE

URL = "https://bugs.example.com"
# Tue, 02 Jan 2024 03:04:05 GMT
NOW = 1704164645.0

NONE_LEFT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}


def answer(status, body="", content_type="application/json", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(URL, status, {"content-type": content_type, **headers}, body.encode())


def page(status, body="", **headers):
    return answer(status, body, "text/html; charset=utf-8", **headers)


def kind(response, html=False):
    return type(judge(response, html, URL, NOW))


@pytest.mark.parametrize(
    "response",
    [
        answer(429),
        page(429, "<h1>Down for maintenance</h1>"),
        # GitHub's limits, the first and the second.
        answer(403, '{"message": "API rate limit exceeded"}', **NONE_LEFT),
        answer(403, '{"message": "Slow down, please"}', retry_after="60"),
        answer(403, '{"message": "You have exceeded a secondary rate limit"}'),
        page(503, "<h1>Too many requests</h1>", retry_after="60"),
        answer(503, "<Code>SlowDown</Code>", "application/xml"),
        answer(503, **NONE_LEFT),
    ],
)
def test_a_rate_limit(response):
    assert is_rate_limit(response, quota(response.headers, NOW))
    assert kind(response) is BugTrackerRateLimited


@pytest.mark.parametrize(
    "response",
    [
        answer(200, **NONE_LEFT),
        answer(404, **NONE_LEFT),
        answer(401, "rate limit"),
        answer(403, '{"message": "Not Found"}'),
        answer(403, x_ratelimit_remaining="1"),
        page(403, "<h1>Forbidden</h1><p>Bug 7: the rate limit is too low</p>"),
    ],
)
def test_no_rate_limit(response):
    assert judge(response, False, URL, NOW) is None


def test_after_a_refusal_the_wait_is_until_the_quota_is_there_again():
    assert judge(answer(403, **NONE_LEFT), False, URL, NOW).retry_after == 60


def test_a_challenge_needs_no_page():
    assert kind(answer(202, x_amzn_waf_action="challenge")) is BugTrackerChallenge
    assert kind(answer(405, x_amzn_waf_action="captcha")) is BugTrackerChallenge


@pytest.mark.parametrize("html", [False, True])
def test_a_block_is_a_challenge_whatever_was_asked_for(html):
    assert kind(page(403, CLOUDFLARE_BLOCK_PAGE), html) is BugTrackerChallenge


def test_a_block_needs_no_page():
    assert kind(answer(403, "error code: 1020", "text/plain")) is BugTrackerChallenge
    assert judge(answer(404, "error code: 1020", "text/plain"), False, URL, NOW) is None


@pytest.mark.parametrize("html", [False, True])
def test_a_refusal_by_the_bug_tracker_itself_is_an_answer(html):
    allura = "<title>403 Forbidden</title><h1>You may not see this ticket</h1>"
    assert judge(page(403, allura, cf_ray="8f3a-FRA"), html, URL, NOW) is None


@pytest.mark.parametrize(
    ("response", "sentence", "seconds"),
    [
        (
            page(503, SHUTDOWN_PAGE, retry_after="3600"),
            "is down for maintenance until 2024-01-02 04:04 UTC.",
            3600,
        ),
        (page(503, "<h1>Maintenance</h1>"), "is down for maintenance.", None),
        (answer(503, '{"message": "maintenance mode"}'), "is down for maintenance.", None),
        (
            page(503, "<title>Maintenance</title><script>throttle()</script>", retry_after="60"),
            "is down for maintenance until 2024-01-02 03:05 UTC.",
            60,
        ),
        (answer(503, retry_after="60"), "is unavailable until 2024-01-02 03:05 UTC.", 60),
        (page(200, SHUTDOWN_PAGE), "is down for maintenance.", None),
    ],
)
def test_maintenance(response, sentence, seconds):
    trouble = judge(response, False, URL, NOW)
    assert type(trouble) is BugTrackerUnavailable
    assert str(trouble) == f"{URL} {sentence}"
    assert trouble.retry_after == seconds


def test_a_page_that_was_asked_for_may_be_on_maintenance():
    assert judge(page(200, "<title>Issue 7: down for maintenance</title>"), True, URL, NOW) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_server_that_fails_may_say_when_it_is_back(status):
    trouble = judge(answer(status), False, URL, NOW)
    assert type(trouble) is BugTrackerServerError
    assert trouble.retry_after is None
    assert judge(answer(500, retry_after="60"), False, URL, NOW).retry_after == 60


@pytest.mark.parametrize(
    ("until", "sentence", "seconds"),
    [
        (NOW + 60, "wants no more requests until 2024-01-02 03:05 UTC.", 60),
        (NOW - 1, "wants no more requests until 2024-01-02 03:04 UTC.", 0),
        (math.inf, "wants no more requests for a while.", None),
    ],
)
def test_a_server_that_wants_no_more_requests(until, sentence, seconds):
    trouble = left_alone(URL, until, NOW)
    assert str(trouble) == f"{URL} {sentence}"
    assert trouble.retry_after == seconds
