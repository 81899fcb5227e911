"""Years of running, in short."""

from benchmarks import soak


def test_what_a_database_takes_goes_with_what_happened_and_not_with_time(tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "YEAR", 40)
    first, happened, *_, last = soak.soak(tmp_path, watches=60, trackers=2)
    assert happened - first > 60 * soak.CHANGES * 40
    # What is kept of bug trackers themselves: a year of days, and the latest 30 failures.
    assert 3 * (last - happened) < happened - first
