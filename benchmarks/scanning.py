"""What it costs to scan a large source tree, to what git takes to look for ``://`` in it.

``python -m benchmarks.scanning``
"""

import dataclasses
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Measured, Row, best, run
from malonewatch.model import sqlite_uri

COMMAND = "python -m benchmarks.scanning"
FILES = 100_000
BYTES = 1_000_000_000
CHANGED = 10
ROUNDS = 3
#: Of so many files, one names a bug.
BETWEEN_BUGS = 50
#: How many files there are in a folder.
IN_FOLDER = 50

#: Prints nothing, and leaves the state in the file that it is given.
SCAN = """
import sys
from pathlib import Path
from malonewatch.scanning.scanner import scan
state, root = Path(sys.argv[1]), sys.argv[2]
tree = scan([root])
if state.exists():
    tree.resume(state.read_bytes())
for path, places in tree.files():
    pass
state.write_bytes(tree.state)
"""

#: Where the links of the tree lead to.
ACCEPTED = (
    *("https://github.com", "https://gitlab.com", "https://bugzilla.mozilla.org"),
    *("https://sourceware.org/bugzilla", "https://bugs.python.org"),
)

LICENCE = """\
# Licensed under the Apache License, Version 2.0 (the "License"); you may not
# use this file except in compliance with the License.  You may obtain a copy at
#     https://www.apache.org/licenses/LICENSE-2.0
"""
#: A third of the files has one of these, or more.
URLS = (
    "# See https://docs.python.org/3/library/asyncio.html for how it is meant.\n",
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">\n',
    "HOME = 'https://example.org/project'\n",
    "# https://en.wikipedia.org/wiki/Levenshtein_distance\n",
    '    "homepage": "https://www.example.org/some/package#readme",\n',
    " * @see http://www.example.com/documentation/index.html\n",
)
BUGS = (
    "    # Remove this when https://github.com/owner/repo/issues/{n} is fixed.\n",
    "@pytest.mark.skip(reason='https://bugs.python.org/issue{n}')\n",
    "// Workaround for https://bugzilla.mozilla.org/show_bug.cgi?id={n}\n",
    "    # malonewatch: until closed\n    # https://gitlab.com/group/project/-/issues/{n}\n",
    "Bug: https://sourceware.org/bugzilla/\n show_bug.cgi?id={n}\n",
)
CODE = """
self return import from value: list[int] = {} # // the a of def class if else None True
False int char * -> == != && || 0x1f 42 'text' "text" std::vector<int> for in range(10):
void static const struct name->field, result += 1; assert not lambda key: key.lower()
"""
WORDS = CODE.split()


@dataclasses.dataclass(frozen=True)
class Command:
    """What scans the tree that is named after `arguments`, what it keeps, and what makes that."""

    arguments: list[str]
    kept: Path
    init: list[str]

    def forget(self) -> None:
        """Let it begin with nothing."""
        if self.kept.is_dir():
            shutil.rmtree(self.kept)
        self.kept.unlink(missing_ok=True)
        if self.init:
            subprocess.run(self.init, check=True, stdout=subprocess.DEVNULL)


def contents() -> Iterator[bytes]:
    """What is in the files, one after the other, the same every time."""
    chance = random.Random(8)
    lines = [
        "    " * chance.randrange(4)
        + " ".join(chance.choices(WORDS, k=chance.randint(1, 14)))
        + "\n"
        for _ in range(5000)
    ]
    average = BYTES // FILES
    for number in itertools.count():
        size = min(int(chance.expovariate(1 / average)) + 200, 50 * average)
        start = chance.randrange(len(lines))
        some: list[str] = [LICENCE] if number % 10 == 0 else []
        length = 0
        while length < size:
            some.append(lines[start % len(lines)])
            length += len(some[-1])
            start += 1
        if number % 3 == 0:
            for url in chance.choices(URLS, k=chance.randint(1, 5)):
                some.insert(chance.randrange(len(some) + 1), url)
        if number % BETWEEN_BUGS == 0:
            bug = chance.choice(BUGS).format(n=number)
            some.insert(chance.randrange(len(some) + 1), bug)
        yield "".join(some).encode()


