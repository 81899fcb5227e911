"""How much more a server may be asked, by what the headers of its answers say.  Pure."""

import re
from collections.abc import Mapping
from datetime import datetime

from malonewatch.http.clock import moment
from malonewatch.http.headers import LONGEST_RETRY_AFTER, http_date, iso_date, retry_after
from malonewatch.interfaces import Quota

# GitHub, Gitea and Jira; some others; GitLab, and the drafts of the IETF before the seventh:
# https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers
_PREFIXES = ("x-ratelimit-", "x-rate-limit-", "ratelimit-")
_NAMES = frozenset(
    {"ratelimit", *(prefix + name for prefix in _PREFIXES for name in ("limit", "remaining"))}
)
# The drafts since: ``limit=100, remaining=50, reset=5``, and ``"default";r=50;t=5``.
_FIELD = re.compile(r"\b(limit|remaining|reset|q|r|t)=([0-9]{1,15})(?![0-9])")
# ``100, 100;w=60`` is a hundred, and ``2024-01-02`` no number.
_NUMBER = re.compile(r"[0-9]{1,15}(?=[.,;\s]|$)")

# How much of a header is looked at.
_LOOK = 1000
# What is less counts seconds from now, what is more those since the epoch, or its milliseconds.
_EPOCH = 10**9
_MILLISECONDS = 10**11


def quota(headers: Mapping[str, str], now: float) -> Quota | None:
    """What an answer says of its server's quota; None if nothing."""
    if _NAMES.isdisjoint(headers):
        return None
    for prefix in _PREFIXES:
        limit, remaining, reset = (
            headers.get(prefix + name, "") for name in ("limit", "remaining", "reset")
        )
        if limit or remaining:
            break
    else:
        limit, remaining, reset = _fields(headers)
    found = Quota(_number(limit), _number(remaining), _reset(reset, headers, now))
    return found if found.limit is not None or found.remaining is not None else None


def is_exhausted(quota: Quota | None) -> bool:
    """Whether it says that nothing remains."""
    return quota is not None and quota.remaining == 0


def wait(headers: Mapping[str, str], quota: Quota | None, now: float) -> float | None:
    """How many seconds a server that refuses a request wants to be left alone; None if it does
    not say."""
    seconds = retry_after(headers, now)
    if seconds is None and quota is not None and quota.remaining == 0 and quota.reset is not None:
        return quota.reset.timestamp() - now
    return seconds


def _fields(headers: Mapping[str, str]) -> tuple[str, str, str]:
    """The limit, what remains, and the reset, by the newer drafts."""
    items = [dict(_FIELD.findall(item)) for item in headers.get("ratelimit", "")[:_LOOK].split(",")]
    # Of several quotas, the one that is the first to end.
    least = min(
        (item for item in items if "r" in item), key=lambda item: int(item["r"]), default=None
    )
    if least is not None:
        policy = dict(_FIELD.findall(headers.get("ratelimit-policy", "")[:_LOOK]))
        return policy.get("q", ""), least["r"], least.get("t", "")
    one = {name: value for item in items for name, value in item.items()}
    return one.get("limit", ""), one.get("remaining", ""), one.get("reset", "")


def _number(value: str) -> int | None:
    found = _NUMBER.match(value.strip())
    return int(found[0]) if found else None


def _reset(value: str, headers: Mapping[str, str], now: float) -> datetime | None:
    """When there is the whole quota again: `value` is seconds from now or the epoch, or a date."""
    number = _number(value)
    if number is not None and number < _EPOCH:
        return moment(now + min(number, LONGEST_RETRY_AFTER))
    if number is not None:
        at: float | None = number / 1000 if number >= _MILLISECONDS else number
    else:
        at = iso_date(value)
        at = http_date(value) if at is None else at
    if at is None:
        return None
    # By the server's own clock, if it tells.
    server_now = http_date(headers.get("date", ""))
    seconds = at - (now if server_now is None else server_now)
    return moment(now + min(max(seconds, 0.0), LONGEST_RETRY_AFTER))
