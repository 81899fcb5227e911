"""Source trees that are being read."""

import json
import os
import subprocess

import pytest
from tests.scanning.repository import U, V, age, commit, git, repository, scanned, write

from malonewatch.interfaces import BadInput
from malonewatch.scanning import tree as trees
from malonewatch.scanning.scanner import scan
from malonewatch.scanning.tree import shown


@pytest.fixture(autouse=True)
def _no_configuration_of_this_machine(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(params=[False, True], ids=["a folder", "a repository"])
def settle(request, tmp_path):
    """What is called when files were changed."""

    def settle():
        age(tmp_path)
        if request.param:
            commit(tmp_path)

    if request.param:
        git(tmp_path, "init", "-q")
    return settle


# What is read


def test_files_with_places_are_told(tmp_path, settle):
    write(tmp_path, a_c=f"{U}\n\n{U}", b_c="nothing", c__d__e_c=f"\n{V}", _hidden_c=U)
    settle()
    tree, found = scanned(tmp_path)
    assert found == {"a.c": [1, 3], "c/d/e.c": [2], ".hidden.c": [1]}
    assert (tree.root, tree.is_whole, list(tree.parts), tree.is_anew) == (
        *(str(tmp_path), True),
        *([], True),
    )
    assert (tree.ignored_count, tree.trackers) == (0, {})
    assert tree.read_count >= 3


def test_what_is_not_ours_or_no_text_is_left_out(tmp_path, settle):
    write(tmp_path, a_c=U, _tox__x_js=U, x__vendor__x_go=U, yarn_lock=U, x_min_js=U)
    write(tmp_path, generated_c=f"// DO NOT EDIT\n{U}", ignored_c=U, docs__x_txt=U, attributes_c=U)
    write(tmp_path, binary_c=f"\0{U}", large_c=U + " " * 5_000_000, excluded_c=U)
    write(tmp_path, _malonewatchignore=f"/ignored.c\n# {U}")
    write(tmp_path, _gitattributes="attributes.c linguist-generated")
    write(tmp_path, _malonewatch_toml=f"[scan]\nexclude = ['docs/', 'excluded.c']\n# {U}")
    (tmp_path / "link.c").symlink_to("a.c")
    (tmp_path / "linked").symlink_to("docs")
    settle()
    assert scanned(tmp_path)[1] == {"a.c": [1]}


def test_what_the_author_wants_ignored_is_counted(tmp_path, settle):
    write(tmp_path, a_c=f"{U} malonewatch: ignore\n{V}", b_c=f"{U} {U} malonewatch: ignore")
    write(tmp_path, c_c=f"// @generated\n{U} malonewatch: ignore")
    settle()
    tree, found = scanned(tmp_path)
    assert (found, tree.ignored_count) == ({"a.c": [2]}, 3)


def test_what_a_version_control_system_keeps_is_no_source(tmp_path):
    write(tmp_path, _hg__a_c=U, x___svn__a_c=U, CVS__a_c=U, a_c=U)
    assert scanned(tmp_path)[1] == {"a.c": [1]}


def test_a_virtual_environment_is_no_source(tmp_path):
    write(tmp_path, venv__a_c=U, env__a_c=U, env__pyvenv_cfg="")
    assert scanned(tmp_path)[1] == {"venv/a.c": [1]}


def test_what_cannot_be_read_or_is_no_plain_file_is_left_out(tmp_path, monkeypatch):
    write(tmp_path, a_c=U, closed__b_c=U, gone_c=U)
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, f"{tmp_path}/closed/"))
    monkeypatch.setattr(os, "open", refusing(os.open, str(tmp_path / "gone.c")))
    assert scanned(tmp_path)[1] == {"a.c": [1]}


def refusing(function, refused):
    """A function of the system's that refuses one path."""

    def refuse(path, *arguments, **options):
        if path == refused:
            raise PermissionError(13, "Permission denied", path)
        return function(path, *arguments, **options)

    return refuse


def test_a_folder_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, f"{tmp_path}/"))
    with pytest.raises(BadInput, match=r"^/.*/ cannot be read: Permission denied\.$"):
        scanned(tmp_path)


