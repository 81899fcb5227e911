"""Secrets, from a file of the user's."""

import configparser
import os
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
from zope.interface import implementer

from malonewatch.interfaces import BadInput, Credentials, ICredentials


@implementer(ICredentials)
class FileCredentials:
    """Credentials from an INI file.

    A section is named after a bug tracker's base URL or its host, and holds
    ``token``, or ``username`` and ``password``::

        [bugzilla.example.com]
        token = ...

    The file is the one that ``MALONEWATCH_CREDENTIALS`` names, else
    ``credentials.ini`` in the user's configuration directory.
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
            with path.open(encoding="utf-8") as file:
                parser.read_file(file)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            # The error's own text may quote a line with a secret in it.
            raise BadInput(
                f"The credentials file {path} cannot be read ({type(error).__name__}); correct it."
            ) from None
        for name in (baseurl.rstrip("/"), baseurl.rstrip("/") + "/", _host(baseurl)):
            if name and parser.has_section(name):
                section = parser[name]
                return Credentials(
                    username=section.get("username"),
                    password=section.get("password"),
                    token=section.get("token"),
                )
        return None


def _host(baseurl: str) -> str:
    return urlsplit(baseurl).netloc.lower()
