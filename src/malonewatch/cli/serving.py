"""The command serve."""

import importlib.metadata
import warnings
from collections.abc import Sequence
from typing import Any

import click

from malonewatch.cli.options import Settings, database_options
from malonewatch.cli.output import say
from malonewatch.interfaces import BadInput, MalonewatchError
from malonewatch.parameters import Whole

#: Under which entry point group faces of malonewatch name themselves.
FACES = "malonewatch.faces"


class CannotServe(MalonewatchError):
    """It cannot listen."""


@click.command()
@click.option(
    "--host",
    metavar="NAME",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen at; this machine's own only.",
)
@click.option(
    "--port",
    type=Whole(0, 65535),
    metavar="N",
    default=8090,
    show_default=True,
    help="The port; 0 is any that is free.",
)
@click.option(
    "--url", metavar="URL", help="Where people reach it, such as https://bugs.example.com."
)
@click.option(
    "--proxy-user-header",
    "user_header",
    metavar="NAME",
    help="The header in which a proxy says who makes a request, instead of a log-in here.",
)
@click.option(
    "--trusted-proxy",
    "proxy",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address of that proxy; from elsewhere the header is not believed.",
)
@click.option(
    "--administrator",
    "administrators",
    metavar="NAME",
    multiple=True,
    help="Whom the proxy names, and who may do everything.  May be given again for more.",
)
@click.option("--accounts", is_flag=True, help="People log in by name and password; see 'person'.")
@database_options
@click.pass_obj
def serve(settings: Settings, /, **values: Any) -> None:
    """Open the desk: what is watched, in a browser.

    Without accounts, or a proxy that says who is who, a link is shown that logs
    in whoever opens it, once.
    """
    web = _web()
    with settings.open() as database:
        try:
            server = web.open_server(database, web.Options(**values), say)
        except OSError as error:
            raise CannotServe(
                f"Port {values['port']} of {values['host']} cannot be listened at: "
                f"{error.strerror}; --port names another one."
            ) from None
        server.run()


def _web() -> Any:
    """The module that serves, which comes with an extra."""
    found: Sequence[Any] = importlib.metadata.entry_points(group=FACES, name="web")
    try:
        (entry_point,) = found
        with warnings.catch_warnings():
            # Pyramid 2.0 uses it; that is no matter of who serves.
            warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
            return entry_point.load()
    except (ImportError, ValueError):
        raise BadInput(
            "The desk needs packages that are not installed; 'pip install malonewatch[web]' "
            "brings them."
        ) from None
