"""What is kept of a bug tracker's answer, for whoever asks why a status is what it is.  Pure."""

import io
import json
import pickle
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, NoReturn

#: How many bytes are kept, at most.
LONGEST = 4096

Scrub = Callable[[str], str]

_as_text = json.JSONEncoder(check_circular=False, default=str).encode

#: How deep a record is looked into that has anything but plain values in it, such as itself.
_LEVELS = 10
#: Python writes no longer numbers than of some thousand digits.
_MOST_BITS = 4096
#: What stands for what was cut off, and how many bytes that takes.
_CUT = "…"
_ROOM_TO_CUT = 24
_NESTED = LONGEST // 4
#: What there is to a value beside itself.
_FRAME = 12

#: What is raised for a record that cannot be kept as it is.
_UNFIT = (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError)


def pack(record: Any, scrub: Scrub | None) -> bytes:
    """What is kept of a record, with nothing secret in it; b"" if nothing is.

    `scrub` takes secrets out of a text; None if there are none.
    """
    if record is None:
        return b""
    if type(record) is not dict and isinstance(record, Mapping):
        # It may not have been looked at as a whole until now.
        record = dict(record)
    # Hardly ever is it too long, and never has it secrets in it but where a server sends them
    # back.  This is done for each bug of which something is new.
    try:
        if scrub is not None and _has_secrets(record, scrub):
            record = _plain(record, scrub)
        octets = pickle.dumps(record, 4)
    except _UNFIT:
        record = _plain(record, scrub or str)
        octets = pickle.dumps(record, 4)
    if len(octets) > LONGEST:
        record = _cut(record, LONGEST)
        octets = pickle.dumps(record, 4)
    return b"" if scrub is not None and _has_secrets(record, scrub) else octets


def unpack(octets: bytes) -> Any:
    """The record again, in plain values; None if there is none."""
    if not octets:
        return None
    try:
        return _plain(_Plain(io.BytesIO(octets)).load(), str)
    except pickle.UnpicklingError:
        return None


class _Plain(pickle.Unpickler):
    """Reads plain values only: no code of anybody's is run by what is kept."""

    def find_class(self, module_name: str, global_name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no plain value.")


def _has_secrets(record: Any, scrub: Scrub) -> bool:
    text = _as_text(record)
    return scrub(text) != text


def _plain(value: Any, scrub: Scrub, levels: int = _LEVELS) -> Any:
    """`value` in plain values, without secrets."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            return _CUT
        text = str(value)
        return value if scrub(text) == text else scrub(text)
    if not isinstance(value, Mapping | list | tuple):
        return scrub(str(value))
    if not levels:
        return _CUT
    if isinstance(value, Mapping):
        return {scrub(str(key)): _plain(each, scrub, levels - 1) for key, each in value.items()}
    return [_plain(each, scrub, levels - 1) for each in value]


def _cut(value: Any, room: int) -> Any:
    """`value`, which is plain and too long, as far as it fits into so many bytes."""
    room -= _ROOM_TO_CUT
    if isinstance(value, str) and room > 0:
        return value[: room if value.isascii() else room // 4] + _CUT
    # What is nested is looked into where it is most of what there is.
    if isinstance(value, dict) and room > _NESTED:
        return _cut_fields(value, room)
    if isinstance(value, list) and room > _NESTED:
        return _cut_members(value, room)
    return _CUT


def _cut_fields(fields: dict[str, Any], room: int) -> dict[str, Any]:
    """The fields in their order, each with the same room, but that the short ones leave what they
    do not need to the long ones."""
    sizes: dict[str, int] = {}
    most = room // 2
    for key, value in fields.items():
        if room - _size(key) < most:
            break
        room -= _size(key)
        sizes[key] = _size(value)
    found: dict[str, Any] = dict.fromkeys(sizes)
    left = len(sizes)
    for key, size in sorted(sizes.items(), key=lambda item: item[1]):
        found[key] = fields[key] if size <= room // left else _cut(fields[key], room // left)
        room -= size if size <= room // left else _size(found[key])
        left -= 1
    if len(found) < len(fields):
        found[_CUT] = f"{len(fields) - len(found)} more"
    return found


def _cut_members(members: list[Any], room: int) -> list[Any]:
    """The first members."""
    totals = [0, *accumulate(map(_size, members))]
    whole = bisect_right(totals, room) - 1
    cut = [_cut(each, room - totals[whole]) for each in members[whole : whole + 1]]
    more = len(members) - whole - len(cut)
    return [*members[:whole], *cut, *([f"{_CUT} {more} more"] if more else ())]


def _size(value: Any) -> int:
    """How many bytes a value takes, at most."""
    if isinstance(value, str) and value.isascii():
        return _FRAME + len(value)
    return len(pickle.dumps(value, 4))
