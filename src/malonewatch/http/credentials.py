"""Secrets, from a file of the user's."""

import configparser
import os
from pathlib import Path

import platformdirs
from zope.interface import implementer

from malonewatch.http.urls import clean, origin, shown
from malonewatch.interfaces import BadInput, Credentials, ICredentials


@implementer(ICredentials)
class FileCredentials:
    """Credentials from an INI file.

    A section is named after a bug tracker's base URL or its host, and holds
    ``token``, or ``username`` and ``password``::

        [bugzilla.example.com]
        token = ...

    The host comes with its port, if that is not the usual one of its scheme:
    ``[bugzilla.example.com:8080]``.  The section of the base URL comes first.

    The file is the one that ``MALONEWATCH_CREDENTIALS`` names, else
    ``credentials.ini`` in the user's configuration directory.  Without the
    file there are no credentials.
    """

    def __init__(self, path: Path | None = None):
        self._path = path

    @property
    def path(self) -> Path:
        if self._path is not None:
            return self._path
        named = os.environ.get("MALONEWATCH_CREDENTIALS")
        if named:
            return Path(named)
        return platformdirs.user_config_path("malonewatch") / "credentials.ini"

    def get(self, baseurl: str) -> Credentials | None:
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        path = self.path
        try:
            with path.open(encoding="utf-8-sig") as file:
                parser.read_file(file)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            # The error's own text may quote a line with a secret in it.
            raise BadInput(
                f"The credentials file {path} cannot be read ({type(error).__name__}); correct it."
            ) from None
        sections = {_normal(name): name for name in parser.sections()}
        for name in _names(baseurl):
            if name in sections:
                return self._credentials(parser[sections[name]])
        return None

    def _credentials(self, section: configparser.SectionProxy) -> Credentials:
        values = {name: section.get(name) for name in ("username", "password", "token")}
        if not values["token"] and not values["password"]:
            wrong = "has neither a token nor a password"
        elif not all(value is None or value.isprintable() for value in values.values()):
            wrong = "has a value of more than one line"
        else:
            return Credentials(**values)
        raise BadInput(
            f"The section {shown(section.name)} in the credentials file {self.path} {wrong}; "
            "correct it."
        )


def _normal(name: str) -> str:
    """A section's name, as it is compared."""
    try:
        return clean(name).rstrip("/")
    except ValueError:
        return name.strip().lower()


def _names(baseurl: str) -> list[str]:
    """What a section for the bug tracker at `baseurl` may be called, the best first."""
    try:
        baseurl = clean(baseurl)
    except ValueError:
        return []
    scheme, host, port = origin(baseurl)
    names = [baseurl.rstrip("/"), f"{host}:{port}"]
    if port == {"http": 80, "https": 443}[scheme]:
        names.append(host)
    return names
