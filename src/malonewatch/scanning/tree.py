"""Source trees that are being read: in a git repository, or all files below a folder."""

import abc
import functools
import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Any

from zope.interface import implementer

from malonewatch.interfaces import BadInput, ISourceTree, Place
from malonewatch.scanning.choosing import (
    ENVIRONMENT_FILE,
    LARGEST_FILE,
    VCS_FOLDERS,
    VENDOR_FOLDERS,
    is_binary,
    is_generated,
    is_left_out,
)
from malonewatch.scanning.git import Git
from malonewatch.scanning.lines import SCHEME_ENDS
from malonewatch.scanning.places import places_in
from malonewatch.scanning.rules import CONFIGURATION, IGNORE, Rules, read_rules
from malonewatch.scanning.state import Commit, Stamps, packed, stamp, unpacked

#: When more files have changed, all are read anew: git finds those that matter sooner.
MOST_CHANGED = 5000

#: What was modified so shortly before may be modified again with the same time: nanoseconds.
_RECENT = 2_000_000_000
#: How coarse the times of files are.
_TICK = 100_000_000

_OPENING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_tree(paths: Sequence[str], configuration: str | None) -> Any:
    """See `ISourceScanner`."""
    places = [_real(path) for path in paths]
    if not places:
        raise BadInput("There is nothing to scan; name a folder, or files of one source tree.")
    tops = {_top(place) for place in places}
    repositories = {top if top and Git(top).is_usable() else None for top in tops}
    if len(repositories) > 1:
        raise BadInput(
            f"{', '.join(paths)} are in different source trees; scan one after the other."
        )
    (repository,) = repositories
    root = repository or os.path.commonpath([_folder(place) for place in places])
    parts = [os.path.relpath(place, root) for place in places]
    parts = [] if "." in parts else list(dict.fromkeys(parts))
    rules = read_rules(root, configuration)
    return (FolderTree if repository is None else GitTree)(root, parts, rules)


@implementer(ISourceTree)
class SourceTree(abc.ABC):
    """What both kinds have in common."""

    def __init__(self, root: str, parts: list[str], rules: Rules) -> None:
        self.root = root
        self.parts = parts
        self.is_whole = not parts
        self.is_anew = True
        self.state: bytes | None = None
        self.read_count = 0
        self.ignored_count = 0
        self.trackers = rules.settings.trackers
        self._rules = rules
        # What is named is meant, even if it is somebody else's.
        self._names_count = not any(is_left_out(f"{part}/") for part in parts)
        self._within = os.path.join(root, "")
        self._folder = (root, True)
        self._started = time.time_ns()

    def resume(self, state: bytes) -> None:
        """See `ISourceTree`."""
        kept = unpacked(self._rules.digest, state) if self.is_whole else None
        if kept is not None:
            self._go_on(kept)

    @abc.abstractmethod
    def _go_on(self, kept: Commit | Stamps) -> None:
        """Read only what changed since then, if that can be told."""

    @abc.abstractmethod
    def files(self) -> Iterator[tuple[str, Sequence[Place]]]:
        """See `ISourceTree`."""

    def _read(self, name: str) -> tuple[Sequence[Place], int]:
        """The places in a file, and when that was modified; see `_content`."""
        if name in (CONFIGURATION, IGNORE) or (self._names_count and is_left_out(name)):
            return (), 0
        content, modified = _content(f"{self._within}{name}")
        if content is None or is_binary(content):
            return (), modified
        self.read_count += 1
        places, ignored_count = places_in(shown(name), content, self._rules.settings.forms)
        # Only few files come so far, and what follows takes its time.
        if not (places or ignored_count) or is_generated(content) or self._leaves_out(name):
            return (), modified
        self.ignored_count += ignored_count
        return places, modified

    def _leaves_out(self, name: str) -> bool:
        if self._rules.leave_out(name):
            return True
        folder = os.path.dirname(f"{self._within}{name}")
        if folder != self._folder[0]:
            self._folder = (folder, os.path.realpath(folder) == folder)
        return not self._folder[1]


