"""Which addresses may be connected to.

A bug tracker that nobody registered on purpose, and any redirect from a public
address, leads to public addresses only.
"""

import ipaddress
import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

# Prefixes that carry an IPv4 address on to whoever translates (RFC 6052, RFC 8215).
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def is_public(address: str) -> bool:
    """Whether `address`, an IPv4 or IPv6 address as text, is one on the Internet.

    An IPv6 address that wraps an IPv4 one is as public as that.  What is no
    address is not public.
    """
    try:
        # A link-local address may come with its zone: fe80::1%eth0.
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour
        if wrapped is None and parsed.teredo is not None:
            wrapped = parsed.teredo[1]
        if wrapped is None and any(parsed in network for network in _NAT64):
            wrapped = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if wrapped is None and int(parsed) >> 32 == 0:
            # ::127.0.0.1, the deprecated IPv4-compatible form; and ::1.
            return False
        if wrapped is not None:
            return is_public(str(wrapped))
    return parsed.is_global and not parsed.is_multicast


def is_address(host: str) -> bool:
    """Whether `host` is an address rather than a name; aiohttp resolves only names."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class AddressRefused(OSError):
    """The name leads to an address that is not public."""

    def __init__(self, host: str, address: str):
        super().__init__(f"{host} leads to {address}")
        self.host = host
        self.address = address


class PublicResolver(AbstractResolver):
    """Resolves names, to public addresses only.

    The connection is made to the very addresses that were looked at, so a
    name that resolves differently a moment later gains nothing.
    """

    def __init__(self, resolver: AbstractResolver | None = None):
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await self._resolver.resolve(host, port, family)
        for result in results:
            if not is_public(result["host"]):
                raise AddressRefused(host, result["host"])
        return results

    async def close(self) -> None:
        await self._resolver.close()


def peer_address(transport: Any) -> str:
    """The address at the other end of an open connection, '' if it is gone."""
    name = transport.get_extra_info("peername") if transport is not None else None
    return str(name[0]) if name else ""
