from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.http.headers import LONGEST_RETRY_AFTER
from malonewatch.http.quotas import is_exhausted, quota, wait
from malonewatch.interfaces import Quota

# Tue, 02 Jan 2024 03:04:05 GMT
NOW = 1704164645.0
SOON = datetime(2024, 1, 2, 3, 5, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "headers",
    [
        # GitHub's and Gitea's.
        {
            "x-ratelimit-limit": "60",
            "x-ratelimit-remaining": "7",
            "x-ratelimit-reset": "1704164705",
        },
        # GitLab's.
        {"ratelimit-limit": "60", "ratelimit-remaining": "7", "ratelimit-reset": "1704164705"},
        {
            "x-rate-limit-limit": "60",
            "x-rate-limit-remaining": "7",
            "x-rate-limit-reset": "1704164705000",
        },
        # Jira's.
        {
            "x-ratelimit-limit": "60",
            "x-ratelimit-remaining": "7",
            "x-ratelimit-reset": "2024-01-02T03:05:05Z",
        },
        # The drafts of the IETF.
        {
            "ratelimit-limit": "60, 60;w=60, 1000;w=3600",
            "ratelimit-remaining": "7",
            "ratelimit-reset": "60",
        },
        {"ratelimit": "limit=60, remaining=7, reset=60"},
        {"ratelimit": '"hour";r=7;t=60', "ratelimit-policy": '"hour";q=60;w=3600'},
        {"ratelimit": '"day";r=700;t=9000, "hour";r=7;t=60', "ratelimit-policy": '"hour";q=60'},
    ],
)
def test_the_dialects_of_quotas(headers):
    assert quota(headers, NOW) == Quota(60, 7, SOON)


@pytest.mark.parametrize(
    ("reset", "expected"),
    [
        ("60", SOON),
        ("60.5", SOON),
        ("1704164705.25", SOON),
        ("Tue, 02 Jan 2024 03:05:05 GMT", SOON),
        ("2024-01-02T04:05:05+01:00", SOON),
        ("2024-01-02 03:05:05", SOON),
        # It has come.
        ("1604164705", datetime.fromtimestamp(NOW, timezone.utc)),
        ("99999999", datetime.fromtimestamp(NOW + LONGEST_RETRY_AFTER, timezone.utc)),
        ("9" * 15, datetime.fromtimestamp(NOW + LONGEST_RETRY_AFTER, timezone.utc)),
        ("", None),
        ("soon", None),
        ("-60", None),
        ("2024-99-99T03:05:05Z", None),
        ("9" * 5000, None),
        ("٦٠", None),
    ],
)
def test_when_there_is_the_whole_quota_again(reset, expected):
    headers = {"x-ratelimit-remaining": "7", "x-ratelimit-reset": reset}
    assert quota(headers, NOW) == Quota(None, 7, expected)


def test_a_time_of_the_servers_is_by_its_own_clock():
    headers = {
        "date": "Tue, 02 Jan 2024 05:04:05 GMT",
        "x-ratelimit-remaining": "7",
        "x-ratelimit-reset": "1704171905",
    }
    assert quota(headers, NOW).reset == SOON


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-reset": "60"},
        {"x-ratelimit-limit": "many"},
        {"ratelimit": ""},
        {"ratelimit": '"default";t=60'},
    ],
)
def test_what_tells_of_no_quota(headers):
    assert quota(headers, NOW) is None


def test_a_limit_alone_is_something_to_know():
    assert quota({"x-ratelimit-limit": "60"}, NOW) == Quota(60)


@given(st.dictionaries(st.sampled_from(["limit", "remaining", "reset"]), st.text()), st.text())
def test_any_headers_tell_of_a_quota_or_none(values, draft):
    headers = {f"x-ratelimit-{name}": value for name, value in values.items()}
    told = quota({**headers, "ratelimit": draft}, NOW)
    assert told is None or isinstance(told, Quota)


@pytest.mark.parametrize(
    ("told", "exhausted"), [(None, False), (Quota(60), False), (Quota(60, 1), False)]
)
def test_a_quota_is_not_exhausted_unless_it_says_so(told, exhausted):
    assert is_exhausted(told) is exhausted
    assert is_exhausted(Quota(60, 0))


@pytest.mark.parametrize(
    ("headers", "told", "seconds"),
    [
        ({"retry-after": "5"}, Quota(60, 0, SOON), 5),
        ({}, Quota(60, 0, SOON), 60),
        ({}, Quota(60, 1, SOON), None),
        ({}, Quota(60, 0), None),
        ({}, None, None),
    ],
)
def test_how_long_to_wait_after_a_refusal(headers, told, seconds):
    assert wait(headers, told, NOW) == seconds
