import gc
import subprocess
import sys

import pytest

from malonewatch.garbage import OBJECTS, TIMES, seldom_collected


def test_garbage_is_looked_for_seldom_and_not_among_what_is_there():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with seldom_collected():
        assert gc.get_threshold() == (OBJECTS, TIMES, *before[2:])
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_after_so_many_objects_as_are_said(monkeypatch):
    looked = []
    monkeypatch.setattr(gc, "callbacks", [lambda phase, info: looked.append(phase)])
    with seldom_collected(10_000):
        garbage = [[] for _ in range(9_000)]
        # Nor because there are more of them than are usual, as soon as it is over.
    assert (len(garbage), looked) == (9_000, [])


def test_afterwards_it_is_as_before_whatever_happened():
    before = gc.get_threshold()
    with pytest.raises(ValueError), seldom_collected():
        raise ValueError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


@pytest.mark.parametrize("script", ["malonewatch.checkwatches.script", "malonewatch.cli"])
def test_the_end_of_a_script_does_not_wait_for_garbage(script):
    program = (
        f"from {script} import main; main(['--version'])\n"
        "class Garbage:\n"
        "    def __init__(self): self.itself = self\n"
        "    def __del__(self): print('found')\n"
        "Garbage()"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    assert "found" not in said.stdout
