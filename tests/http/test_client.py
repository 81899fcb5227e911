import asyncio
import importlib.metadata

from zope.interface.verify import verifyObject

from malonewatch.http import HTTPClient, version
from malonewatch.interfaces import IHTTPClient, IHTTPPool


def test_the_interface_is_provided():
    verifyObject(IHTTPClient, HTTPClient())


def test_a_client_opens_pools():
    async def run():
        client = HTTPClient()
        async with client.open() as one, client.open() as other:
            assert IHTTPPool.providedBy(one)
            assert one is not other

    asyncio.run(run())


def test_the_version_is_that_of_the_distribution(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", {"malonewatch": "1.2.3"}.get)
    assert version() == "1.2.3"


def test_a_copy_that_is_not_installed_has_no_version(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert version() == "unknown"
