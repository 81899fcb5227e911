import asyncio
import ipaddress
import socket

import pytest

from malonewatch.checkwatches.reach import Reach, look_up
from malonewatch.interfaces import BadInput

HOSTS = {
    "bugs.corp.example.com": ["10.1.2.3"],
    "bugs.example.org": ["192.0.2.7", "2001:db8::7"],
    "gone.example.org": [],
}


async def known(host):
    return [ipaddress.ip_address(address) for address in HOSTS[host]]


def chosen(only, besides, name, host, look_up=known):
    reach = Reach(only, besides, look_up)
    return asyncio.run(reach.choose([name], host)) == [name]


@pytest.mark.parametrize(
    ("only", "besides", "name", "host", "expected"),
    [
        ((), (), "bugs", "bugs.example.org", True),
        (("bugs",), (), "bugs", "bugs.example.org", True),
        (("bugs",), (), "other", "bugs.example.org", False),
        ((), ("bugs",), "bugs", "bugs.example.org", False),
        (("auto-*",), (), "auto-x", "bugs.example.org", True),
        (("*.Corp.example.com",), (), "bugs", "bugs.corp.example.com", True),
        (("*.corp.example.com",), (), "bugs", "bugs.example.org", False),
        (("10.0.0.0/8",), (), "bugs", "bugs.corp.example.com", True),
        (("10.0.0.0/8",), (), "bugs", "bugs.example.org", False),
        (("10.0.0.0/8",), (), "bugs", "gone.example.org", False),
        (("10.0.0.0/8", "other"), (), "other", "bugs.example.org", True),
        (("10.1.2.3",), (), "bugs", "bugs.corp.example.com", True),
        (("2001:db8::/32",), (), "bugs", "bugs.example.org", True),
        ((), ("10.0.0.0/8",), "bugs", "bugs.corp.example.com", False),
        ((), ("10.0.0.0/8",), "bugs", "bugs.example.org", True),
        ((), ("10.0.0.0/8",), "bugs", "gone.example.org", True),
        (("bugs",), ("10.0.0.0/8",), "bugs", "bugs.corp.example.com", False),
    ],
)
def test_a_bug_tracker_is_chosen_by_name_host_or_network(only, besides, name, host, expected):
    assert chosen(only, besides, name, host) is expected


async def nobody(host):
    raise AssertionError


def test_nothing_is_looked_up_where_names_are_enough():
    assert chosen(("bugs",), ("other",), "bugs", "bugs.example.org", nobody)
    assert not chosen(("10.0.0.0/8",), ("bugs",), "bugs", "bugs.example.org", nobody)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/99", "example.com/bugs", "", " "])
def test_what_is_neither_name_nor_network_is_refused(text):
    with pytest.raises(BadInput, match=r"is no network such as 10\.0\.0\.0/8"):
        Reach([text])


def test_addresses_are_those_that_this_machine_knows(monkeypatch):
    async def look():
        async def getaddrinfo(host, port, *, type):
            if host == "b.example.com":
                return [(socket.AF_INET6, type, 6, "", ("fe80::1%eth0", 0, 0, 2))]
            raise socket.gaierror

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return await look_up("b.example.com"), await look_up("c.example.com")

    assert asyncio.run(look()) == ([ipaddress.ip_address("fe80::1")], ())
