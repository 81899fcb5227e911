"""Metrics, as Prometheus reads them."""

import dataclasses
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import malonewatch.doc
from malonewatch.checkwatches.families import Finished, families, site_families
from malonewatch.checkwatches.metrics import text_of
from malonewatch.interfaces import (
    BugTrackerFigures,
    BugTrackerType,
    BugWatchErrorType,
    FailureOwner,
    MeaningGroup,
    OriginState,
    Quota,
    SiteFigures,
    Staleness,
    Totals,
)

MOMENT = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
RUN = Finished(MOMENT, 12.5, 1)
ORIGIN = "https://bugs.example.com"
TRACKER = BugTrackerFigures(
    name="bugs",
    title="Bugs",
    bugtrackertype=BugTrackerType.BUGZILLA,
    baseurl=f"{ORIGIN}/tracker",
    origin=ORIGIN,
    active=True,
    watches={MeaningGroup.OPEN: 5, MeaningGroup.UNKNOWN: 1},
    due=4,
    failing=3,
    held=2,
    staleness=Staleness(3, 60, {0.5: 10, 0.95: 40, 1: 40}),
    totals=Totals(7, 8, 9, {FailureOwner.TRACKER: 6}),
    trouble=BugWatchErrorType.TIMEOUT,
)
SITE = SiteFigures(
    trackers=(TRACKER,),
    staleness=Staleness(4, 100, {0.5: 20, 0.95: 50, 1: 50}),
    origins={ORIGIN: OriginState(quota=Quota(5000, 17, MOMENT), retry_at=MOMENT)},
    pending=11,
)


def parsed(sites):
    text = text_of(families("bugs.prom", sites, RUN)).decode()
    return list(text_string_to_metric_families(text))


def samples(sites):
    """Values by name, and by the labels that are not the same for all."""
    found = {}
    for family in parsed(sites):
        for name, labels, value, *_ in family.samples:
            assert labels.pop("file") == "bugs.prom"
            key = name.removeprefix("malonewatch_"), *sorted(labels.items())
            assert key not in found
            found[key] = value
    return found


SITE_LABEL = ("site", "/app")
TRACKER_LABELS = SITE_LABEL, ("tracker", "bugs"), ("type", "BUGZILLA")
ORIGIN_LABELS = ("origin", ORIGIN), SITE_LABEL


def test_all_that_is_known_of_a_site():
    def of_tracker(name, **labels):
        return name, *sorted((*TRACKER_LABELS, *labels.items()))

    info = {"title": "Bugs", "baseurl": TRACKER.baseurl, "origin": ORIGIN}
    assert samples({"/app": SITE}) == {
        ("last_run_timestamp_seconds",): MOMENT.timestamp(),
        ("last_run_duration_seconds",): 12.5,
        ("last_run_exit_code",): 1,
        ("outbox_pending", SITE_LABEL): 11,
        ("site_staleness_seconds", ("quantile", "0.5"), SITE_LABEL): 20,
        ("site_staleness_seconds", ("quantile", "0.95"), SITE_LABEL): 50,
        ("site_staleness_seconds", ("quantile", "1"), SITE_LABEL): 50,
        ("site_staleness_seconds_count", SITE_LABEL): 4,
        ("site_staleness_seconds_sum", SITE_LABEL): 100,
        of_tracker("tracker_info", **info): 1,
        of_tracker("tracker_active"): 1,
        of_tracker("tracker_in_trouble"): 1,
        of_tracker("tracker_trouble_info", error="TIMEOUT"): 1,
        of_tracker("watches", meaning="open"): 5,
        of_tracker("watches", meaning="unknown"): 1,
        of_tracker("watches_due"): 4,
        of_tracker("watches_failing"): 3,
        of_tracker("bugs_held"): 2,
        of_tracker("requests_total"): 7,
        of_tracker("checks_total"): 8,
        of_tracker("changes_total"): 9,
        of_tracker("failures_total", owner="watch"): 0,
        of_tracker("failures_total", owner="tracker"): 6,
        of_tracker("failures_total", owner="application"): 0,
        of_tracker("failures_total", owner="us"): 0,
        of_tracker("staleness_seconds", quantile="0.5"): 10,
        of_tracker("staleness_seconds", quantile="0.95"): 40,
        of_tracker("staleness_seconds", quantile="1"): 40,
        of_tracker("staleness_seconds_count"): 3,
        of_tracker("staleness_seconds_sum"): 60,
        ("quota_limit", *ORIGIN_LABELS): 5000,
        ("quota_remaining", *ORIGIN_LABELS): 17,
        ("quota_reset_timestamp_seconds", *ORIGIN_LABELS): MOMENT.timestamp(),
        ("origin_retry_timestamp_seconds", *ORIGIN_LABELS): MOMENT.timestamp(),
    }


