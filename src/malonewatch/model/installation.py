"""What tells one installation of malonewatch from others, and installing it in a site."""

import uuid
from typing import Any

from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import (
    IAccountSet,
    IAuditLog,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IInstallation,
    ILinkSet,
    IOutbox,
    IPersonSet,
    IReplySet,
    ISubscriptionSet,
    ITokenSet,
)
from malonewatch.model.accounts import AccountSet
from malonewatch.model.audit import AuditLog
from malonewatch.model.bug import BugSet
from malonewatch.model.bugtrackerset import BugTrackerSet
from malonewatch.model.bugwatchset import BugWatchSet
from malonewatch.model.links import LinkSet
from malonewatch.model.outbox import Outbox
from malonewatch.model.person import PersonSet
from malonewatch.model.replies import ReplySet
from malonewatch.model.site import own_utility
from malonewatch.model.subscriptions import SubscriptionSet
from malonewatch.model.tokens import TokenSet
from malonewatch.model.uri import location_of

#: The version of the schema of databases that are made now.
SCHEMA = 8


@implementer(IInstallation)
class Installation(Persistent):
    """See `IInstallation`."""

    def __init__(self, schema: int) -> None:
        self.identity = str(uuid.uuid4())
        self.schema = schema


def install(site: Any) -> Any:
    """Register the persistent utilities in the site manager of `site`, and return `site`.

    They are `IBugTrackerSet`, `IBugWatchSet`, `IBugSet`, `IPersonSet`,
    `ILinkSet`, `ISubscriptionSet`, `IOutbox`, `ITokenSet`, `IAccountSet`,
    `IAuditLog`, `IReplySet` and `IInstallation`, each new and empty; those that
    are registered in it already stay.  `site` is an ISite: malonewatch's own, or
    an embedding application's.
    """
    if own_utility(site, IBugTrackerSet) is own_utility(site, IInstallation) is None:
        _add(site, Installation(SCHEMA), IInstallation)
    for factory, interface in (
        (PersonSet, IPersonSet),
        (BugSet, IBugSet),
        (BugTrackerSet, IBugTrackerSet),
        (BugWatchSet, IBugWatchSet),
        (LinkSet, ILinkSet),
        (SubscriptionSet, ISubscriptionSet),
        (Outbox, IOutbox),
        (TokenSet, ITokenSet),
        (AccountSet, IAccountSet),
        (AuditLog, IAuditLog),
        (ReplySet, IReplySet),
    ):
        if own_utility(site, interface) is None:
            _add(site, factory(), interface)
    return site


def _add(site: Any, utility: Any, interface: Any) -> None:
    utility.__parent__ = site
    site.getSiteManager().registerUtility(utility, interface)


def ensure_installation(site: Any) -> Any:
    """The `IInstallation` of `site`; 0.1.0 made none, and its schema is version 1."""
    installation = own_utility(site, IInstallation)
    if installation is None:
        installation = Installation(1)
        _add(site, installation, IInstallation)
    return installation


def identity_of(site: Any, uri: str) -> str:
    """What tells the installation in `site`, in the database at `uri`, from others."""
    installation = own_utility(site, IInstallation)
    if installation is not None:
        return str(installation.identity)
    # Of 0.1.0, and nobody has written to it since.
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{location_of(uri)}#{site._p_oid.hex()}"))


def schema_of(site: Any) -> int:
    """The version of the schema that what is in `site` has."""
    installation = own_utility(site, IInstallation)
    return 1 if installation is None else int(installation.schema)
