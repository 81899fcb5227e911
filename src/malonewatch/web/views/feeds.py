"""Feeds: what moved, for whoever may see it, and for programs that have a token of theirs."""

import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPNotModified
from pyramid.response import Response

from malonewatch.application import feeds, subscribing, tokens
from malonewatch.interfaces import NotFoundError, Scope, Target, TargetKind, TokenFacts
from malonewatch.web import ROUTE
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import text, whole_number
from malonewatch.web.page import action, answer, done, page, plain, shown
from malonewatch.web.resources import Feeds
from malonewatch.web.security import ADMINISTER, VIEW
from malonewatch.web.subscribers import whose
from malonewatch.web.tokens import reader_of

_TYPE = "application/atom+xml"

_REFUSED = (
    "This feed is for who is logged in, or has a token for feeds, in its URL or as the password "
    "of basic authentication; one that was revoked, or has expired, is good for nothing."
)

_HIDDEN = "What this feed is of may not be seen by whoever asks for it."


@answer(Feeds, "all")
def of_all(context: Feeds, request: Any) -> Any:
    """All that moves."""
    return _feed(context, request, Target(TargetKind.ALL), ())


@answer(Feeds, "search")
def of_search(context: Feeds, request: Any) -> Any:
    """What moves of what a search finds."""
    search = text(request.GET, "q")
    return _feed(context, request, Target(TargetKind.SEARCH, search), ("watches",), q=search)


@answer(Feeds, "bugs")
def of_bug(context: Feeds, request: Any) -> Any:
    """What moves for a bug of ours."""
    key = _key(request)
    return _feed(context, request, Target(TargetKind.BUG, key), ("bugs", key))


@answer(Feeds, "trackers")
def of_tracker(context: Feeds, request: Any) -> Any:
    """What moves in a bug tracker."""
    key = _key(request)
    return _feed(context, request, Target(TargetKind.TRACKER, key), ("trackers", key))


@answer(Feeds, "people")
def of_person(context: Feeds, request: Any) -> Any:
    """All that a person is told."""
    return _feed(context, request, Target(TargetKind.PERSON, _key(request)), ("subscriptions",))


@answer(Feeds, "mine")
def of_reader(context: Feeds, request: Any) -> Any:
    """All that whoever asks is told."""
    return _feed(context, request, None, ("subscriptions",))


@answer(Feeds, "subscriptions")
def of_subscription(context: Feeds, request: Any) -> Any:
    """What a subscription is to."""
    return _feed(context, request, whole_number(_key(request)), ("subscriptions",))


def _key(request: Any) -> str:
    """Which one is meant.

    :raises HTTPNotFound: none.
    """
    if len(request.subpath) != 1:
        raise HTTPNotFound
    key: str = request.subpath[0]
    return key


def _feed(
    context: Feeds, request: Any, wanted: Target | int | None, page: tuple[str, ...], **query: str
) -> Any:
    """The feed of a target, of the subscription of that number, or of who asks; people see the
    same at `page`.

    It is not written for whoever has it already.
    """
    reader = reader_of(request)
    if reader is None:
        refused = plain(_REFUSED, 401)
        refused.www_authenticate = 'Basic realm="malonewatch"'
        return refused
    if not reader.may_view(_place(context.__parent__, page)):
        # Whoever has a token is not led to a page for logging in.
        return plain(_HIDDEN, 403)
    database = RequestDatabase()
    if isinstance(wanted, int):
        feed = feeds.find_subscription_feed(database, wanted)
    elif wanted is None:
        feed = feeds.find_own_feed(database, reader.address)
    else:
        feed = feeds.find_feed(database, wanted)
    if not reader.is_for(feed.owner):
        raise NotFoundError("There is no such feed of yours.")
    # A token is not in it: who is shown the feed may not read what comes.
    url = request.path_url + (f"?{urlencode(query)}" if query else "")
    stamp = feeds.stamp_of(database, feed)
    tag = hashlib.sha256(f"{stamp.tag} {url}".encode()).hexdigest()[:32]
    if _has_it(request, tag, stamp.moment):
        return _stamped(HTTPNotModified(), tag, stamp.moment)
    look = request.route_url(ROUTE, traverse=page, _query=query or None)
    bug_url = f"{request.route_url(ROUTE, traverse=('bugs',))}/{{bug}}"
    body = feeds.write_feed(database, feed, url, look, bug_url)
    response = Response(body=body, content_type=_TYPE, charset="utf-8")
    return _stamped(response, tag, stamp.moment)


def _place(desk: Any, page: tuple[str, ...]) -> Any:
    """What has the access control list that counts, as that is of one bug or bug tracker, or all.

    :raises HTTPNotFound: there is no such thing.
    """
    if len(page) < 2:
        return desk
    try:
        return desk[page[0]][page[1]]
    except KeyError:
        raise HTTPNotFound from None


def _has_it(request: Any, tag: str, moment: datetime | None) -> bool:
    """Whether whoever asks has the feed as it is (RFC 9110, 13.2.2)."""
    if "If-None-Match" in request.headers:
        return tag in request.if_none_match
    since = request.if_modified_since
    return since is not None and moment is not None and moment.replace(microsecond=0) <= since


def _stamped(response: Any, tag: str, moment: datetime | None) -> Any:
    # A title may have changed, which is nothing to be told of again.
    response.etag = tag, False
    response.last_modified = moment
    return response


@page(Feeds, "feeds")
def listed(context: Feeds, request: Any) -> dict[str, Any]:
    """What feeds there are, and the tokens for them."""
    database = RequestDatabase()
    return shown(
        request,
        "Feeds",
        subscriptions=subscribing.list_subscriptions(database, whose(request)),
        tokens=_tokens(request),
    )


def _tokens(request: Any) -> list[TokenFacts]:
    """The tokens for feeds of who looks at it; to administrators all."""
    # Of who is not known, where anybody may look, there are none.
    owner = None if request.has_permission(ADMINISTER) else request.authenticated_userid or ""
    found = tokens.list_tokens(RequestDatabase(), owner)
    return [each for each in found if each.scope is Scope.FEEDS]


@action(Feeds, "issue", VIEW, "feed-token")
def issue(context: Feeds, request: Any) -> dict[str, Any]:
    """Make a token for feeds, and show it, which is done but once."""
    owner = request.authenticated_userid or ""
    if request.has_permission(ADMINISTER):
        owner = text(request.POST, "owner") or owner
    issued = tokens.issue(RequestDatabase(), owner, text(request.POST, "title"), Scope.FEEDS)
    # Neither a copy on a disk nor another page knows it.
    request.response.cache_control = "private, no-store"
    request.response.headers["Referrer-Policy"] = "no-referrer"
    links = [
        (title, request.route_url(ROUTE, traverse=("feeds", name), _query={"token": issued.text}))
        for name, title in (("mine", f"What is told to {owner}"), ("all", "All that moves"))
    ]
    return shown(request, "A token for feeds", token=issued.token, text=issued.text, links=links)


@action(Feeds, "revoke", VIEW)
def revoke(context: Feeds, request: Any) -> Any:
    """Take a token for feeds back."""
    wanted = whole_number(text(request.POST, "number"))
    if wanted not in [each.id for each in _tokens(request)]:
        raise NotFoundError(f"There is no token {wanted} of yours for feeds.")
    gone = tokens.revoke(RequestDatabase(), wanted)
    return done(request, [f"The token for {gone.title} is good for nothing any more."], "feeds")
