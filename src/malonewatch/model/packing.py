"""Many numbers as one value, which is read and written much faster than each of them."""

import sys
from array import array
from collections.abc import Iterable


def pack(typecode: str, values: Iterable[int]) -> bytes:
    """The numbers, as those of an array of that type in little-endian order."""
    packed = array(typecode, values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(typecode: str, data: bytes) -> "array[int]":
    """The numbers that `pack` packed."""
    values = array(typecode, data)
    if sys.byteorder == "big":
        values.byteswap()
    return values
