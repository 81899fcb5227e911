"""Who is told of what, where and when; and how the site sends."""

from typing import Any

from malonewatch.application import subscribing
from malonewatch.interfaces import (
    SUBSCRIBABLE,
    BadInput,
    DestinationSettings,
    Target,
    TargetKind,
    Timing,
)
from malonewatch.web.database import RequestDatabase, detached
from malonewatch.web.forms import choice, number, text, whole_number
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import Settings, Subscriptions
from malonewatch.web.security import ADMINISTER
from malonewatch.web.subscribers import check_own, whose


@page(Subscriptions, "subscriptions")
def listed(context: Subscriptions, request: Any) -> dict[str, Any]:
    """The subscriptions of who looks at it; to administrators all, and where messages go."""
    database = RequestDatabase()
    email = whose(request)
    found = subscribing.list_subscriptions(database, email)
    numbers = {each.destination for each in found}
    destinations = subscribing.list_destinations(database)
    return shown(
        request,
        "Subscriptions",
        subscriptions=found,
        destinations=[each for each in destinations if email is None or each.id in numbers],
        searches=[each for each in found if each.target.kind is TargetKind.SEARCH],
        email=email or "",
        kinds=list(TargetKind),
        kind=request.GET.get("kind", ""),
        key=request.GET.get("key", ""),
        happenings=SUBSCRIBABLE,
        timings=list(Timing),
    )


@action(Subscriptions, "add")
def subscribe(context: Subscriptions, request: Any) -> Any:
    """Let somebody be told of something."""
    fields, own = request.POST, whose(request)
    email = text(fields, "email") if own is None else own
    by = text(fields, "by") or "mail"
    settings = DestinationSettings(
        kind=by,
        address=text(fields, "address") or email,
        timing=choice(fields, "timing", Timing),
        is_trusted=own is None,
    )
    check_own(own, email, settings)
    happenings = frozenset(each for each in SUBSCRIBABLE if each.name in fields.getall("events"))
    target = Target(choice(fields, "kind", TargetKind), text(fields, "key"))
    (made,) = subscribing.subscribe(
        RequestDatabase(), email, settings, [target], happenings or None
    )
    return done(request, [f"{made.person} is told of {made.target} by {by}."], "subscriptions")


@action(Subscriptions, "remove")
def unsubscribe(context: Subscriptions, request: Any) -> Any:
    """Let somebody be told of something no more."""
    wanted = whole_number(text(request.POST, "number"))
    database = RequestDatabase()
    own = subscribing.list_subscriptions(database, whose(request))
    if wanted not in [each.id for each in own]:
        raise BadInput(f"There is no subscription {wanted} of yours.")
    (gone,) = subscribing.unsubscribe(database, [wanted])
    return done(request, [f"{gone.person} is told of {gone.target} no more."], "subscriptions")


@action(Subscriptions, "enable", ADMINISTER)
def enable(context: Subscriptions, request: Any) -> Any:
    """Send to a destination again."""
    wanted = whole_number(text(request.POST, "number"))
    facts = subscribing.enable_destination(RequestDatabase(), wanted)
    told = f"Destination {facts.id} is sent to again; waiting: {facts.pending}."
    return done(request, [told], "subscriptions")


@action(Subscriptions, "test", ADMINISTER)
def send_test(context: Subscriptions, request: Any) -> Any:
    """Send a message that says that it is a test."""
    wanted = whole_number(text(request.POST, "number"))
    with detached(request) as database:
        facts = subscribing.send_test(database, wanted)
    told = f"Sent a test to destination {facts.id}, {facts.settings.address}."
    return done(request, [told], "subscriptions")


#: What of how the site sends is set here, and what it is called.
_DELIVERY = (
    ("sender", "Address that mail comes from"),
    ("transport", "How mail goes out: smtp://HOST:PORT, smtps://HOST:PORT, maildir:PATH"),
    ("username", "Name to log in with for that"),
    ("password", "Where the password is: env:NAME, file:PATH or keyring:SERVICE/USER"),
    ("bug_url", "URL of a bug of ours, with {bug} for its number"),
    ("desk_url", "URL of this desk, for the links in mails and feeds"),
    ("link_secret", "Where the secret is that signs links to unsubscribe by: env:NAME, file:PATH"),
    ("unsubscribe_url", "URL to unsubscribe at, with {subscription} or {destination}"),
)


@page(Settings, "settings", permission=ADMINISTER)
def settings_shown(context: Settings, request: Any) -> dict[str, Any]:
    """How the site sends."""
    settings = subscribing.delivery_settings(RequestDatabase())
    fields = [(name, title, getattr(settings, name)) for name, title in _DELIVERY]
    return shown(request, "Settings", fields=fields, trouble_after=settings.trouble_after)


@action(Settings, "delivery", ADMINISTER)
def change_delivery(context: Settings, request: Any) -> Any:
    """Change how the site sends; an empty field takes one back."""
    values: dict[str, Any] = {name: text(request.POST, name) for name, _ in _DELIVERY}
    after = number(request.POST, "trouble_after")
    if after:
        values["trouble_after"] = after
    subscribing.change_delivery(RequestDatabase(), values)
    return done(request, ["The site sends like that from now on."], "settings")
