"""What a source tree says of how it is to be read."""

import hashlib
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from malonewatch.interfaces import BadInput
from malonewatch.scanning.choosing import linguist_patterns
from malonewatch.scanning.settings import Settings, ignore_spec, read_settings

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

CONFIGURATION = ".malonewatch.toml"
IGNORE = ".malonewatchignore"
ATTRIBUTES = ".gitattributes"

#: Raised by one whenever the same files give other places.
EDITION = 1

_LARGEST = 1_000_000


class Rules(NamedTuple):
    """How a tree is to be read: its settings, what is left out, and a digest of all of it."""

    settings: Settings
    left_out: tuple["GitIgnoreSpec", ...]
    digest: str

    def leave_out(self, path: str) -> bool:
        """Whether they leave out the file with that path."""
        return any(spec.match_file(path) for spec in self.left_out)


def read_rules(root: str, configuration: str | None) -> Rules:
    """The rules of the tree in the folder `root`; see `ISourceScanner` for `configuration`.

    :raises BadInput: some of them cannot be used.
    """
    digest = hashlib.sha256(str(EDITION).encode())

    def content_of(file: str, is_needed: bool = False) -> bytes:
        content = _content(os.path.join(root, file), is_needed)
        digest.update(hashlib.sha256(content).digest())
        return content

    if configuration is None:
        content = content_of(CONFIGURATION)
    else:
        content = content_of(os.path.abspath(configuration), is_needed=True)
    settings = read_settings(configuration or CONFIGURATION, content)
    ignore = list(_lines(content_of(IGNORE)))
    # It is git's, which minds none that cannot be read.
    attributes = filter(_is_pattern, linguist_patterns(_lines(content_of(ATTRIBUTES))))
    specs = [
        ignore_spec(file, patterns)
        for file, patterns in (
            (configuration or CONFIGURATION, list(settings.exclude)),
            (IGNORE, ignore),
            (ATTRIBUTES, list(attributes)),
        )
        if patterns
    ]
    return Rules(settings, tuple(specs), digest.hexdigest())


def _is_pattern(text: str) -> bool:
    try:
        ignore_spec(ATTRIBUTES, [text])
    except BadInput:
        return False
    return True


def _content(path: str, is_needed: bool) -> bytes:
    # Only a person may name what has to be waited for, such as a pipe.
    opener = None if is_needed else _opened_at_once
    try:
        with open(path, "rb", opener=opener) as file:
            if not is_needed and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadInput(f"{path} is no plain file.")
            content = file.read(_LARGEST + 1)
    except OSError as error:
        if not is_needed and isinstance(error, (FileNotFoundError, IsADirectoryError)):
            return b""
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > _LARGEST:
        raise BadInput(f"{path} has more than {_LARGEST:,} bytes; that is no configuration.")
    return content


def _opened_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _lines(content: bytes) -> Iterator[str]:
    yield from content.decode("utf-8", "surrogateescape").splitlines()
