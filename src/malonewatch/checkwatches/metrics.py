"""The metrics file: how a run went, and how the sites are doing, for Prometheus.

It is in the text format, which is what node_exporter's textfile collector reads.
"""

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, generate_latest
from zope.component import getUtility

from malonewatch.checkwatches.families import Finished, families
from malonewatch.checkwatches.files import put_file, try_file
from malonewatch.checkwatches.logs import said
from malonewatch.exitcodes import EXIT_LOCKED, EXIT_TROUBLE
from malonewatch.interfaces import DatabaseError, IClock, SiteFigures

log = logging.getLogger("malonewatch.checkwatches")


class Metrics:
    """The metrics of a run, which go to the file at `path`.

    Whether they can is tried at once, and said if not; the run goes on.
    """

    def __init__(self, path: Path) -> None:
        # Of a link, what it leads to is replaced.
        self._path = Path(os.path.realpath(path))
        self._sites: dict[str, SiteFigures] = {}
        self._is_writable = self._said(lambda: try_file(self._path))
        self._is_whole = True

    def read(self, database: Any, site: str | None) -> None:
        """Read how the site at that path, or the only one, is doing."""
        now = getUtility(IClock).now()
        # However often, and however, it was named.
        path = "/" + (site or "").strip("/")
        try:
            self._sites[path] = database.read(lambda trackers: trackers.getFigures(now))
        except DatabaseError as error:
            self._is_whole = False
            log.error("There are no metrics of %s: %s", path, error, extra=said("no metrics"))

    def write(self, code: int, seconds: float) -> int:
        """Write the file, after a run that took so many seconds and has that exit code; returns
        the code that it has after that.

        The file stays as it is where another run is at work, which writes it.
        """
        if code == EXIT_LOCKED:
            return code
        run = Finished(getUtility(IClock).now(), seconds, code)
        text = text_of(families(self._path.name, self._sites, run))
        is_written = self._is_writable and self._said(lambda: put_file(self._path, text))
        return code if is_written and self._is_whole else code or EXIT_TROUBLE

    def _said(self, put: Callable[[], None]) -> bool:
        """Whether that can be done; says so if not."""
        try:
            put()
        except OSError as error:
            log.error(
                "The metrics file %s cannot be written (%s), so it is left out; see that its "
                "folder is there, and that this user may write there.",
                *(self._path, error.strerror),
                extra=said("no metrics"),
            )
            return False
        return True


class _Collector:
    """Gives metrics to the library."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def text_of(metrics: Iterable[Metric]) -> bytes:
    """The metrics in the text format."""
    return generate_latest(registry_of(metrics))


def registry_of(metrics: Iterable[Metric]) -> CollectorRegistry:
    """A registry of the library's, of just these metrics."""
    registry = CollectorRegistry()
    registry.register(_Collector(metrics))
    return registry