def test_git_is_not_led_out_of_the_tree(tmp_path):
    root, other = tmp_path / "tree", tmp_path / "other"
    root.mkdir()
    repository(root, a__b_c=U, c_c=U, a__d_c=U, e_c=U)
    (root / "a").rename(other)
    (root / "a").symlink_to(other)
    (root / "c.c").unlink()
    os.mkfifo(root / "c.c")
    assert scanned(root)[1] == {"e.c": [1]}


def test_submodules_are_left_alone(tmp_path):
    root, other = tmp_path / "tree", tmp_path / "other"
    for each in (root, other):
        each.mkdir()
        repository(each, a_c=U)
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")
    commit(root)
    age(root)
    tree, found = scanned(root)
    assert found == {"a.c": [1]}
    write(root, sub__a_c=f"\n{U}")
    assert scanned(root, state=tree.state)[1] == {}
    assert scanned(root / "sub")[0].root == str(root / "sub")


def test_short_forms_are_found(tmp_path, settle):
    write(tmp_path, a_c="// RHBZ#12", b_c="// (closes: bug#7)", c_c="rhbz")
    write(
        tmp_path,
        _malonewatch_toml="""
            [short-forms]
            "rhbz#{number}" = "https://bugzilla.redhat.com/{number}"
            "Closes: #{numbers}" = "https://bugs.debian.org/{number}"
            [trackers]
            "https://bugzilla.redhat.com" = "BUGZILLA"
        """,
    )
    settle()
    tree, found = scanned(tmp_path)
    assert found == {"a.c": [1], "b.c": [1]}
    assert tree.trackers == {"https://bugzilla.redhat.com": "BUGZILLA"}
    other = tmp_path / "other.toml"
    other.write_text("")
    assert scanned(tmp_path, configuration=str(other))[1] == {}


# Names


def test_the_names_of_files_may_be_any_bytes(tmp_path, settle):
    for name in (b"a\xff.c", "é.c".encode(), b"b\n.c", b" c .c"):
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
            file.write(U)
    settle()
    tree, found = scanned(tmp_path)
    assert set(found) == {"a\\xff.c", "é.c", "b\\n.c", " c .c"}
    write(tmp_path, d_c=U)
    settle()
    (tmp_path / "é.c").unlink()
    settle()
    assert scanned(tmp_path, state=tree.state)[1] == {"d.c": [1], "é.c": []}


def test_a_name_is_shown_so_that_it_can_be_printed():
    for name in ("a", "é", "a\x1bb", "\udcff", "\u202e"):
        assert shown(name).isprintable()
    assert shown("\u202e") == "\\u202e"


# Parts


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["x"], {"x/a.c", "x/y/b.c"}),
        (["x/y", "c.c"], {"x/y/b.c", "c.c"}),
        (["x", "x/y/b.c", "x"], {"x/a.c", "x/y/b.c"}),
        (["c.c", "x/a.c"], {"c.c", "x/a.c"}),
        (["c.c", "yarn.lock", "link.c"], {"c.c"}),
        (["vendor", "c.c"], {"vendor/d.c", "c.c"}),
    ],
)
def test_only_parts_of_a_tree_may_be_meant(tmp_path, settle, parts, expected):
    write(tmp_path, x__a_c=U, x__y__b_c=U, c_c=U, yarn_lock=U, vendor__d_c=U)
    (tmp_path / "link.c").symlink_to("c.c")
    settle()
    tree, found = scanned(*(tmp_path / part for part in parts))
    prefix = os.path.relpath(tree.root, tmp_path)
    assert {os.path.normpath(f"{prefix}/{path}") for path in found} == expected
    assert (tree.state is None) == (not tree.is_whole)
    assert tree.is_anew


def test_in_a_repository_paths_begin_at_its_root(tmp_path):
    repository(tmp_path, x__a_c=U, x__b_c=U, c_c=U)
    tree, found = scanned(tmp_path / "x")
    assert (tree.root, tree.is_whole, list(tree.parts)) == (str(tmp_path), False, ["x"])
    assert set(found) == {"x/a.c", "x/b.c"}
    tree, found = scanned(tmp_path / "x", tmp_path)
    assert (tree.is_whole, set(found)) == (True, {"x/a.c", "x/b.c", "c.c"})


