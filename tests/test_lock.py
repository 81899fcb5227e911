import os
import subprocess
import sys
from pathlib import Path

import pytest

from malonewatch.interfaces import MalonewatchError
from malonewatch.lock import Locked, lock_path, run_lock

ID, OTHER = "0123456789ab", "ba9876543210"

HOLD = """
import sys
from pathlib import Path
from malonewatch.lock import run_lock
with run_lock(Path(sys.argv[1]), "0123456789ab"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some" / "where" / "run.lock"


@pytest.fixture
def state():
    """The folder for what there is to remember."""
    return Path(os.environ["XDG_STATE_HOME"], "malonewatch")


def test_each_database_has_a_lock_file_of_its_own(state):
    one, other = lock_path("one"), lock_path("other")
    assert one != other
    assert one == lock_path("one")
    assert one.parent == other.parent == state


def test_each_kind_of_work_has_one(state):
    path = lock_path("one", "delivery")
    assert path.parent == state
    assert path != lock_path("one")
    with run_lock(path, ID, "delivery"):
        with (
            pytest.raises(Locked, match="Another delivery") as caught,
            run_lock(path, OTHER, "delivery"),
        ):
            pass
    assert caught.value.process == os.getpid()


def test_the_directory_is_made(path):
    with run_lock(path, ID):
        assert path.read_text().split() == [str(os.getpid()), ID]


def test_it_is_held_by_one_at_a_time(path):
    with run_lock(path, ID):
        with pytest.raises(Locked, match=rf"Another checkwatches \(process {os.getpid()}\)"):
            with run_lock(path, ID):
                raise AssertionError("not reached")
    with run_lock(path, ID):
        pass


def test_it_is_let_go_of_when_the_block_fails(path):
    with pytest.raises(ZeroDivisionError), run_lock(path, ID):
        raise ZeroDivisionError
    with run_lock(path, ID):
        pass


def test_whatever_an_identity_is_it_names_a_file(state):
    assert lock_path("../../a b\0").parent == state


def test_being_locked_is_no_fault():
    assert issubclass(Locked, MalonewatchError)


def test_a_file_that_says_nothing_of_its_holder(path):
    with run_lock(path, ID):
        path.write_text("\x1b[31mnonsense\n")
        with pytest.raises(Locked, match="Another checkwatches is at work"), run_lock(path, ID):
            pass


def test_a_process_that_dies_lets_go_of_it(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with pytest.raises(Locked, match=rf"process {process.pid}"), run_lock(path, ID):
        pass
    process.kill()
    process.communicate()
    assert path.read_text().split() == [str(process.pid), ID]
    with run_lock(path, ID):
        pass


def test_a_place_where_no_file_can_be(tmp_path):
    with pytest.raises(OSError, match="Is a directory"), run_lock(tmp_path, ID):
        pass


def test_who_held_it_before_is_told(path):
    with run_lock(path, ID) as before:
        assert before == []
    with run_lock(path, OTHER) as before:
        assert before == [ID]
        assert path.read_text().split() == [str(os.getpid()), OTHER, ID]


def test_only_the_last_ones_are(path):
    ids = [f"{number:012x}" for number in range(20)]
    for each in ids:
        with run_lock(path, each) as before:
            pass
    assert before == ids[18:8:-1]


@pytest.mark.parametrize("text", ["", "12\n", "12 nonsense", "0123456789ab", "\0" * 5000])
def test_what_is_not_ours_in_it_tells_nothing(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with run_lock(path, ID) as before:
        assert before == []
