import asyncio

from zope.interface.verify import verifyObject

from malonewatch.http import HTTPClient
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
