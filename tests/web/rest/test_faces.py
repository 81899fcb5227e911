"""What people can do, they can do on the command line, in a browser, and over REST."""

import importlib
import pkgutil

import click
import pytest

import malonewatch.application
from malonewatch.application.remote import marked, scope_of
from malonewatch.cli.command import command
from malonewatch.web.rest.calls import WAYS
from malonewatch.web.rest.document import DOCUMENT, OPERATIONS

#: Why there is no page.
BY_HAND = "who runs the site does it, and seldom"
INSTEAD = "the search of the page of watches finds them"

#: For each function its command, and its page: what it shows, and its name below that; or why
#: there is none.
FACES = {
    "asking.check": ("check", "IBugWatch check"),
    "audit.find_page": ("audit", "Audit"),
    "bugs.delete": ("bug delete", "IBug delete"),
    "bugs.find": ("bug list", "IBug"),
    "bugs.list_page": ("bug list", "Bugs"),
    "bugs.retitle": ("bug retitle", "IBug retitle"),
    "bugs.set_private": ("bug edit", "IBug private"),
    "credentials.check_credentials": ("credentials check", "Trackers credentials"),
    "explaining.explain_watch": ("explain", "IBugWatch explain"),
    "finding.find_bugs": ("watch", "Watches add"),
    "links.report": ("scan", "Links"),
    "listing.find_page": ("list", "Watches"),
    "migrating.migrate": ("tracker migrate", "IBugTracker migrate"),
    "moved.find_moved": ("moved", "Desk"),
    "moving.merge": ("tracker merge", "IBugTracker merge"),
    "moving.move": ("tracker move", "IBugTracker move"),
    "people.add": ("person add", "People add"),
    "people.disable": ("person disable", "People disable"),
    "people.edit": ("person edit", "People edit"),
    "people.enable": ("person enable", "People enable"),
    "people.find": ("person list", "People"),
    "people.list_people": ("person list", "People"),
    "people.remove": ("person remove", "People remove"),
    "people.set_password": ("person password", "People password"),
    "subscribing.change_delivery": ("delivery", "Settings delivery"),
    "subscribing.delivery_settings": ("delivery", "Settings"),
    "subscribing.enable_destination": ("destination enable", "Subscriptions enable"),
    "subscribing.list_destinations": ("destination list", "Subscriptions"),
    "subscribing.list_subscriptions": ("subscriptions", "Subscriptions"),
    "subscribing.list_waiting": ("outbox", "the subscriptions tell how much waits"),
    "subscribing.send_test": ("destination test", "Subscriptions test"),
    "subscribing.subscribe": ("subscribe", "Subscriptions add"),
    "subscribing.unsubscribe": ("unsubscribe", "Subscriptions remove"),
    "tokens.issue": ("token issue", "Feeds issue"),
    "tokens.list_tokens": ("token list", "Feeds"),
    "tokens.revoke": ("token revoke", "Feeds revoke"),
    "trackers.accept_changes": ("tracker accept-changes", "IBugTracker accept"),
    "trackers.add": ("tracker add", "Trackers add"),
    "trackers.edit": ("tracker edit", "IBugTracker edit"),
    "trackers.list_trackers": ("tracker list", "Trackers"),
    "trackers.remove": ("tracker remove", "IBugTracker remove"),
    "trackers.show": ("tracker show", "IBugTracker"),
    "transfer.export_lines": ("export", "Watches export"),
    "transfer.import_lines": ("import", "Watches import"),
    "types.list_types": ("tracker types", "the type of a bug tracker is found out"),
    "watches.find": ("show", INSTEAD),
    "watches.move": ("move", "IBugWatch move"),
    "watches.set_interval": ("edit", BY_HAND),
    "watches.show": ("show", "IBugWatch"),
    "watches.unwatch": ("unwatch", "IBugWatch unwatch"),
    "watches.watch": ("watch", "Watches add"),
    "watches.watch_text": ("watch", "Watches add"),
    "words.check_vocabulary": ("tracker check", "IBugTracker vocabulary"),
    "words.list_mappings": ("tracker map", "IBugTracker"),
    "words.map_word": ("tracker map", "IBugTracker map"),
    "words.reread_words": ("tracker reread", "IBugTracker reread"),
    "words.unknown_words": ("tracker unknown", "Needs"),
}


@pytest.fixture(scope="module")
def functions():
    """All functions that are for use from elsewhere, by name."""
    package = malonewatch.application
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    # They say themselves how they are done.
    importlib.import_module("malonewatch.web.rest.operations")
    return marked()


def operations():
    return [
        (operation, DOCUMENT["paths"][operation.path][operation.method])
        for methods in OPERATIONS.values()
        for operation in methods.values()
    ]


def test_each_function_has_one_operation_and_each_operation_a_function(functions):
    names = [operation.name for operation, _ in operations()]
    assert sorted(names) == sorted(functions)
    assert set(WAYS) == set(functions)


def test_what_it_takes_is_what_the_document_says(functions):
    for operation, definition in operations():
        scope = scope_of(functions[operation.name])
        ways = [{"token": [scope.value]}]
        if operation.method == "get":
            ways.append({"session": []})
        assert definition["security"] == ways, operation.name


def test_what_changes_nothing_is_a_get_and_takes_a_token_for_reading_at_most_or_administers(
    functions,
):
    for operation, _ in operations():
        if scope_of(functions[operation.name]).value == "read":
            assert operation.method == "get", operation.name


def test_each_has_a_command(functions):
    assert sorted(FACES) == sorted(functions)
    known = set(commands(command, ()))
    assert {line for line, _ in FACES.values()} - known == set()


def commands(of, path):
    if not isinstance(of, click.Group):
        yield " ".join(path)
        return
    for name in of.list_commands(None):
        yield from commands(of.get_command(None, name), (*path, name))


def test_each_has_a_page_or_a_reason_why_not(functions, application):
    views = application.registry.introspector.get_category("views")
    pages = {
        f"{view['introspectable']['context'].__name__} {view['introspectable']['name']}".strip()
        for view in views
        if view["introspectable"]["context"] is not None
    }
    for name, (_, page) in FACES.items():
        assert page in pages or page.islower() or " " in page, name
        if page.partition(" ")[0][0].isupper():
            assert page in pages, name
