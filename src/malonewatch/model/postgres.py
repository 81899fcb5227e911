"""The URIs of databases in PostgreSQL."""

from typing import Any
from urllib.parse import unquote, urlencode

import zodburi
from relstorage.zodburi_resolver import PostgreSQLAdapterHelper, RelStorageURIResolver


class _Adapter(PostgreSQLAdapterHelper):
    """What is named in a URI, as libpq has it.

    RelStorage's own says that the port and the password are None where a URI
    leaves them to others, and takes what is quoted in it as it stands.
    """

    # The first is libpq's name, and the second RelStorage's, which libpq does not know.
    _string_args = ("sslmode", "ssl_mode")

    def __call__(self, parsed: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        given, unused = self.interpret_kwargs(options)
        if "ssl_mode" in given:
            given["sslmode"] = given.pop("ssl_mode")
        said = {
            "dbname": parsed.path[1:],
            "user": parsed.username,
            "password": parsed.password,
            "host": parsed.hostname,
        }
        named = {name: unquote(value) for name, value in said.items() if value}
        if parsed.port:
            named["port"] = parsed.port
        dsn = " ".join(f"{name}={_quoted(value)}" for name, value in (named | given).items())

        def factory(options: Any) -> Any:
            from relstorage.adapters.postgresql import PostgreSQLAdapter

            return PostgreSQLAdapter(dsn=dsn, options=options)

        return factory, unused


def _quoted(value: object) -> str:
    """A value in what libpq calls a connection string."""
    text = str(value).replace("\\", r"\\").replace("'", r"\'")
    return f"'{text}'"


_resolver = RelStorageURIResolver(_Adapter())


def resolve_uri(uri: str) -> tuple[Any, dict[str, Any]]:
    """What `zodburi.resolve_uri` gives: a factory of the storage, and options for the database."""
    factory, left = _resolver(uri)
    # What is not for the storage, zodburi reads for those of any kind; this one loads nothing else.
    return factory, zodburi.resolve_uri(f"sqlite://?{urlencode({**left, 'data_dir': '.'})}")[1]
