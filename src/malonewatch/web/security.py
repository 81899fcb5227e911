"""Who may do what.

Permissions are names, and stand in access control lists as Pyramid has them:
the ``__acl__`` of the site, of a bug, a watch or a bug tracker, or `ACL` where
the site has none.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from pyramid.authorization import (
    ALL_PERMISSIONS,
    ACLHelper,
    Allow,
    Authenticated,
    Deny,
    Everyone,
)
from zope.component import queryUtility

from malonewatch.application import people
from malonewatch.interfaces import AccountFacts, IAccountSet, Role
from malonewatch.web.database import RequestDatabase

VIEW = "view"  #: see what is watched
WATCH = "watch"  #: watch, check, unwatch, subscribe
MANAGE_TRACKERS = "manage trackers"  #: register, change and map bug trackers
ADMINISTER = "administer"  #: what holds for all, such as where mail goes out
VIEW_PRIVATE = "view private"  #: see the titles of private bugs

#: The principal that may do everything.
ADMINISTRATOR = "malonewatch:administrator"

#: Who may manage bug trackers, and who may only see.
MANAGER = "malonewatch:manager"
VIEWER = "malonewatch:viewer"

#: No name of somebody is taken for one of these.
_RESERVED = ("malonewatch:", "system.")

#: Who has come in may watch, unless it is a viewer; administrators may do all.
ACL = [
    (Allow, ADMINISTRATOR, ALL_PERMISSIONS),
    (Allow, MANAGER, (VIEW, WATCH, MANAGE_TRACKERS, VIEW_PRIVATE)),
    (Allow, VIEWER, (VIEW,)),
    (Deny, VIEWER, ALL_PERMISSIONS),
    (Allow, Authenticated, (VIEW, WATCH)),
]


class Identity(NamedTuple):
    """Who makes a request.

    - `is_administrator`: whether the person may do everything, whatever the role,
    - `role`: what the person may do; None: what everybody may who came in,
    - `email`: whose subscriptions are this person's, empty without an address;
      None: the name is the address.
    """

    name: str
    is_administrator: bool
    role: Role | None = None
    email: str | None = None

    @classmethod
    def of(cls, account: AccountFacts) -> "Identity":
        """Who has that account."""
        is_administrator = account.role is Role.ADMINISTRATOR
        return cls(account.name, is_administrator, account.role, account.email)

    @property
    def address(self) -> str:
        """Whose subscriptions are this person's; empty without one."""
        return self.name if self.email is None else self.email

    @property
    def principals(self) -> list[str]:
        """What access control lists know the person by."""
        found = [Everyone, Authenticated]
        if not self.name.startswith(_RESERVED):
            found.append(self.name)
        if self.is_administrator:
            found.append(ADMINISTRATOR)
        elif self.role in _PRINCIPALS:
            found.append(_PRINCIPALS[self.role])
        return found


_PRINCIPALS = {Role.MANAGER: MANAGER, Role.VIEWER: VIEWER}


class Policy:
    """Pyramid's security policy, whoever says who makes a request.

    What differs is `identity`.
    """

    def identity(self, request: Any) -> Identity | None:
        """Who makes this request; None if that is not known."""
        return None

    def authenticated_userid(self, request: Any) -> str | None:
        """The name of who makes this request."""
        identity: Identity | None = request.identity
        return None if identity is None else identity.name

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        """Whether who makes this request may do that."""
        identity: Identity | None = request.identity
        principals = [Everyone] if identity is None else identity.principals
        return ACLHelper().permits(context, principals, permission)

    def remember(self, request: Any, userid: str, **options: Any) -> list[tuple[str, str]]:
        """Nothing has to be sent: a session is all there is."""
        return []

    def forget(self, request: Any, **options: Any) -> list[tuple[str, str]]:
        """See `remember`."""
        return []


class LinkPolicy(Policy):
    """Who has opened a log-in link is the administrator: it was shown on the terminal of who
    started the server.

    Each link does so once; `announce` is called with the token of the next one.
    Who is logged in is kept by the process, and ends with it.
    """

    #: Who came in by a link.
    NAME = "you"

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._sessions: set[str] = set()
        self._token = ""

    def new_link(self) -> None:
        """Make, and announce, another link."""
        self._token = secrets.token_urlsafe(32)
        self._announce(self._token)

    def log_in(self, request: Any, token: str) -> bool:
        """Open a session for who has this token, if it is the one that was announced."""
        if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
            return False
        self.new_link()
        request.session.invalidate()
        key = secrets.token_urlsafe(32)
        self._sessions.add(key)
        request.session["key"] = key
        return True

    def log_out(self, request: Any) -> None:
        """End the session, also for who has a copy of the cookie."""
        self._sessions.discard(request.session.get("key", ""))
        request.session.invalidate()

    def identity(self, request: Any) -> Identity | None:
        if request.session.get("key") in self._sessions:
            return Identity(self.NAME, True)
        return None


class ProxyPolicy(Policy):
    """Who makes a request is what a proxy says in a header.

    It is believed where the request came from the address of the proxy, and
    nowhere else.  Who has an account of that name may do what it says.
    """

    def __init__(self, header: str, proxy: str, administrators: frozenset[str]) -> None:
        self._header = header
        self._proxy = proxy
        self._administrators = administrators

    def identity(self, request: Any) -> Identity | None:
        name = request.headers.get(self._header, "").strip()
        if not name or request.environ.get("REMOTE_ADDR") != self._proxy:
            return None
        is_administrator = name in self._administrators
        # There are none where the database cannot be used, or an earlier version made it.
        found = people.known(RequestDatabase(), name) if queryUtility(IAccountSet) else None
        if found is None:
            return Identity(name, is_administrator)
        if not found.account.enabled:
            return None
        identity = Identity.of(found.account)
        return identity._replace(
            name=name, is_administrator=is_administrator or identity.is_administrator
        )
