"""What types are asked through in tests."""

import asyncio

import pytest
from tests.toys import Toys
from zope.component import getGlobalSiteManager, getUtility, queryUtility
from zope.interface.verify import verifyObject

from malonewatch.http import FileCredentials
from malonewatch.interfaces import AnswerTooLarge, Credentials, ICredentials
from malonewatch.testing.asking import Asker, Canned, OnlyCredentials

BASE = "http://toys.example"


def test_credentials_are_the_same_for_all():
    only = OnlyCredentials(Credentials(token="s3cret"))
    verifyObject(ICredentials, only)
    assert only.get(BASE).token == "s3cret"
    assert only.getSection(BASE) is None
    assert list(only.sections()) == []


@pytest.mark.parametrize("before", [None, FileCredentials()], ids=["none", "some"])
def test_they_are_there_while_it_asks(before):
    registry = getGlobalSiteManager()
    registry.unregisterUtility(provided=ICredentials)
    if before is not None:
        registry.registerUtility(before, ICredentials)
    seen = []

    class Watching(Canned):
        def open(self):
            seen.append(getUtility(ICredentials).get(BASE).token)
            return super().open()

    client = Watching(b'{"software": "Toys"}')
    Asker(Toys, BASE, client=client, credentials=Credentials(token="s3cret")).identify()
    assert seen == ["s3cret"]
    assert queryUtility(ICredentials) is before


def test_an_answer_beyond_the_limit_is_too_large():
    async def ask():
        async with Canned(b"12345").open() as pool:
            session = pool.session(None, 30)
            await session.request("GET", BASE, limit=4)

    with pytest.raises(AnswerTooLarge, match="more than 4 bytes"):
        asyncio.run(ask())
