"""The `ICredentials` utility: secrets, from a file of the user's."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from zope.interface import implementer

from malonewatch.http.credentialsfile import Section, names, parse
from malonewatch.http.files import Unreadable, is_open_to_others, read
from malonewatch.http.references import BrokenReference, resolve
from malonewatch.http.urls import clean, origin
from malonewatch.interfaces import BadInput, Credentials, ICredentials

log = logging.getLogger("malonewatch.http")


@implementer(ICredentials)
class FileCredentials:
    """Credentials from an INI file.

    A section is named after a bug tracker's base URL or its host, and holds
    ``token``, or ``username`` and ``password``::

        [bugzilla.example.com]
        token = ...

    The host comes with its port, if that is not the usual one of its scheme:
    ``[bugzilla.example.com:8080]``.  The section of the base URL comes first.
    A value may say where the secret is instead, see
    `malonewatch.http.references`.  What is wrong with a section concerns only
    the bug trackers that it is for.

    The file is the one that ``MALONEWATCH_CREDENTIALS`` names, which has to be
    there; else ``credentials.ini`` in the user's configuration directory, and
    without that there are no credentials.
    """

    def __init__(self, path: Path | None = None):
        self._path = path
        self._parsed: tuple[bytes, Mapping[str, Section]] = (b"", {})
        self._said: set[str] = set()

    @property
    def path(self) -> Path:
        if self._path is not None:
            return self._path
        named = _named()
        if named is not None:
            return named
        # Only now: few commands look for secrets.
        import platformdirs

        return platformdirs.user_config_path("malonewatch") / "credentials.ini"

    def get(self, baseurl: str) -> Credentials | None:
        section = self._find(baseurl)
        return None if section is None else self._credentials(section, baseurl)

    def getSection(self, baseurl: str) -> str | None:
        section = self._find(baseurl)
        return None if section is None else section.name

    def sections(self) -> list[str]:
        return list(self._read())

    def _find(self, baseurl: str) -> Section | None:
        sections = self._read()
        return next((sections[name] for name in names(baseurl) if name in sections), None)

    def _credentials(self, section: Section, baseurl: str) -> Credentials:
        wrong = section.wrong
        values: dict[str, str] = {}
        host = origin(clean(baseurl))[1]
        try:
            for field in ("username", "password", "token"):
                value = section.values.get(field)
                if value:
                    values[field] = resolve(value, field, host, self.path.parent)
        except BrokenReference as error:
            wrong = str(error)
        if not wrong and not (values.get("token") or values.get("password")):
            wrong = "has neither a token nor a password"
        if not wrong and not all(value.isprintable() for value in values.values()):
            wrong = "has a value that is not one line of text"
        if wrong:
            raise BadInput(
                f"The section {section.name} in the credentials file {self.path} {wrong}; "
                "correct it."
            )
        if section.values.get("password") == "netrc":
            values.setdefault("username", resolve("netrc", "username", host, self.path.parent))
        return Credentials(**values)

    def _read(self) -> Mapping[str, Section]:
        """The sections by name."""
        path = self.path
        try:
            data, status = read(path)
        except FileNotFoundError:
            if path != _named():
                return {}
            why = "no such file"
        except Unreadable as error:
            why = str(error)
        else:
            if is_open_to_others(status):
                self._warn(f"Others can read the credentials file {path}; make it yours alone.")
            if data != self._parsed[0]:
                sections, more = parse(data)
                if more:
                    self._warn(
                        f"What stands before the first section of the credentials file {path} "
                        "is for no bug tracker."
                    )
                self._parsed = data, sections
            return self._parsed[1]
        raise BadInput(f"The credentials file {path} cannot be read ({why}); correct it.")

    def _warn(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning(sentence)


def _named() -> Path | None:
    """The file that the environment names."""
    named = os.environ.get("MALONEWATCH_CREDENTIALS")
    return Path(named) if named else None