def test_what_is_not_known_is_left_out():
    tracker = dataclasses.replace(TRACKER, trouble=None, staleness=None)
    site = SiteFigures((tracker,), None, {ORIGIN: OriginState()}, None)
    names = {name for name, *_ in samples({"/app": site})}
    assert "tracker_trouble_info" not in names
    assert not any("quota" in name or "staleness" in name or "retry" in name for name in names)
    assert "outbox_pending" not in names
    assert samples({"/app": site})[("tracker_in_trouble", *TRACKER_LABELS)] == 0


def test_without_a_site_there_is_the_run():
    assert {name for name, *_ in samples({})} == {
        *("last_run_timestamp_seconds", "last_run_duration_seconds", "last_run_exit_code")
    }


def test_sites_with_the_same_bug_trackers_are_told_apart():
    both = samples({"/app": SITE, "/other": SITE})
    assert len(both) == 2 * len(samples({"/app": SITE})) - 3


@pytest.mark.parametrize(
    "title", ['So "called" bugs', "C:\\bugs\\new", "One\nand two", "Füße 🐛", "\\n", 'x"} 1\n# EOF']
)
def test_whatever_a_title_holds_is_read_as_it_is(title):
    tracker = dataclasses.replace(TRACKER, title=title)
    (found,) = (
        sample.labels["title"]
        for family in parsed({"/app": dataclasses.replace(SITE, trackers=(tracker,))})
        for sample in family.samples
        if "title" in sample.labels
    )
    assert found == title


def test_names_and_types_are_as_prometheus_wants_them():
    for family in parsed({"/app": SITE}):
        assert re.fullmatch("malonewatch(_[a-z]+)+", family.name)
        assert family.documentation.endswith(".")
        labels = {label for sample in family.samples for label in sample.labels}
        # What the names of labels and of samples promise.
        assert ("quantile" in labels) == (family.type == "summary")
        is_total = {sample.name.endswith("_total") for sample in family.samples}
        assert is_total == {family.type == "counter"}
        assert family.type in ("counter", "gauge", "summary")
        if family.name.endswith("_info"):
            assert {sample.value for sample in family.samples} == {1}
        if "staleness" in family.name or "duration" in family.name or "timestamp" in family.name:
            assert family.name.endswith("_seconds")


CHAPTER = (Path(malonewatch.doc.__file__).parent / "metrics.rst").read_text()


def test_the_chapter_tells_of_every_metric_and_of_no_other():
    told = re.findall(r"^``(malonewatch_\w+)``", CHAPTER, re.MULTILINE)
    told += re.findall(r"^``malonewatch_\w+``, ``(malonewatch_\w+)``", CHAPTER, re.MULTILINE)
    names = {f"malonewatch_{name}" for name, *_ in samples({"/app": SITE})}
    suffixes = re.compile("_(sum|count)$")
    assert sorted(told) == sorted(name for name in names if not suffixes.search(name))
    assert names.issuperset(re.findall(r"malonewatch_[a-z]+_[a-z_]+", CHAPTER))


def test_its_rules_are_about_series_that_there_are():
    (text,) = re.findall(r"code-block:: yaml\n\n((?: +.*\n|\n)+)", CHAPTER)
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    every = samples({"/app": SITE})
    for rule in rules:
        wanted = re.findall(r'malonewatch_(\w+)(?:{(\w+)="([^"]*)"})?', rule["expr"])
        assert wanted
        for name, *label in wanted:
            assert any(
                key[0] == name and (label == ["", ""] or tuple(label) in key) for key in every
            )


def test_one_site_by_itself_has_no_labels_that_say_which():
    text = text_of(site_families(SITE)).decode()
    found = [each for family in text_string_to_metric_families(text) for each in family.samples]
    assert {each.name for each in found} == {
        name for family in parsed({"/app": SITE}) for name, *_ in family.samples
    } - {name for family in parsed({}) for name, *_ in family.samples}
    assert not [each for each in found if {"file", "site"} & set(each.labels)]
