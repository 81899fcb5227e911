"""The metrics for whoever asks for them, and what writes them to a file: where their package is."""

from typing import TYPE_CHECKING

from zope.interface import provider

from malonewatch.interfaces import BadInput, Exposition, IExposer, PackageMissing, SiteFigures

if TYPE_CHECKING:
    from malonewatch.checkwatches.metrics import Metrics


@provider(IExposer)
def expose(figures: SiteFigures, accept: str) -> Exposition:
    """See `IExposer`."""
    try:
        # Only now: others do without.
        from prometheus_client.exposition import choose_encoder

        from malonewatch.checkwatches.families import site_families
        from malonewatch.checkwatches.metrics import registry_of
    except ImportError:
        raise PackageMissing(
            "Metrics need the package prometheus_client; 'pip install malonewatch[metrics]' "
            "brings it."
        ) from None
    encode, kind = choose_encoder(accept)
    return Exposition(kind, encode(registry_of(site_families(figures))))


def metrics_type() -> "type[Metrics]":
    """What writes metrics to a file.

    :raises BadInput: its package is missing.
    """
    try:
        # Only now: others do without.
        from malonewatch.checkwatches.metrics import Metrics
    except ImportError:
        raise BadInput(
            "--metrics-file needs the package prometheus_client (malonewatch[metrics])."
        ) from None
    return Metrics
