"""How often somebody may try to log in."""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

#: After so many seconds without a failure all is forgotten.
_FORGET = 3600.0

#: How many names, addresses and pairs of them are known at a time.
_MOST = 10_000

#: No account has a longer name, whatever is typed.
_LONGEST = 100


class Failures:
    """How often something failed, each by a key, and how long that has to pause.

    The first `free` cost nothing; each further one doubles the pause, up to
    `longest` seconds.  What was not heard of for the longest time is forgotten
    where there would be more than `most`.
    """

    def __init__(
        self, free: int, longest: float, clock: Callable[[], float], most: int = _MOST
    ) -> None:
        self._free = free
        self._longest = longest
        self._clock = clock
        self._most = most
        #: How often each failed, and when it last did.
        self._known: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def pause(self, key: Hashable) -> float:
        """How many seconds it has to wait still."""
        count, last = self._of(key)
        if count < self._free:
            return 0.0
        pause = min(self._longest, 2.0 ** min(count - self._free, 30))
        return max(0.0, last + pause - self._clock())

    def add(self, key: Hashable) -> None:
        """It failed once more."""
        count, _ = self._of(key)
        self._known[key] = count + 1, self._clock()
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        """The last time it did not fail."""
        count, last = self._of(key)
        self._known[key] = max(0, count - 1), last

    def forget(self, key: Hashable) -> None:
        """Let nothing have failed."""
        self._known.pop(key, None)

    def _of(self, key: Hashable) -> tuple[int, float]:
        count, last = self._known.get(key, (0, 0.0))
        return (count, last) if self._clock() - last < _FORGET else (0, 0.0)


class LogInLimits:
    """How long who tries to log in has to wait, by name and by address.

    The limit by name is what stops who guesses from many addresses.  Others
    could keep a person out with it, so it is short, tries during a pause do not
    prolong it, and it does not hold for an address from which this person
    logged in before.  The limit by address is longer, and holds for all names.

    It is kept in memory, and bounded: who has more names and addresses than are
    known at a time makes older ones forgotten, but only so fast as passwords
    are looked at, which is slower than the pauses are long.  Usable by several
    threads.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._names = Failures(5, 60.0, clock)
        self._addresses = Failures(20, 900.0, clock)
        #: (name, network) of who logged in before.
        self._before: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> float:
        """Ask to look at a password; the seconds to wait if that may not be now.

        It counts as a failure until `succeeded` says otherwise, so that those
        who try at the same time gain nothing.
        """
        name, network = name[:_LONGEST], network_of(address)
        with self._lock:
            is_known = (name, network) in self._before
            wait = self._addresses.pause(network)
            if not is_known:
                wait = max(wait, self._names.pause(name))
            if not wait:
                self._addresses.add(network)
                if not is_known:
                    self._names.add(name)
            return wait

    def succeeded(self, name: str, address: str) -> None:
        """The password was right."""
        name, network = name[:_LONGEST], network_of(address)
        with self._lock:
            # Not forgotten: who has an account may not guess another's in between.
            self._addresses.take_back(network)
            self._names.forget(name)
            self._before[name, network] = None
            self._before.move_to_end((name, network))
            if len(self._before) > _MOST:
                self._before.popitem(last=False)


def network_of(address: str) -> str:
    """What one person has, as far as it can be said: an address, of IPv6 64 bits of it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
