from datetime import date

from malonewatch.interfaces import DailyCounters, FailureOwner
from malonewatch.web.strips import HEIGHT, requests_a_day, strip_of

TODAY = date(2024, 3, 9)
FAILED = {FailureOwner.TRACKER: 2}


def test_a_day_is_a_bar_as_high_as_it_had_checks():
    days = [
        DailyCounters(TODAY, requests=2, checks=10),
        DailyCounters(date(2024, 3, 7), checks=20, changes=1),
    ]
    strip = strip_of(days, TODAY, 3)
    assert [(bar.x, bar.y, bar.height) for bar in strip.bars] == [(0, 0, HEIGHT), (2, 20, 20)]
    assert strip.bars[1].title == "2024-03-09: 2 requests, 10 checks, 0 changes, 0 failures"
    assert strip.summary == (
        "In 3 days: asked on 2, failed on 0; 2 requests, 30 checks, 1 change of status."
    )


def test_a_day_of_failures_is_seen():
    (bar,) = strip_of([DailyCounters(TODAY, failures=FAILED)], TODAY, 3).bars
    assert (bar.look, bar.height) == ("failed", HEIGHT // 4)


def test_what_is_longer_ago_or_still_to_come_is_left_out():
    days = [DailyCounters(date(2024, 3, 10)), DailyCounters(date(2024, 3, 6))]
    assert strip_of(days, TODAY, 3).bars == ()


def test_requests_a_day_are_those_of_today_and_the_mean_of_the_days_before():
    days = [
        DailyCounters(date(2024, 3, 10), requests=50),
        DailyCounters(TODAY, requests=7),
        DailyCounters(date(2024, 3, 8), requests=2),
        DailyCounters(date(2024, 3, 5), requests=4),
        DailyCounters(date(2024, 3, 4), requests=100),
    ]
    assert requests_a_day(days, TODAY, 4) == (7, 1.5)
    assert requests_a_day([], TODAY, 4) == (0, 0)
