"""Which files are worth a look: not those that are generated, or somebody else's."""

import re
from collections.abc import Iterable

#: How many bytes a file may have.
LARGEST_FILE = 5_000_000

#: Folders in which version control systems keep what they know.
VCS_FOLDERS = frozenset(
    (".git", ".hg", ".svn", ".bzr", "_darcs", ".darcs", "CVS", ".jj", ".pijul", ".sl")
)

#: Folders with other people's sources, or with what was made from ours.
VENDOR_FOLDERS = frozenset(
    (
        *("node_modules", "bower_components", "jspm_packages", "vendor", "vendored", "_vendor"),
        *("third_party", "third-party", "thirdparty", "3rdparty"),
        *(".tox", ".nox", ".venv", "site-packages", "__pypackages__"),
        *("__pycache__", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".gradle"),
        *("Carthage", "Pods", "Godeps", ".yarn", ".bundle", ".terraform", ".stack-work"),
    )
)

#: What a folder has that is a virtual environment of Python's.
ENVIRONMENT_FILE = "pyvenv.cfg"

_LOCK_FILES = frozenset(
    (
        *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "packages.lock.json"),
        *("go.sum", "gradle.lockfile", "cabal.project.freeze", "buildscript-gradle.lockfile"),
        "deno.lock",
    )
)
_GENERATED_NAME = re.compile(
    r"[.-]min\.(?:js|mjs|css|html)$|\.(?:js|css|mjs|ts)\.map$|\.lock$|\.lockb$|\.pot?$"
    r"|\.pb\.(?:go|cc|h)$|_pb2(?:_grpc)?\.pyi?$|\.egg-info/",
    re.IGNORECASE,
)

# In one of the first lines.
_GENERATED = (b"@generated", b"DO NOT EDIT")
_LINES = 10
_START = 2000

# A binary file, as git decides.
_BINARY_START = 8000

_ATTRIBUTES = ("linguist-generated", "linguist-vendored")


def is_left_out(path: str) -> bool:
    """Whether the name of a file says that it is generated, or somebody else's."""
    *folders, name = path.split("/")
    if not VENDOR_FOLDERS.isdisjoint(folders):
        return True
    return name in _LOCK_FILES or _GENERATED_NAME.search(path) is not None


def is_generated(content: bytes) -> bool:
    """Whether one of the first lines says that a program has written the file."""
    start = content[:_START]
    return any(
        mark in start and start.count(b"\n", 0, start.find(mark)) < _LINES for mark in _GENERATED
    )


def is_binary(content: bytes) -> bool:
    """Whether it is no text."""
    return b"\0" in content[:_BINARY_START]


def linguist_patterns(lines: Iterable[str]) -> list[str]:
    """What a ``.gitattributes`` says to be generated or vendored, in gitignore's syntax."""
    patterns = []
    for line in lines:
        pattern, *attributes = line.split() or [""]
        if pattern.startswith(("#", "[", "!", '"')):
            continue
        for attribute in attributes:
            name, _, value = attribute.partition("=")
            if name.lstrip("-!") in _ATTRIBUTES:
                is_off = name[0] in "-!" or value == "false"
                patterns.append(f"!{pattern}" if is_off else pattern)
    return patterns
