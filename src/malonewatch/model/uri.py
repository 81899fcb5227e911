"""The URIs of databases: what they say, and what of it people may see."""

import os
import re
import urllib.parse
from pathlib import Path

from malonewatch.interfaces import BadInput

#: Schemes whose URIs take ``read_only``.
_READ_ONLY = ("sqlite", "file", "zeo", "postgres", "mysql")
#: Those of what keeps old revisions or not, as its URI says.
_RELATIONAL = ("sqlite", "postgres", "mysql")

#: How many seconds to wait for a server, where the URI does not say.
PATIENCE = 5
_PATIENCE = {"zeo": "wait_timeout", "postgres": "connect_timeout", "mysql": "connect_timeout"}


def default_uri() -> str:
    """The URI of the user's own database."""
    named = os.environ.get("MALONEWATCH_DATABASE")
    if named:
        return named
    # Only now: it takes its time to load.
    import platformdirs

    return sqlite_uri(platformdirs.user_data_path("malonewatch") / "database")


def sqlite_uri(directory: Path) -> str:
    """The URI of the embedded database in `directory`."""
    return f"sqlite://?{urllib.parse.urlencode({'data_dir': str(directory)}, safe='/')}"


def local_path(uri: str) -> Path | None:
    """The file or the folder on this machine that the database is in, None if it is elsewhere.

    :raises BadInput: `uri` cannot be the URI of a database.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        raise BadInput(
            f"{shown(uri)} is not the URI of a database; it looks like "
            "sqlite://?data_dir=/some/where or file:///some/where/Data.fs."
        )
    place, _, query = rest.partition("?")
    folder = dict(urllib.parse.parse_qsl(query)).get("data_dir", "")
    local = {"sqlite": folder, "file": place}.get(scheme)
    if local == "":
        raise BadInput(f"{shown(uri)} does not say where the database is.")
    return None if local is None else Path(local)


def place_of(uri: str) -> str:
    """Where the database is, for people: a folder or a file, else the URI without passwords."""
    try:
        path = local_path(uri)
    except BadInput:
        path = None
    return shown(uri) if path is None else str(path)


def location_of(uri: str) -> str:
    """Where the database is, the same for every spelling of a path that leads there."""
    try:
        path = local_path(uri)
    except BadInput:
        path = None
    return shown(uri) if path is None else os.path.realpath(path)


def completed(uri: str, read_only: bool, keeps_history: bool = False) -> str:
    """The URI with what it does not say itself.

    Servers are not waited for any longer than `PATIENCE`.  A relational
    database keeps no old revisions, but for one that has some already: with
    them an embedded one's commits cost what it holds rather than what they
    write, and any grows until it is packed.
    """
    scheme, _, rest = uri.partition("://")
    options = {}
    if scheme in _PATIENCE:
        options[_PATIENCE[scheme]] = str(PATIENCE)
    if scheme in _RELATIONAL and not keeps_history:
        options["keep_history"] = "false"
    said = dict(urllib.parse.parse_qsl(rest.partition("?")[2], keep_blank_values=True))
    options = {name: value for name, value in options.items() if name not in said}
    if read_only and scheme in _READ_ONLY:
        # Of two the last one counts.
        options["read_only"] = "1"
    if not options:
        return uri
    return f"{uri}{'&' if '?' in rest else '?'}{urllib.parse.urlencode(options)}"


def shown(uri: str) -> str:
    """The URI without the passwords that it may hold."""
    uri = re.sub(r"^((?:[^:/?]*://)?[^:/?@]*):(?!//)[^?#]*@", r"\1:...@", uri)
    return re.sub(r"(?i)(?<=password=)[^&#]*", "...", uri)


def without_passwords(text: str, uri: str) -> str:
    """`text`, such as an error message, without the passwords that `uri` holds."""
    found = re.findall(r"^(?:[^:/?]*://)?[^:/?@]*:(?!//)([^?#]*)@|password=([^&#]*)", uri, re.I)
    for password in filter(None, (one or other for one, other in found)):
        for form in (password, urllib.parse.unquote(password), urllib.parse.unquote_plus(password)):
            text = text.replace(form, "...")
    return text