def test_elsewhere_the_root_is_the_folder_that_holds_all(tmp_path):
    write(tmp_path, x__a_c=U, x__y__b_c=U)
    tree, found = scanned(tmp_path / "x")
    assert (tree.root, tree.is_whole, set(found)) == (str(tmp_path / "x"), True, {"a.c", "y/b.c"})
    tree, found = scanned(tmp_path / "x" / "a.c")
    assert (tree.root, list(tree.parts), set(found)) == (str(tmp_path / "x"), ["a.c"], {"a.c"})
    tree, _ = scanned(tmp_path / "x" / "a.c", tmp_path / "x" / "y")
    assert (tree.root, list(tree.parts)) == (str(tmp_path / "x"), ["a.c", "y"])


def test_a_folder_may_be_given_by_a_link(tmp_path):
    (tmp_path / "x").mkdir()
    repository(tmp_path / "x", a_c=U)
    (tmp_path / "link").symlink_to("x")
    tree, found = scanned(tmp_path / "link")
    assert (tree.root, found) == (str(tmp_path / "x"), {"a.c": [1]})


def test_paths_of_different_trees_are_refused(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        repository(tmp_path / name, a_c=U)
    with pytest.raises(BadInput, match=r"/a, /.*/b are in different source trees; scan one after"):
        scan([str(tmp_path / "a"), str(tmp_path / "b")])
    with pytest.raises(BadInput, match="are in different source trees"):
        scan([str(tmp_path / "a"), str(tmp_path)])
    with pytest.raises(BadInput, match="There is nothing to scan; name a folder"):
        scan([])


# Again


def test_what_has_not_changed_is_not_read_again(tmp_path, settle):
    write(tmp_path, a_c=U, b_c=U, c_c=U, d_c="nothing", e_c=U, f_c="nothing")
    settle()
    tree, _ = scanned(tmp_path)
    write(tmp_path, b_c=f"\n{U}", c_c="nothing", g_c=U, h_c="nothing")
    (tmp_path / "e.c").unlink()
    settle()
    again, found = scanned(tmp_path, state=tree.state)
    assert not again.is_anew
    assert found == {"b.c": [2], "c.c": [], "e.c": [], "g.c": [1], "h.c": []}
    assert again.read_count == 4
    third, found = scanned(tmp_path, state=again.state)
    assert (third.is_anew, found, third.read_count) == (False, {}, 0)


@pytest.mark.parametrize("name", [".malonewatch.toml", ".malonewatchignore", ".gitattributes"])
def test_other_rules_have_all_read_anew(tmp_path, settle, name):
    write(tmp_path, a_c=U)
    settle()
    tree, _ = scanned(tmp_path)
    (tmp_path / name).write_text("# Something else")
    settle()
    again, found = scanned(tmp_path, state=tree.state)
    assert (again.is_anew, found) == (True, {"a.c": [1]})


@pytest.mark.parametrize("state", [b"", b"something", b'{"settings": ""}\n'])
def test_a_state_that_does_not_fit_has_all_read_anew(tmp_path, settle, state):
    write(tmp_path, a_c=U)
    settle()
    tree, found = scanned(tmp_path, state=state)
    assert (tree.is_anew, found) == (True, {"a.c": [1]})


def test_the_state_of_a_folder_is_none_of_a_repository_and_the_other_way_round(tmp_path):
    write(tmp_path, a_c=U)
    age(tmp_path)
    folder, _ = scanned(tmp_path)
    repository(tmp_path)
    tree, found = scanned(tmp_path, state=folder.state)
    assert (tree.is_anew, found) == (True, {"a.c": [1]})
    (tmp_path / ".git").rename(tmp_path.parent / "moved")
    folder, found = scanned(tmp_path, state=tree.state)
    assert (folder.is_anew, found) == (True, {"a.c": [1]})


def test_a_file_that_was_just_modified_is_read_again(tmp_path):
    write(tmp_path, a_c=U, b_c=U)
    age(tmp_path)
    write(tmp_path, a_c=U)
    tree, _ = scanned(tmp_path)
    assert scanned(tmp_path, state=tree.state)[1] == {"a.c": [1]}


def test_a_file_that_is_modified_while_git_is_asked_is_read_again(tmp_path):
    repository(tmp_path, a_c=U, b_c=U)
    age(tmp_path)
    os.utime(tmp_path / "a.c", (4e9, 4e9))
    tree, _ = scanned(tmp_path)
    assert scanned(tmp_path, state=tree.state)[1] == {"a.c": [1]}


def test_what_was_not_committed_is_read_again_when_it_is_as_before(tmp_path):
    repository(tmp_path, a_c=U, b_c=U)
    age(tmp_path)
    write(tmp_path, a_c=f"\n\n{U}")
    tree, found = scanned(tmp_path)
    assert found == {"a.c": [3], "b.c": [1]}
    write(tmp_path, a_c=U)
    age(tmp_path)
    again, found = scanned(tmp_path, state=tree.state)
    assert found == {"a.c": [1]}
    assert scanned(tmp_path, state=again.state)[1] == {}


def test_what_is_not_tracked_any_more_is_gone(tmp_path):
    repository(tmp_path, a_c=U, b_c=U)
    age(tmp_path)
    tree, _ = scanned(tmp_path)
    git(tmp_path, "rm", "-q", "--cached", "a.c")
    _, found = scanned(tmp_path, state=tree.state)
    assert found == {"a.c": []}


def test_what_never_was_committed_and_is_not_tracked_any_more_is_gone(tmp_path):
    repository(tmp_path, a_c=U)
    age(tmp_path)
    write(tmp_path, b_c=U)
    git(tmp_path, "add", "b.c")
    tree, found = scanned(tmp_path)
    assert set(found) == {"a.c", "b.c"}
    git(tmp_path, "rm", "-q", "--cached", "b.c")
    _, found = scanned(tmp_path, state=tree.state)
    assert found == {"b.c": []}


def test_in_the_midst_of_a_merge_files_are_read_as_they_are_there(tmp_path):
    repository(tmp_path, a_c="1", b_c="1")
    git(tmp_path, "checkout", "-q", "-b", "other")
    write(tmp_path, a_c="2", b_c="2")
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "main")
    write(tmp_path, a_c=U)
    (tmp_path / "b.c").unlink()
    commit(tmp_path)
    age(tmp_path)
    tree, _ = scanned(tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "merge", "other")
    write(tmp_path, a_c=f"\n{U}", b_c=V)
    _, found = scanned(tmp_path, state=tree.state)
    assert found == {"a.c": [2], "b.c": [1]}


def test_a_commit_that_is_gone_has_all_read_anew(tmp_path):
    repository(tmp_path, a_c=U)
    age(tmp_path)
    tree, _ = scanned(tmp_path)
    head, _, rest = tree.state.partition(b"\n")
    values = json.loads(head) | {"commit": "7" * 40}
    again, found = scanned(tmp_path, state=json.dumps(values).encode() + b"\n" + rest)
    assert (again.is_anew, found) == (True, {"a.c": [1]})
    assert again.state == tree.state


def test_a_repository_without_a_commit_leaves_no_state(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, a_c=U)
    git(tmp_path, "add", "--all")
    tree, found = scanned(tmp_path)
    assert (found, tree.state) == ({"a.c": [1]}, None)


def test_when_much_has_changed_all_is_read_anew(tmp_path, monkeypatch):
    repository(tmp_path, a_c=U, b_c=U)
    age(tmp_path)
    commit(tmp_path)
    tree, _ = scanned(tmp_path)
    monkeypatch.setattr(trees, "MOST_CHANGED", 1)
    write(tmp_path, a_c=f"\n{U}", b_c=f"\n{U}")
    again, found = scanned(tmp_path, state=tree.state)
    assert (again.is_anew, found, again.state) == (True, {"a.c": [2], "b.c": [2]}, None)
