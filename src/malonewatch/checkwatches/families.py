"""The metrics, each with its name, its help and its labels.  Pure.

In a file a series is told from others by the site that it is of and the file
that it is in, so that several may be collected on one machine.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.samples import Sample

from malonewatch.interfaces import BugTrackerFigures, FailureOwner, OriginState, SiteFigures
from malonewatch.interfaces import Staleness as Ages

#: The values of a metric for one thing, by those of its labels of its own.
_Values = Mapping[tuple[str, ...], float]


class Finished(NamedTuple):
    """When a run ended (aware), how many seconds it took, and its exit code."""

    moment: datetime
    seconds: float
    code: int


class _Kind(NamedTuple):
    """A metric: its name, what it says, what gives its values, and its labels of its own."""

    name: str
    help: str
    values: Callable[[Any], _Values]
    labels: Sequence[str] = ()
    family: type[CounterMetricFamily | GaugeMetricFamily] = GaugeMetricFamily


def _just(attribute: str) -> Callable[[Any], _Values]:
    """That attribute of a thing is the only value, if it is not None."""

    def values(thing: Any) -> _Values:
        value = attrgetter(attribute)(thing)
        if isinstance(value, datetime):
            value = value.timestamp()
        return {} if value is None else {(): value}

    return values


def _failures(tracker: BugTrackerFigures) -> _Values:
    failures = tracker.totals.failures
    return {(owner.name.lower(),): failures.get(owner, 0) for owner in FailureOwner}


#: Of each bug tracker.
_TRACKER = (
    _Kind(
        "malonewatch_tracker_info",
        "The bug tracker: its title, its base URL, and the origin that its quota is of.",
        lambda tracker: {(tracker.title, tracker.baseurl, tracker.origin): 1},
        ("title", "baseurl", "origin"),
    ),
    _Kind(
        "malonewatch_tracker_active",
        "Whether the bug tracker is asked at all.",
        _just("active"),
    ),
    _Kind(
        "malonewatch_tracker_in_trouble",
        "Whether something is wrong with the bug tracker as a whole.",
        lambda tracker: {(): tracker.trouble is not None},
    ),
    _Kind(
        "malonewatch_tracker_trouble_info",
        "What is wrong with a bug tracker in trouble.",
        lambda tracker: {} if tracker.trouble is None else {(tracker.trouble.name,): 1},
        ("error",),
    ),
    _Kind(
        "malonewatch_watches",
        "Bug watches, by what they show.",
        lambda tracker: {(each.value,): count for each, count in tracker.watches.items()},
        ("meaning",),
    ),
    _Kind("malonewatch_watches_due", "Bug watches that are due.", _just("due")),
    _Kind(
        "malonewatch_watches_failing",
        "Bug watches whose remote bugs could not be read, for reasons of their own.",
        _just("failing"),
    ),
    _Kind(
        "malonewatch_bugs_held",
        "Remote bugs of which a change is kept back, as too many changed at once.",
        _just("held"),
    ),
    _Kind(
        "malonewatch_requests",
        "Requests that were made.",
        _just("totals.requests"),
        family=CounterMetricFamily,
    ),
    _Kind(
        "malonewatch_checks",
        "Checks of bug watches.",
        _just("totals.checks"),
        family=CounterMetricFamily,
    ),
    _Kind(
        "malonewatch_changes",
        "Changes of the status that a bug watch shows.",
        _just("totals.changes"),
        family=CounterMetricFamily,
    ),
    _Kind(
        "malonewatch_failures",
        "Failures by whose they are; those of the bug tracker are batches, all others checks.",
        _failures,
        ("owner",),
        CounterMetricFamily,
    ),
)

#: Of each origin.
_ORIGIN = (
    _Kind(
        "malonewatch_quota_limit",
        "How much the server lets itself be asked, in its own unit.",
        _just("quota.limit"),
    ),
    _Kind(
        "malonewatch_quota_remaining",
        "How much of that was left when it last said so.",
        _just("quota.remaining"),
    ),
    _Kind(
        "malonewatch_quota_reset_timestamp_seconds",
        "When all of that is there again.",
        _just("quota.reset"),
    ),
    _Kind(
        "malonewatch_origin_retry_timestamp_seconds",
        "Until when the server wants no requests.",
        _just("retry_at"),
    ),
)

#: Of each site.
_SITE = (
    _Kind(
        "malonewatch_outbox_pending",
        "Notices that wait to be told, counted once for each destination.",
        _just("pending"),
    ),
)

#: Of the run.
_RUN = (
    _Kind("malonewatch_last_run_timestamp_seconds", "When the run ended.", _just("moment")),
    _Kind("malonewatch_last_run_duration_seconds", "How long the run took.", _just("seconds")),
    _Kind(
        "malonewatch_last_run_exit_code", "The exit code of the run; 0 is all right.", _just("code")
    ),
)

_STALENESS = (
    "Of the bug watches that are asked for again and again, and do not fail: how long ago the bug "
    "tracker last said something of them"
)


def families(file: str, sites: Mapping[str, SiteFigures], run: Finished) -> Iterator[Metric]:
    """All metrics of a run, for the file of that name; the sites by their paths."""
    yield from _each(_RUN, ("file",), [((file,), run)])
    yield from _of_sites(("file", "site"), {(file, path): site for path, site in sites.items()})


def site_families(site: SiteFigures) -> Iterator[Metric]:
    """The metrics of one site, which are told from those of others by where they come from."""
    yield from _of_sites((), {(): site})


def _of_sites(
    labels: tuple[str, ...], sites: Mapping[tuple[str, ...], SiteFigures]
) -> Iterator[Metric]:
    """The metrics of sites, each by the values of the labels."""
    trackers = [
        ((*values, tracker.name, str(tracker.bugtrackertype)), tracker)
        for values, site in sites.items()
        for tracker in site.trackers
    ]
    origins: list[tuple[tuple[str, ...], OriginState]] = [
        ((*values, origin), state)
        for values, site in sites.items()
        for origin, state in site.origins.items()
    ]
    yield from _each(_SITE, labels, sites.items())
    yield from _summary(
        "malonewatch_site_staleness_seconds",
        f"{_STALENESS}; all of the site's.",
        labels,
        [(values, site.staleness) for values, site in sites.items()],
    )
    yield from _each(_TRACKER, (*labels, "tracker", "type"), trackers)
    yield from _summary(
        "malonewatch_staleness_seconds",
        f"{_STALENESS}.",
        (*labels, "tracker", "type"),
        [(values, tracker.staleness) for values, tracker in trackers],
    )
    yield from _each(_ORIGIN, (*labels, "origin"), origins)


def _each(
    kinds: Iterable[_Kind],
    labels: Sequence[str],
    things: Collection[tuple[Sequence[str], Any]],
) -> Iterator[Metric]:
    """The metrics of those kinds of some things, each with the values of the labels."""
    for kind in kinds:
        family = kind.family(kind.name, kind.help, labels=(*labels, *kind.labels))
        for values, thing in things:
            for own, value in kind.values(thing).items():
                family.add_metric((*values, *own), value)
        if family.samples:
            yield family


def _summary(
    name: str,
    help: str,
    labels: Sequence[str],
    ages: Iterable[tuple[Sequence[str], Ages | None]],
) -> Iterator[Metric]:
    family = SummaryMetricFamily(name, help, labels=labels)
    for values, staleness in ages:
        if staleness is not None:
            own = dict(zip(labels, values, strict=True))
            family.samples += [
                Sample(name, {**own, "quantile": f"{quantile:g}"}, age)
                for quantile, age in staleness.quantiles.items()
            ]
            family.add_metric(values, staleness.count, staleness.total)
    if family.samples:
        yield family
