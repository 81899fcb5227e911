"""What git knows of a source tree."""

import os
import stat

import pytest
from tests.scanning.repository import U, age, commit, git, repository, scanned, write

from malonewatch.interfaces import BadInput
from malonewatch.scanning.git import Git


@pytest.fixture(autouse=True)
def _no_configuration_of_this_machine(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_nothing_that_a_repository_configures_is_run(tmp_path):
    root, ran = tmp_path / "tree", tmp_path / "ran"
    root.mkdir()
    evil = program(tmp_path / "evil", f"echo $0 $@ >> {ran}\ncat")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    program(hooks / "post-index-change", evil)
    repository(root, a_c=U, b_c=U)
    write(root, _gitattributes="*.c filter=evil diff=evil\n*.d filter=process\n", d_d=U)
    commit(root)
    for name, value in {
        "core.fsmonitor": evil,
        "core.hooksPath": str(hooks),
        "core.pager": evil,
        "diff.external": evil,
        "diff.evil.command": evil,
        "diff.evil.textconv": evil,
        "filter.evil.clean": evil,
        "filter.evil.smudge": evil,
        "filter.evil.required": "true",
        "filter.process.process": evil,
        "grep.openFilesInPager": evil,
        "core.sshCommand": evil,
        "core.editor": evil,
        "core.askPass": evil,
        "alias.grep": f"!{evil}",
        "alias.diff": f"!{evil}",
        "core.gitProxy": evil,
    }.items():
        git(root, "config", name, value)
    (tmp_path / "more").write_text(
        f'[core]\n\tfsmonitor = {evil}\n[filter "evil"]\n\tclean = {evil}'
    )
    git(root, "config", "include.path", str(tmp_path / "more"))
    # As long, and of another time: what is in it has to be compared.
    for name in ("a.c", "b.c", "d.d"):
        (root / name).write_text(U.replace("77", "78"))
    age(root)
    tree, found = scanned(root)
    assert set(found) == {"a.c", "b.c", "d.d"}
    os.utime(root / "b.c", (1, 1))
    _, found = scanned(root, state=tree.state)
    assert set(found) == {"a.c", "b.c", "d.d"}
    assert not ran.exists()
    # They would have.
    git(root, "diff")
    assert ran.exists()


def test_what_is_missing_is_not_fetched(tmp_path):
    ran = tmp_path / "ran"
    evil = program(tmp_path / "evil", f"echo $0 $@ >> {ran}")
    root, other = tmp_path / "tree", tmp_path / "other"
    for each in (root, other):
        each.mkdir()
        repository(each, a_c=U)
    tree, _ = scanned(root)
    for name, value in {
        "remote.origin.url": str(other),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": evil,
        "extensions.partialClone": "origin",
    }.items():
        git(root, "config", name, value)
    write(root, a_c="nothing")
    commit(root)
    # The tree of the first commit is gone.
    gone = Git(str(root)).commit("HEAD~")
    write(root, a_c=U)
    for path in (root / ".git" / "objects").glob("??/*"):
        named = path.parent.name + path.name
        if named not in (gone, Git(str(root)).head()):
            path.unlink()
    again, found = scanned(root, state=tree.state)
    assert again.is_anew
    assert (found, again.state) == ({"a.c": [1]}, None)
    assert not ran.exists()


def test_a_filter_with_a_name_that_cannot_be_told_to_git_is_refused(tmp_path):
    repository(tmp_path, a_c=U)
    git(tmp_path, "config", "filter.a=b.clean", "false")
    with pytest.raises(BadInput, match=r"has a filter of git's that is named 'filter\.a=b'\.$"):
        list(Git(str(tmp_path)).changed_since("HEAD"))
    tree, found = scanned(tmp_path)
    assert (found, tree.state) == ({"a.c": [1]}, None)


def test_a_repository_of_somebody_else_is_not_trusted(tmp_path, monkeypatch):
    repository(tmp_path, a_c=U)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    stand_in = tmp_path / "bin"
    stand_in.mkdir()
    program(
        stand_in / "git",
        f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 PATH={os.environ["PATH"]} exec git "$@"',
    )
    monkeypatch.setenv("PATH", str(stand_in), prepend=os.pathsep)
    with pytest.raises(BadInput, match="git does not trust it; if you do, call: git config"):
        scanned(tmp_path)


def test_without_git_all_files_are_read(tmp_path, monkeypatch):
    repository(tmp_path, a_c=U, _gitignore="b.c", b_c=U)
    assert scanned(tmp_path)[1] == {"a.c": [1]}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert scanned(tmp_path)[1] == {"a.c": [1], "b.c": [1]}


def test_what_only_looks_like_a_repository_is_a_folder(tmp_path):
    (tmp_path / ".git").mkdir()
    write(tmp_path, a_c=U)
    assert scanned(tmp_path)[1] == {"a.c": [1]}


def test_a_repository_has_no_other_folder_for_its_files(tmp_path):
    root, other = tmp_path / "tree", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    repository(root, a_c=U)
    write(other, a_c=f"\n{U}")
    git(root, "config", "core.worktree", str(other))
    tree, found = scanned(root)
    assert (tree.root, found) == (str(root), {"a.c": [1]})


def test_what_git_says_is_told(tmp_path):
    repository(tmp_path, a_c=U)
    (tmp_path / ".git" / "index").write_text("x")
    with pytest.raises(BadInput, match=r"^git cannot read /.*: .*index.*\.$"):
        scanned(tmp_path)


def test_what_git_still_has_to_say_is_not_waited_for(tmp_path):
    write(tmp_path, **{f"{'a' * 200}{number}": U for number in range(1000)})
    repository(tmp_path)
    names = Git(str(tmp_path)).with_any([b"://"], [])
    assert next(names).startswith("a")
    names.close()


def test_what_git_was_asked_for_and_nobody_wants_is_not_waited_for(tmp_path):
    repository(tmp_path, a_c=U)
    write(tmp_path, **{f"{'a' * 200}{number}": U for number in range(1000)})
    git(tmp_path, "add", "--all")
    changes = Git(str(tmp_path)).changed_since("HEAD")
    # It would say more than anybody keeps for it.
    del changes


@pytest.mark.parametrize("count", [0, 1, 100, 101])
def test_git_knows_which_files_are_tracked(tmp_path, count):
    repository(tmp_path, a_c=U, **{f"b{number}_c": U for number in range(count)})
    names = ["*.c", "none.c", *(f"b{number}.c" for number in range(count))]
    assert Git(str(tmp_path)).tracked(names) == {f"b{number}.c" for number in range(count)}
