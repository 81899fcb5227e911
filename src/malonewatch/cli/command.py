"""The group of all commands."""

import click

from malonewatch.cli.options import database_options
from malonewatch.cli.places import Places

_COMMANDS = Places(
    {
        "audit": "audit.audit_command",
        "bug": "bugs.bug",
        "check": "check.check",
        "completion": "completion.completion",
        "copy": "database.copy",
        "credentials": "credentials.credentials",
        "deliver": "delivering.deliver",
        "delivery": "destinations.delivery",
        "destination": "destinations.destination",
        "edit": "watches.edit",
        "explain": "explaining.explain",
        "export": "transfer.export_command",
        "import": "transfer.import_command",
        "init": "database.init",
        "list": "listing.list_command",
        "move": "watches.move",
        "moved": "moved.moved",
        "outbox": "destinations.outbox",
        "pack": "database.pack",
        "person": "people.person",
        "prune": "database.prune",
        "scan": "scan.scan",
        "serve": "serving.serve",
        "show": "watches.show",
        "subscribe": "subscribing.subscribe",
        "subscriptions": "subscribing.list_subscriptions",
        "token": "tokens.token",
        "tracker": "trackers.tracker",
        "unsubscribe": "subscribing.unsubscribe",
        "unwatch": "watches.unwatch",
        "upgrade": "database.upgrade",
        "watch": "watches.watch",
        "worker": "worker.worker",
    }
)


@click.group(
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    epilog="Exit codes: 0 all is well; 1 a bug tracker could not be asked; 2 what was given "
    "cannot be used, and nothing was changed; 3 another run is at work on that bug tracker; 4 "
    "the database, or this machine, cannot be used; 5 interrupted; 6 there is what "
    "'scan --fail-on' or 'moved --fail-if-any' looks for; 70 a fault in malonewatch, "
    "with a traceback.",
)
@click.version_option(package_name="malonewatch")
@database_options
def command() -> None:
    """Watch bugs in other people's bug trackers.

    'checkwatches', run by cron, asks how the watched bugs are; this command
    says what is watched, and shows what came of it.
    """
