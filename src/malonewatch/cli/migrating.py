"""The command tracker migrate."""

import click

from malonewatch.application import migrating
from malonewatch.application.migrating import ANY_ID, SAME_ID, Migrated, Migration, Rule
from malonewatch.cli.options import Settings, database_options, type_option
from malonewatch.cli.output import say
from malonewatch.cli.text import count_of

#: How many watches of each kind are shown.
_SHOWN = 20


@click.command()
@click.argument("what", metavar="NAME")
@click.option("--to", "url", metavar="URL", help="The base URL where its bugs are now.")
@type_option
@click.option(
    "--pattern",
    metavar="REGEX",
    default=ANY_ID,
    help="Only watches whose remote id matches this as a whole.  [default: all]",
)
@click.option(
    "--id",
    "template",
    metavar="TEMPLATE",
    default=SAME_ID,
    help=r"The new id, with \1 for the pattern's first group.  [default: the same id]",
)
@click.option("-y", "--yes", is_flag=True, help="Do it, rather than show what would be done.")
@database_options
@click.pass_obj
def migrate(
    settings: Settings,
    what: str,
    url: str | None,
    type_name: str | None,
    pattern: str,
    template: str,
    yes: bool,
) -> None:
    """Let watches go where the bugs of a bug tracker went.

    With --to they go there by a rule: another base URL, other software, other
    ids.  Without, those go whose bugs were seen to have moved.  Watches keep
    their numbers and their history, and are asked for anew.  Nothing is changed
    without --yes.
    """
    rule = Rule(url, type_name, pattern, template)
    with settings.open(read_only=not yes) as database:
        migration = migrating.migrate(database, what, rule, dry_run=not yes)
    _say_migration(migration, yes)


def _say_migration(migration: Migration, done: bool) -> None:
    for facts in migration.registered:
        say(
            f"{facts.name}, of type {facts.bugtrackertype}, at {facts.baseurl}, "
            f"{'is' if done else 'would be'} registered."
        )
    for migrated in migration.migrated[:_SHOWN]:
        say(f"  {_went(migrated)}")
    if len(migration.migrated) > _SHOWN:
        say(f"  and {len(migration.migrated) - _SHOWN} more")
    for watch in migration.stay[:_SHOWN]:
        say(f"  Watch {watch.id} ({watch.remote} for bug {watch.bug}) stays.")
    if len(migration.stay) > _SHOWN:
        say(f"  and {len(migration.stay) - _SHOWN} more stay")
    count = count_of(len(migration.migrated), "watch", "watches")
    name = migration.source.name
    if done:
        say(f"{count} of {name} went.")
    else:
        say(f"{count} of {name} would go; --yes lets them.")


def _went(migrated: Migrated) -> str:
    before, after = migrated.before, migrated.after
    line = f"Watch {before.id} for bug {before.bug}: {before.remote} -> {after.remote}"
    return f"{line}, one with watch {after.id}" if migrated.merged else line
