"""What git knows of a source tree: what it tracks, and what has changed.

A repository may be hostile: nothing in its configuration may start a program,
nor may anything be fetched.
"""

import contextlib
import os
import subprocess
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from malonewatch.interfaces import BadInput

_READ_SIZE = 1 << 16
#: As many files are looked for by name, rather than among all.
_FEW = 100

# What is said on the command line comes before what the repository says.
_HARMLESS = (
    *("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=false", "-c", "core.attributesFile=/dev/null"),
)

#: What a filter of contents has; it would run where a file is compared with a commit.
_FILTER = ("clean=", "smudge=", "process=", "required=false")


class Git:
    """The git repository whose working tree is the folder `root`, an absolute path.

    Methods raise `BadInput`, with what git said, if it does not do what it is asked for.
    """

    def __init__(self, root: str) -> None:
        self._root = root

    def is_usable(self) -> bool:
        """Whether there is a git, and such a repository.

        :raises BadInput: git does not trust it.
        """
        try:
            top = self._line("rev-parse", "--show-toplevel")
        except FileNotFoundError:
            return False
        except BadInput as error:
            if "safe.directory" in str(error):
                raise BadInput(
                    f"{self._root} is somebody else's repository, and git does not trust it; if "
                    f"you do, call: git config --global --add safe.directory {self._root}"
                ) from None
            return False
        # A configuration could name any folder.
        return os.fsdecode(top) == self._root

    def head(self) -> str | None:
        """The commit that is checked out; None if there is none yet."""
        return self.commit("HEAD")

    def commit(self, name: str) -> str | None:
        """The commit of that name, None if it is not there."""
        try:
            return self._line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode()
        except BadInput:
            return None

    def changed_since(self, commit: str) -> Iterator[tuple[str, bool]]:
        """The files that are not what they are in that commit, and whether they are there and
        tracked.

        Git begins to look for them at once, and has not to be waited for before they are wanted.
        """
        said = self._names(
            *self._without_filters(),
            *("diff", "--name-status", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"),
            *("--ignore-submodules=all", "--no-color", "-O/dev/null", commit, "--"),
        )
        return ((name, status != "D") for status, name in zip(said, said, strict=True))

    def tracked(self, names: Iterable[str]) -> set[str]:
        """Those of some files that are tracked."""
        wanted = set(names)
        if not wanted:
            return wanted
        # Git looks for each of them in all that it tracks.
        few = sorted(wanted) if len(wanted) <= _FEW else []
        return wanted.intersection(self._names("ls-files", "-z", "--cached", "--", *few))

    def with_any(self, literals: Sequence[bytes], parts: Sequence[str]) -> Iterator[str]:
        """The tracked files, at or below some of `parts` if there are any, with one of `literals`.

        Not those that are binary, nor those that are no plain files.  Literals
        are ASCII, and the case of their letters is all the same.
        """
        options = [option for literal in literals for option in ("-e", literal.decode())]
        fold = ["-i"] if any(each.lower() != each.upper() for each in literals) else []
        return self._names(
            *("grep", "-I", "-l", "-z", "-F", *fold, "--no-color", "--full-name"),
            *("--no-recurse-submodules", "--no-textconv", *options, "--", *parts),
            fine=(0, 1),
        )

    def _without_filters(self) -> list[str]:
        """Options with which no filter of contents runs, whoever has configured it."""
        options = []
        for key in self._names("config", "--list", "--name-only", "-z"):
            name, _, variable = key.rpartition(".")
            if key.startswith("filter.") and variable in ("clean", "process"):
                if "=" in name:
                    raise BadInput(f"{self._root} has a filter of git's that is named {name!r}.")
                options += [part for each in _FILTER for part in ("-c", f"{name}.{each}")]
        return options

    def _line(self, *arguments: str) -> bytes:
        with tempfile.TemporaryFile() as errors, self._started(arguments, errors) as process:
            said, _ = process.communicate()
            self._check(process.returncode, arguments, errors, (0,))
        return said.removesuffix(b"\n")

    def _names(self, *arguments: str, fine: Sequence[int] = (0,)) -> Iterator[str]:
        """The names, each before a NUL, that git says, as it says them; it is started at once."""
        with contextlib.ExitStack() as stack:
            errors = stack.enter_context(tempfile.TemporaryFile())
            process = stack.enter_context(self._started(arguments, errors))
            stack.callback(process.kill)
            names = self._said(process, arguments, errors, fine)
            # It ends when nobody can want more any longer, or ever began to.
            weakref.finalize(names, stack.pop_all().close)
        return names

    def _said(
        self,
        process: subprocess.Popen[bytes],
        arguments: Sequence[str],
        errors: Any,
        fine: Sequence[int],
    ) -> Iterator[str]:
        assert process.stdout is not None
        rest = b""
        while some := os.read(process.stdout.fileno(), _READ_SIZE):
            *names, rest = (rest + some).split(b"\0")
            yield from map(os.fsdecode, names)
        self._check(process.wait(), arguments, errors, fine)

    def _started(self, arguments: Sequence[str], errors: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["git", *_HARMLESS, *arguments],
            cwd=self._root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )

    def _check(self, code: int, arguments: Sequence[str], errors: Any, fine: Sequence[int]) -> None:
        if code in fine:
            return
        errors.seek(0)
        said = " ".join(errors.read(10_000).decode(errors="replace").split())
        raise BadInput(f"git cannot read {self._root}: {said or f'it ended with {code}'}.")


def _environment() -> dict[str, str]:
    """The environment, with nothing of another repository, and without what starts programs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG")
    }
    return kept | {
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
