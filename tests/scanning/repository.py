"""Source trees, with git and without."""

import os
import subprocess
import time

from malonewatch.scanning.scanner import scan

U = "https://bugs.example.com/show_bug.cgi?id=77"
V = "https://bugs.example.com/show_bug.cgi?id=88"

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "x",
    "GIT_AUTHOR_EMAIL": "x@example.org",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x@example.org",
}


def git(root, *arguments):
    subprocess.run(
        ["git", "-C", str(root), "-c", "init.defaultBranch=main", *arguments],
        check=True,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def write(root, **files):
    """Write files, whose names have double underscores for slashes and single ones for dots."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def repository(root, **files):
    """A git repository with those files."""
    git(root, "init", "-q")
    write(root, **files)
    commit(root)


def commit(root):
    git(root, "add", "--all")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")


def age(root):
    """Let all files that were just written be some minutes old."""
    recent = time.time_ns() - 500 * 10**9
    for folder, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = os.path.join(folder, name)
            modified = os.lstat(path).st_mtime_ns
            if recent < modified:
                times = (modified - 1000 * 10**9,) * 2
                os.utime(path, ns=times, follow_symlinks=False)


def scanned(*paths, configuration=None, state=None):
    """The tree when it has been read, and the lines of its places by file."""
    tree = scan([str(path) for path in paths], configuration)
    if state is not None:
        tree.resume(state)
    found = {path: [place.line for place in places] for path, places in tree.files()}
    return tree, found