def make_tree(root: Path) -> int:
    """A repository with as many files and bytes; returns how many bytes it has."""
    total = 0
    for number, content in enumerate(itertools.islice(contents(), FILES)):
        folder = root / f"part{number // IN_FOLDER // 50}" / f"folder{number // IN_FOLDER % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"module{number % IN_FOLDER}.py").write_bytes(content)
        total += len(content)
    git(root, "init", "--quiet")
    git(root, "-c", "core.compression=0", "add", "--all")
    git(root, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "All")
    return total


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), "-c", "gc.auto=0", *arguments], check=True)


def change(root: Path) -> None:
    """Add a line to some files here and there."""
    files = sorted(root.glob("part*/folder7/module3.py"))[:CHANGED]
    assert len(files) == CHANGED
    for file in files:
        with file.open("a") as stream:
            stream.write("# https://github.com/owner/repo/issues/1\n")


def scanner(state: Path) -> Command:
    """The scanner alone, which leaves its state in that file."""
    return Command([sys.executable, "-c", SCAN, str(state)], state, [])


def command(data: Path) -> Command:
    """The whole command, with its database in that folder; it accepts where links lead to."""
    malonewatch = [sys.executable, "-m", "malonewatch.cli", "--database", sqlite_uri(data)]
    accept = [option for url in ACCEPTED for option in ("--accept", url)]
    return Command([*malonewatch, "scan", *accept], data, [*malonewatch, "init"])


def measured(command: Command, root: Path) -> tuple[Measured, Measured]:
    """The best of some first scans, each with nothing kept, and of some after changes."""
    firsts, seconds = [], []
    for _ in range(ROUNDS):
        command.forget()
        firsts.append(run([*command.arguments, str(root)]))
    # These take so short that more of them are disturbed.
    for _ in range(3 * ROUNDS):
        change(root)
        seconds.append(run([*command.arguments, str(root)]))
    assert all(each.code == 0 for each in (*firsts, *seconds)), (firsts, seconds)
    return quickest(firsts), quickest(seconds)


def quickest(some: Sequence[Measured]) -> Measured:
    return min(some, key=lambda one: one.wall)


def start_of(command: Command, root: Path) -> float:
    """The seconds that it takes with a tree of no files: those of its start, and its end."""
    git(root, "init", "--quiet")
    command.forget()
    return quickest([run([*command.arguments, str(root)]) for _ in range(2 * ROUNDS)]).wall


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root, empty = folder / "tree", folder / "empty"
        root.mkdir()
        empty.mkdir()
        size = make_tree(root)
        tree = f"{FILES:,} files with {size / 1e9:.2f} GB and {FILES // BETWEEN_BUGS:,} links"
        grep = ["git", "-C", str(root), "grep", "-F", "://"]
        grepped = best([run(grep) for _ in range(ROUNDS)])
        whole, alone = command(folder / "data"), scanner(folder / "state")
        start = start_of(whole, empty)
        found = [
            ("malonewatch scan", *measured(whole, root), start, f", with {start:.2f} s to start"),
            ("The scanner alone,", *measured(alone, root), 0, ""),
        ]
    return [row for each in found for row in _rows(tree, grepped, *each)]


def _rows(
    tree: str,
    grepped: Measured,
    what: str,
    first: Measured,
    again: Measured,
    start: float,
    note: str,
) -> Iterator[Row]:
    """The rows about one command, of which as many seconds are those of its start."""
    yield Row(
        f"{what} of {tree}, CPU to that of git grep -F ://",
        *(first.cpu / grepped.cpu, "times", 5, COMMAND),
        note=f"{first.cpu:.2f} s and {grepped.cpu:.2f} s",
    )
    yield Row(
        f"{what} of it, memory",
        *(first.memory, "MB", 200, COMMAND),
        note="the largest of its processes",
    )
    yield Row(
        f"{what} of it with {CHANGED} files changed, time to the first one's"
        + (", each without its start" if start else ""),
        *((again.wall - start) / (first.wall - start), "times", 0.1, COMMAND),
        note=f"{again.wall:.2f} s and {first.wall:.2f} s{note}",
    )


if __name__ == "__main__":
    for row in rows():
        print(row)
