"""What an answer means for the bug tracker as a whole.  Pure."""

import math

from malonewatch.http import pages
from malonewatch.http.clock import shown_time
from malonewatch.http.headers import retry_after
from malonewatch.http.quotas import is_exhausted, quota, wait
from malonewatch.interfaces import (
    BugTrackerChallenge,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerRateLimited,
    BugTrackerServerError,
    BugTrackerTrouble,
    BugTrackerUnavailable,
    Quota,
    Response,
    UnparsableBugTracker,
)


def is_rate_limit(response: Response, told: Quota | None) -> bool:
    """Whether an answer refuses a request because there were too many.

    `told` is what it says of the quota.  GitHub does it with 403, many a
    proxy with 503.
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    status, body = response.status, response.body
    if status == 403:
        return (
            "retry-after" in response.headers
            or is_exhausted(told)
            or (not pages.is_html(response.content_type, body) and pages.speaks_of_rate(body))
        )
    if status == 503:
        return is_exhausted(told) or (
            pages.speaks_of_rate(body) and not pages.speaks_of_maintenance(body)
        )
    return status == 429


def left_alone(baseurl: str, until: float, now: float) -> BugTrackerRateLimited:
    """The trouble that a server wants no more requests until then; infinity is 'for a while'."""
    if until == math.inf:
        return BugTrackerRateLimited(f"{baseurl} wants no more requests for a while.")
    return BugTrackerRateLimited(
        f"{baseurl} wants no more requests until {shown_time(until)}.",
        retry_after=max(0.0, until - now),
    )


def judge(response: Response, html: bool, baseurl: str, now: float) -> BugTrackerTrouble | None:
    """The trouble that a bug tracker is in by its answer; None if that is one to be read.

    `html` says that a page may be one.
    """
    status, headers, body = response.status, response.headers, response.body
    told = quota(headers, now)
    if is_rate_limit(response, told):
        return BugTrackerRateLimited(
            f"{baseurl} asks to be left alone for a while (HTTP status {status}).",
            retry_after=wait(headers, told, now),
        )
    page = pages.is_html(response.content_type, body)
    # A page that is no error is an answer where one was asked for.
    wanted = html and status < 400
    if (
        pages.is_challenged(headers)
        or (page and pages.is_challenge(headers, body, wanted=wanted))
        or (status == 403 and pages.is_block(body))
    ):
        return BugTrackerChallenge(
            f"{baseurl} shows a challenge page, meant to keep robots out, instead of an answer."
        )
    seconds = retry_after(headers, now)
    if status == 503:
        maintenance = pages.speaks_of_maintenance(body)
        if maintenance or seconds is not None:
            return _unavailable(baseurl, maintenance, seconds, now)
    if status >= 500:
        return BugTrackerServerError(
            f"{baseurl} failed with HTTP status {status}.", retry_after=seconds
        )
    if status == 407:
        return BugTrackerConnectError(f"A proxy before {baseurl} wants a log-in.")
    if not page or html or status >= 400:
        return None
    if pages.is_login(response.url, body):
        return BugTrackerCredentialsRefused(f"{baseurl} shows a log-in page instead of an answer.")
    if pages.is_maintenance(body):
        return _unavailable(baseurl, True, seconds, now)
    return UnparsableBugTracker(f"{baseurl} answers with a web page where there should be data.")


def _unavailable(
    baseurl: str, maintenance: bool, seconds: float | None, now: float
) -> BugTrackerUnavailable:
    what = "down for maintenance" if maintenance else "unavailable"
    until = "" if seconds is None else f" until {shown_time(now + seconds)}"
    return BugTrackerUnavailable(f"{baseurl} is {what}{until}.", retry_after=seconds)
