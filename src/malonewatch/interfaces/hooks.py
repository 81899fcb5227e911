"""Events: what a bug tracker sends when something happened to a bug in it.

An event is a reason to ask, and nothing more: only which bugs it names is read
from it, and what it says of them is never believed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from zope.interface import Interface


class HookEvent(NamedTuple):
    """An event as it came.

    - `headers`: those of the request, by name in lower case,
    - `body`: its body, not read yet,
    - `received`: when it came, aware.
    """

    headers: Mapping[str, str]
    body: bytes
    received: datetime


class INamesBugsInEvents(Interface):
    """Capability of an `IExternalBugTracker`: it reads the events of its type.

    Both functions are pure.
    """

    def isGenuine(event: HookEvent, secrets: Sequence[str]) -> bool:
        """Whether whoever sent it knows one of the secrets.

        Comparing takes as long whatever is wrong, and nothing of the body is
        read for it.
        """

    def getBugsInEvent(event: HookEvent) -> Sequence[str]:
        """The bugs that it names, by id or URL, as it writes them; there may be none.

        :raises BadInput: it cannot be read.
        """
