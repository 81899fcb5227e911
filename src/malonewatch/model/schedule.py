"""When a watch, or a bug tracker in trouble, is asked again.  Pure.

All times are seconds since the epoch, all spans seconds.
"""

import random

HOUR = 3600.0
DAY = 24 * HOUR

#: A watch in order is checked again within this time.
CHECK_INTERVAL = 23 * HOUR
#: However many events come, none is checked again within so many seconds.
LEAST_PAUSE = 60
#: One that fails on and on is still tried that often.
LONGEST_CHECK_INTERVAL = 7 * DAY
#: One that was deleted comes back only where somebody restores it, which is rare; but it happens.
DELETED_CHECK_INTERVAL = 30 * DAY

#: How long a bug tracker in trouble is left alone at first, and at most.
FIRST_BACK_OFF = 5 * 60.0
LONGEST_BACK_OFF = 6 * HOUR
#: No server may keep us away for longer than this.
LONGEST_RETRY_AFTER = 7 * DAY

#: How many seconds the bug tracker's clock may be off for us to ask it what
#: changed since a time.
CLOCK_SKEW_LIMIT = 5 * 60.0
#: How far we look back behind the moment as of which all is known: what was
#: being written then, a clock that is a little off, an index that lags.
OVERLAP = 2 * CLOCK_SKEW_LIMIT
#: After so many days a bug is asked for in full again, changed or not, which
#: notices that it is gone.
FULL_CHECK_DAYS = 7
#: After so long a bug that spoiled answers is asked for among others again, and
#: whether a bug tracker speaks a better dialect by now.
SECOND_CHANCE = 7 * DAY

#: After so many attempts of which the answers made no sense it is looked what is spoken there.
DOUBTFUL = 3

_random = random.Random()


def chance() -> float:
    """What the intervals of a batch are multiplied by: a little less than 1, so that batches drift
    apart.

    It is the same for a whole batch: what is due next lies together in the database.
    """
    return _random.uniform(0.96, 1.0)


def next_check(now: float) -> float:
    """When bugs that watches are followed to are due again, found in order at `now`."""
    return now + CHECK_INTERVAL * chance()


def next_check_after_failure(now: float, failures: int) -> float:
    """When a watch that failed for the `failures`-th time in a row is due again."""
    wait: float = min(CHECK_INTERVAL * 2 ** min(failures - 1, 8), LONGEST_CHECK_INTERVAL)
    return now + wait * _random.uniform(0.9, 1.0)


def next_check_after_deletion(now: float) -> float:
    """When a watch whose remote bug was deleted is due again."""
    return now + DELETED_CHECK_INTERVAL * _random.uniform(0.9, 1.0)


def next_attempt(now: float, failures: int, retry_after: float | None) -> float:
    """When a bug tracker in trouble for the `failures`-th time in a row may be asked again."""
    wait: float = min(FIRST_BACK_OFF * 2 ** min(failures - 1, 16), LONGEST_BACK_OFF)
    wait *= _random.uniform(0.9, 1.1)
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_RETRY_AFTER))
    return now + wait


def next_confirmation(said: float, confirm_after: float) -> float:
    """When a bug tracker that said what is hard to believe at `said` is asked again."""
    return said + confirm_after * _random.uniform(1.0, 1.1)


def day_of(now: float) -> int:
    """The number of the day, in UTC."""
    return int(now // DAY)


def mark_of(day: int) -> int:
    """The number of a day as far as one byte has room for it."""
    return day % 256


def days_since(mark: int, checked: int, day: int) -> int:
    """How many days before `day` the day with that mark was.

    It was before `checked`, but not by more than 255 days.
    """
    day_of_check = day_of(checked)
    return day - day_of_check + (day_of_check - mark) % 256
