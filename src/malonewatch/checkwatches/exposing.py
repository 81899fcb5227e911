"""The metrics for whoever asks for them, rather than in a file."""

from zope.interface import provider

from malonewatch.interfaces import Exposition, IExposer, PackageMissing, SiteFigures


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
