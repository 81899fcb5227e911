"""What it costs to scan a large source tree, to what git takes to look for ``://`` in it.

``python -m benchmarks.scanning``
"""

import itertools
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Measured, Row, best, run

COMMAND = "python -m benchmarks.scanning"
FILES = 100_000
BYTES = 1_000_000_000
CHANGED = 10
ROUNDS = 3
#: How many files there are in a folder.
IN_FOLDER = 50

#: Prints nothing, and leaves the state in the file that it is given.
SCAN = """
import sys
from pathlib import Path
from malonewatch.scanning.scanner import scan
root, state = sys.argv[1], Path(sys.argv[2])
tree = scan([root], state=state.read_bytes() if state.exists() else None)
for path, places in tree.files():
    pass
state.write_bytes(tree.state)
"""

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
        if number % 20 == 0:
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


def scanned(root: Path, state: Path) -> Measured:
    measured = run([sys.executable, "-c", SCAN, str(root), str(state)])
    assert measured.code == 0, measured
    return measured


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        root, state = Path(name) / "tree", Path(name) / "state"
        root.mkdir()
        size = make_tree(root)
        tree = f"{FILES:,} files and {size / 1e9:.2f} GB"
        grep = ["git", "-C", str(root), "grep", "-F", "://"]
        run(grep)
        greps, firsts = [], []
        for _ in range(ROUNDS):
            greps.append(run(grep))
            state.unlink(missing_ok=True)
            firsts.append(scanned(root, state))
        seconds = []
        for _ in range(ROUNDS):
            change(root)
            before = state.read_bytes()
            seconds.append(scanned(root, state))
            state.write_bytes(before)
    first, grepped = best(firsts), best(greps)
    wall = min(each.wall for each in firsts)
    again = min(each.wall for each in seconds)
    return [
        Row(
            f"Scan of {tree}, CPU to that of git grep -F ://",
            *(first.cpu / grepped.cpu, "times", 5, COMMAND),
            note=f"{first.cpu:.2f} s and {grepped.cpu:.2f} s",
        ),
        Row(
            f"Scan of {tree}, memory",
            *(max(each.memory for each in firsts), "MB", 200, COMMAND),
            note="the largest of its processes",
        ),
        Row(
            f"Scan of it again with {CHANGED} files changed, time to the first one's",
            *(again / wall, "times", 0.1, COMMAND),
            note=f"{again:.2f} s and {wall:.2f} s",
        ),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
