import sys

import pytest

from malonewatch.model.packing import pack, unpack


@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_numbers_are_what_they_were(monkeypatch, byteorder):
    monkeypatch.setattr(sys, "byteorder", byteorder)
    assert list(unpack("H", pack("H", [1, 256, 65535]))) == [1, 256, 65535]


def test_they_are_packed_alike_on_every_machine():
    assert pack("I", [1, 0x01020304]) == b"\1\0\0\0\4\3\2\1"
