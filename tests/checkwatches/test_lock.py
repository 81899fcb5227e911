import os
import subprocess
import sys

import pytest

from malonewatch.checkwatches.lock import Locked, lock_path, run_lock
from malonewatch.interfaces import MalonewatchError

HOLD = """
import sys
from pathlib import Path
from malonewatch.checkwatches.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some" / "where" / "run.lock"


def test_each_database_has_a_lock_file_of_its_own(tmp_path):
    one, other = lock_path("file:///one"), lock_path("file:///other")
    assert one != other
    assert one == lock_path("file:///one")
    assert one.parent == other.parent == tmp_path / "XDG_STATE_HOME" / "malonewatch"


def test_a_password_in_a_uri_is_not_in_the_name():
    assert "s3cret" not in str(lock_path("postgres://user:s3cret@localhost/"))


def test_the_directory_is_made(path):
    with run_lock(path):
        assert path.read_text().strip() == str(os.getpid())


def test_it_is_held_by_one_at_a_time(path):
    with run_lock(path):
        with pytest.raises(Locked, match=rf"Another checkwatches \(process {os.getpid()}\)"):
            with run_lock(path):
                raise AssertionError("not reached")
    with run_lock(path):
        pass


def test_it_is_let_go_of_when_the_block_fails(path):
    with pytest.raises(ZeroDivisionError), run_lock(path):
        raise ZeroDivisionError
    with run_lock(path):
        pass


def test_being_locked_is_no_fault():
    assert issubclass(Locked, MalonewatchError)


def test_a_file_that_says_nothing_of_its_holder(path):
    with run_lock(path):
        path.write_text("\x1b[31mnonsense\n")
        with pytest.raises(Locked, match="Another checkwatches is at work"), run_lock(path):
            pass


def test_a_process_that_dies_lets_go_of_it(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with pytest.raises(Locked, match=rf"process {process.pid}"), run_lock(path):
        pass
    process.kill()
    process.communicate()
    assert path.read_text().strip() == str(process.pid)
    with run_lock(path):
        pass


def test_a_place_where_no_file_can_be(tmp_path):
    with pytest.raises(OSError, match="Is a directory"), run_lock(tmp_path):
        pass
