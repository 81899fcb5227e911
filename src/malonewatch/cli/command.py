"""The group of all commands."""

import click

from malonewatch.cli.bugs import bug
from malonewatch.cli.changes import (
    accept_changes,
    disable,
    edit,
    enable,
    merge,
    move_tracker,
    remove,
)
from malonewatch.cli.check import check
from malonewatch.cli.completion import completion
from malonewatch.cli.credentials import credentials
from malonewatch.cli.database import init, pack, upgrade
from malonewatch.cli.destinations import delivery, destination, outbox
from malonewatch.cli.listing import list_command
from malonewatch.cli.migrating import migrate
from malonewatch.cli.moved import moved
from malonewatch.cli.options import database_options
from malonewatch.cli.scan import scan
from malonewatch.cli.subscribing import list_subscriptions, subscribe, unsubscribe
from malonewatch.cli.trackers import tracker
from malonewatch.cli.transfer import export_command, import_command
from malonewatch.cli.watches import move, show, unwatch, watch
from malonewatch.cli.words import check_vocabulary, list_types, map_word, reread_words, unknown


@click.group(
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


for each in (
    *(watch, list_command, moved, show, check, unwatch, move),
    *(scan, bug, tracker, import_command, export_command, credentials),
    *(subscribe, unsubscribe, list_subscriptions, destination, delivery, outbox),
    *(init, upgrade, pack, completion),
):
    command.add_command(each)
for each in (edit, enable, disable, remove, move_tracker, merge, migrate, accept_changes):
    tracker.add_command(each)
for each in (list_types, map_word, reread_words, unknown, check_vocabulary):
    tracker.add_command(each)
