"""Which addresses may be connected to.

A bug tracker that nobody registered on purpose, and any redirect from a public
address, leads to public addresses only.
"""

import functools
import ipaddress
import socket
from collections.abc import Callable

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

# Python's own list differs from release to release.  What is for special purposes within these
# is refused altogether: the few addresses there that are on the Internet are no bug tracker's.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_NOT_PUBLIC = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        # Multicast, what is reserved, and broadcast.
        "224.0.0.0/3",
    )
]
# The only IPv6 addresses that are given to anybody on the Internet;
# https://www.iana.org/assignments/ipv6-address-space
_UNICAST = ipaddress.IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry
_NOT_PUBLIC_6 = [
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
]
# Carries an IPv4 address on to whoever translates; RFC 6052.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


# Each answer comes from an address, and a run asks but so many servers.
@functools.lru_cache(maxsize=256)
def is_public(address: str) -> bool:
    """Whether `address`, an IPv4 or IPv6 address as text, is one on the Internet.

    An IPv6 address that wraps an IPv4 one is as public as that.  What is no
    address is not public.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour
        if parsed.teredo is not None:
            wrapped = parsed.teredo[1]
        elif parsed in _NAT64:
            wrapped = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if wrapped is None:
            return parsed in _UNICAST and not any(parsed in each for each in _NOT_PUBLIC_6)
        parsed = wrapped
    return not any(parsed in network for network in _NOT_PUBLIC)


class AddressRefused(OSError):
    """A host leads to an address that is not public."""


class PublicResolver(AbstractResolver):
    """Resolves names, to public addresses only.

    The connection is made to the very addresses that were looked at, so a
    name that resolves differently a moment later gains nothing.
    """

    def __init__(self, is_public: Callable[[str], bool], resolver: AbstractResolver):
        self._is_public = is_public
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await self._resolver.resolve(host, port, family)
        for result in results:
            if not self._is_public(result["host"]):
                raise AddressRefused(f"{host} leads to {result['host']}")
        return results

    async def close(self) -> None:
        await self._resolver.close()


def public_socket(is_public: Callable[[str], bool]) -> Callable[[AddrInfoType], socket.socket]:
    """A factory of sockets to public addresses.

    What stands in a URL instead of a name is never resolved, and comes here
    as it is.
    """

    def make(addr_info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = addr_info
        host = str(address[0])
        if not is_public(host):
            raise AddressRefused(f"{host} is not public")
        return socket.socket(family, kind, protocol)

    return make
