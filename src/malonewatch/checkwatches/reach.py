"""Which bug trackers a worker asks: by name, by host, or by the network that they are in."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from malonewatch.interfaces import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: The addresses of a host by its name; none where it has none.
LookUp = Callable[[str], Awaitable[Sequence[Address]]]


async def look_up(host: str) -> Sequence[Address]:
    """The addresses of a host, as this machine knows them."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]


class _Rules:
    """Patterns of names and hosts, and networks.

    :raises BadInput: a text is neither.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.patterns = []
        self.networks = []
        for text in texts:
            try:
                self.networks.append(ipaddress.ip_network(text))
            except ValueError:
                if "/" in text or not text.strip():
                    raise BadInput(
                        f"{text!r} is no network such as 10.0.0.0/8, nor the name of a bug "
                        "tracker, nor a pattern of host names such as *.example.com."
                    ) from None
                self.patterns.append(text.lower())

    def __bool__(self) -> bool:
        return bool(self.patterns or self.networks)

    def name(self, name: str, host: str) -> bool:
        """Whether a pattern says yes."""
        return any(fnmatchcase(name, each) or fnmatchcase(host, each) for each in self.patterns)

    def has(self, addresses: Sequence[Address]) -> bool:
        """Whether one of the addresses is in one of the networks."""
        return any(address in network for address in addresses for network in self.networks)


class Reach:
    """The bug trackers that are named in `only`, or all, without those in `besides`.

    :raises BadInput: a text is neither a name, a pattern nor a network.
    """

    def __init__(
        self, only: Iterable[str] = (), besides: Iterable[str] = (), look_up: LookUp = look_up
    ) -> None:
        self._only = _Rules(only)
        self._besides = _Rules(besides)
        self._look_up = look_up

    async def choose(self, names: Iterable[str], host: str) -> list[str]:
        """Those of the bug trackers of those names at a host that are to be asked."""
        chosen = [name for name in names if not self._besides.name(name, host)]
        if not (self._only.networks or self._besides.networks) or not chosen:
            return [name for name in chosen if not self._only or self._only.name(name, host)]
        addresses = await self._look_up(host)
        if self._besides.has(addresses):
            return []
        if not self._only or self._only.has(addresses):
            return chosen
        return [name for name in chosen if self._only.name(name, host)]
