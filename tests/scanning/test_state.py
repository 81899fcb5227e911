"""What a scan leaves for the next one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.scanning.state import Commit, Stamps, packed, stamp, unpacked

names = st.frozensets(st.text(st.characters(exclude_categories=())))


@given(st.builds(Commit, st.text("0123456789abcdef"), names))
def test_a_commit_comes_back(kept):
    assert unpacked("settings", packed("settings", kept)) == kept


@given(st.builds(Stamps, st.frozensets(st.integers(0, 2**64 - 1)), names))
def test_stamps_come_back(kept):
    assert unpacked("settings", packed("settings", kept)) == kept


@pytest.mark.parametrize(
    "state",
    [
        *(None, b"", b"x", b"\n", b"1\n", b"[]\n", b"{}\n", b'{"settings": "settings"}\n'),
        *(b'{"settings": "settings", "paths": []}\n1', b'{"settings": "settings", "paths": 1}\n'),
        packed("others", Commit("7", frozenset())),
        packed("others", Stamps(frozenset((1, 2)), frozenset("x"))),
    ],
)
def test_what_does_not_fit_is_not_used(state):
    assert unpacked("settings", state) is None


def test_a_stamp_tells_files_apart():
    stamps = {
        stamp(path, size, modified)
        for path in ("a", "b", "a\udcff")
        for size in (1, 2)
        for modified in (1, 2)
    }
    assert len(stamps) == 12
    assert all(0 <= each < 2**64 for each in stamps)
