import pytest

from malonewatch.testing.simulator import Simulator


class Broken(Simulator):
    def routes(self):
        raise RuntimeError("no routes")


def test_a_simulator_that_cannot_start_says_why():
    with pytest.raises(RuntimeError, match="no routes"), Broken():
        raise AssertionError