class GitTree(SourceTree):
    """What git tracks."""

    def __init__(self, root: str, parts: list[str], rules: Rules) -> None:
        super().__init__(root, parts, rules)
        self._git = Git(root)
        self._head = self._git.head() if self.is_whole else None
        # What it says is wanted in any case; meanwhile others can open a database.
        self._asked = self._ask_for_changes(self._head)
        self._changed: dict[str, bool] = {}
        self._before: frozenset[str] = frozenset()

    @functools.cached_property
    def _dirty(self) -> dict[str, bool] | None:
        return _said(self._asked)

    def _go_on(self, kept: Commit | Stamps) -> None:
        if not isinstance(kept, Commit) or self._head is None:
            return
        if kept.commit == self._head:
            changed = self._dirty
        else:
            is_there = self._git.commit(kept.commit) is not None
            changed = _said(self._ask_for_changes(kept.commit if is_there else None))
        if changed is not None:
            self._changed, self._before = changed, kept.dirty
            self.is_anew = len(changed.keys() | kept.dirty) > MOST_CHANGED

    def files(self) -> Iterator[tuple[str, Sequence[Place]]]:
        """See `ISourceTree`."""
        dirty = self._dirty
        modified_now = set()
        for name, is_there in self._names():
            places, modified = self._read(name) if is_there else ((), 0)
            if modified >= self._started - _TICK:
                modified_now.add(name)
            if places or not self.is_anew:
                yield shown(name), places
        if self._head and dirty is not None and len(dirty.keys() | modified_now) <= MOST_CHANGED:
            kept = Commit(self._head, frozenset(dirty.keys() | modified_now))
            self.state = packed(self._rules.digest, kept)

    def _ask_for_changes(self, commit: str | None) -> Iterator[tuple[str, bool]] | None:
        """As `Git.changed_since`; None if there is no commit, or git cannot be asked."""
        try:
            return None if commit is None else self._git.changed_since(commit)
        except BadInput:
            return None

    def _names(self) -> Iterator[tuple[str, bool]]:
        """The files to read, and whether they are there."""
        if self.is_anew:
            literals = [*SCHEME_ENDS, *(form.literal for form in self._rules.settings.forms)]
            for name in self._git.with_any(literals, self.parts):
                yield name, True
            return
        as_committed = self._before - self._changed.keys()
        tracked = self._git.tracked(as_committed)
        yield from sorted(
            (self._changed | {name: name in tracked for name in as_committed}).items()
        )


def _said(changes: Iterator[tuple[str, bool]] | None) -> dict[str, bool] | None:
    """What is said of each file; None if git cannot tell."""
    try:
        return None if changes is None else dict(changes)
    except BadInput:
        # Not all of the commit need be there.
        return None


class FolderTree(SourceTree):
    """All files below a folder."""

    _kept: Stamps | None = None

    def _go_on(self, kept: Commit | Stamps) -> None:
        if isinstance(kept, Stamps):
            self._kept = kept
            self.is_anew = False

    def files(self) -> Iterator[tuple[str, Sequence[Place]]]:
        """See `ISourceTree`."""
        before = self._kept or Stamps(frozenset(), frozenset())
        stamps: set[int] = set()
        with_places: set[str] = set()
        for name, status in self._walked():
            mark = stamp(name, status.st_size, status.st_mtime_ns)
            if status.st_mtime_ns < self._started - _RECENT:
                stamps.add(mark)
            if mark in before.stamps:
                if name in before.paths:
                    with_places.add(name)
                continue
            places, _ = self._read(name)
            if places:
                with_places.add(name)
            if places or not self.is_anew:
                yield shown(name), places
        for name in sorted(before.paths - with_places):
            yield shown(name), ()
        if self.is_whole:
            kept = Stamps(frozenset(stamps), frozenset(with_places))
            self.state = packed(self._rules.digest, kept)

    def _walked(self) -> Iterator[tuple[str, os.stat_result]]:
        """The files, by name, and what the system says of each."""
        if self.is_whole:
            yield from _walked(self.root, "", self._names_count)
        for part in self.parts:
            status = os.lstat(os.path.join(self.root, part))
            if stat.S_ISDIR(status.st_mode):
                yield from _walked(self.root, part + "/", self._names_count)
            elif stat.S_ISREG(status.st_mode):
                yield part, status


def _walked(root: str, top: str, names_count: bool) -> Iterator[tuple[str, os.stat_result]]:
    """The files below a folder of a tree, whose path ends with a slash if it is not the root."""
    left = [top]
    while left:
        folder = left.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if folder != top:
                continue
            raise BadInput(
                f"{os.path.join(root, folder)} cannot be read: {error.strerror}."
            ) from None
        if names_count and any(entry.name == ENVIRONMENT_FILE for entry in entries):
            continue
        folders = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name in VCS_FOLDERS or (names_count and entry.name in VENDOR_FOLDERS):
                    continue
                folders.append(f"{folder}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield folder + entry.name, entry.stat(follow_symlinks=False)
        left += reversed(folders)


def _content(path: str) -> tuple[bytes | None, int]:
    """What is in a file, and when that was modified, in nanoseconds.

    Nothing if it cannot be read, is no plain one, or is too large.
    """
    try:
        descriptor = os.open(path, _OPENING)
    except OSError:
        return None, 0
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            return None, status.st_mtime_ns
        return os.read(descriptor, status.st_size), status.st_mtime_ns
    finally:
        os.close(descriptor)


def shown(name: str) -> str:
    """The name of a file as text that can be printed."""
    if name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _real(path: str) -> str:
    """The absolute path of what is to be scanned; what itself is a link to a file stays one.

    :raises BadInput: there is nothing.
    """
    if os.path.isdir(path):
        return os.path.realpath(path)
    if not os.path.lexists(path):
        raise BadInput(f"There is no file or folder {path}.")
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def _folder(place: str) -> str:
    return place if os.path.isdir(place) else os.path.dirname(place)


def _top(place: str) -> str | None:
    """The folder it is in, or itself, that looks like that of a git repository."""
    folder = _folder(place)
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder
