"""What a source tree says of how it is to be read."""

import os
import re

import pytest

from malonewatch.interfaces import BadInput
from malonewatch.scanning.rules import read_rules


def test_a_tree_without_rules_leaves_out_nothing(tmp_path):
    rules = read_rules(str(tmp_path), None)
    assert rules.left_out == ()
    assert not rules.leave_out("folder/file")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".malonewatch.toml", "[scan]\nexclude = ['/docs/', '*.txt', '!own.txt']"),
        (".malonewatchignore", "# Not ours\n/docs/\n*.txt\n!own.txt\n"),
        (
            ".gitattributes",
            "/docs/** linguist-vendored\n*.txt linguist-generated\nown.txt -linguist-generated\n",
        ),
    ],
)
def test_a_tree_says_what_is_left_out(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    rules = read_rules(str(tmp_path), None)
    for path in ("docs/file", "docs/x/y", "file.txt", "x/file.txt"):
        assert rules.leave_out(path)
    for path in ("x/docs/file", "own.txt", "x/own.txt", "file.py"):
        assert not rules.leave_out(path)


def test_the_configuration_may_be_another_file(tmp_path, monkeypatch):
    (tmp_path / ".malonewatch.toml").write_text("not even TOML")
    (tmp_path / "other.toml").write_text("[trackers]\n'https://x.example' = 'TRAC'")
    monkeypatch.chdir(tmp_path)
    rules = read_rules("/", "other.toml")
    assert rules.settings.trackers == {"https://x.example": "TRAC"}


@pytest.mark.parametrize("name", [".malonewatch.toml", ".malonewatchignore", ".gitattributes"])
def test_the_digest_changes_with_each_file(tmp_path, name):
    def digest():
        return read_rules(str(tmp_path), None).digest

    before = digest()
    assert digest() == before
    (tmp_path / name).write_text("# Something")
    after = digest()
    (tmp_path / name).write_text("# Something else")
    assert len({before, after, digest()}) == 3


def test_what_cannot_be_used_is_said(tmp_path):
    def sentence(configuration=None):
        with pytest.raises(BadInput) as caught:
            read_rules(str(tmp_path), configuration)
        return str(caught.value)

    gone = str(tmp_path / "gone")
    assert sentence(gone) == f"{gone} cannot be read: No such file or directory."
    (tmp_path / ".malonewatchignore").write_text("!")
    assert sentence().startswith(".malonewatchignore has a pattern that cannot be read: ")
    (tmp_path / ".malonewatchignore").write_text("#" * 1_000_001)
    assert re.fullmatch(
        r".*/\.malonewatchignore has more than 1,000,000 bytes; that is no configuration\.",
        sentence(),
    )
    (tmp_path / ".malonewatch.toml").write_text("x")
    assert sentence().startswith(".malonewatch.toml is not TOML: ")


def test_what_git_does_not_mind_is_left_alone(tmp_path):
    (tmp_path / ".gitattributes").write_text("a[z-a] linguist-generated\n*.c linguist-generated\n")
    assert read_rules(str(tmp_path), None).leave_out("x.c")


def test_nobody_waits_for_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / ".malonewatch.toml")
    with pytest.raises(BadInput, match=r"/\.malonewatch\.toml is no plain file\.$"):
        read_rules(str(tmp_path), None)


def test_a_file_that_is_there_and_cannot_be_read_is_said(tmp_path):
    (tmp_path / ".malonewatch.toml").symlink_to(".malonewatch.toml")
    with pytest.raises(BadInput, match=r"/\.malonewatch\.toml cannot be read: "):
        read_rules(str(tmp_path), None)
