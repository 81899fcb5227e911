"""The operations on who is told of what, where, and how the site sends."""

from typing import Any

from malonewatch.application import subscribing
from malonewatch.interfaces import (
    DestinationSettings,
    Happening,
    NotFoundError,
    Target,
    TargetKind,
    Timing,
)
from malonewatch.web.rest.calls import Call, Page, operation, page_of
from malonewatch.web.subscribers import check_own


@operation(subscribing.list_subscriptions)
def list_subscriptions(call: Call) -> Page:
    email = call.query.get("email") if call.own is None else call.own
    found = subscribing.list_subscriptions(call.database, email)
    return page_of(call, found, lambda each: each.id)


@operation(subscribing.subscribe)
def subscribe(call: Call) -> Any:
    given = call.body
    email = given.get("email", call.access.address)
    kind = given.get("kind", "mail")
    settings = DestinationSettings(
        kind=kind,
        address=given.get("address", email),
        timing=Timing[given.get("timing", "AT_ONCE")],
        hour=given.get("hour", 8),
        timezone=given.get("timezone", "UTC"),
        is_trusted=call.access.is_admin,
    )
    check_own(call.own, email, settings)
    targets = [Target(TargetKind[each["kind"]], each.get("key", "")) for each in given["targets"]]
    happenings = frozenset(Happening[each] for each in given.get("happenings", ())) or None
    made = subscribing.subscribe(call.database, email, settings, targets, happenings)
    return {"subscriptions": made}


@operation(subscribing.unsubscribe)
def unsubscribe(call: Call) -> Any:
    number = call.number("subscription")
    own = subscribing.list_subscriptions(call.database, call.own)
    if number not in [each.id for each in own]:
        raise NotFoundError(f"There is no subscription {number} of yours.")
    (gone,) = subscribing.unsubscribe(call.database, [number])
    return gone


@operation(subscribing.list_destinations)
def list_destinations(call: Call) -> Page:
    found = subscribing.list_destinations(call.database)
    own = None if call.own is None else call.own.lower()
    seen = [each for each in found if own is None or each.email.lower() == own]
    return page_of(call, seen, lambda each: each.id)


@operation(subscribing.enable_destination)
def enable_destination(call: Call) -> Any:
    return subscribing.enable_destination(call.database, call.number("destination"))


@operation(subscribing.send_test, waits=True)
def send_test(call: Call) -> Any:
    with call.detached() as database:
        return subscribing.send_test(database, call.number("destination"))


@operation(subscribing.list_waiting)
def list_waiting(call: Call) -> Page:
    call.undo()
    found = subscribing.list_waiting(call.database)
    return page_of(call, sorted(found, key=lambda each: each.key), lambda each: each.key)


@operation(subscribing.delivery_settings)
def delivery_settings(call: Call) -> Any:
    return subscribing.delivery_settings(call.database)


@operation(subscribing.change_delivery)
def change_delivery(call: Call) -> Any:
    return subscribing.change_delivery(call.database, call.body)
