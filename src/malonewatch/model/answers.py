"""What is kept of a bug tracker's answer, for whoever asks why a status is what it is.  Pure."""

import io
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

#: How many bytes are kept.
LONGEST = 4096

Scrub = Callable[[str], str]

_as_text = json.JSONEncoder(check_circular=False, default=str).encode

#: How much is left of a record that is longer: characters of a text, members of a list, fields
#: of an object, and levels.  What leaves the most is tried first.
_LIMITS = ((500, 20, 100, 6), (120, 5, 60, 4), (40, 2, 30, 3), (20, 1, 10, 2))
#: And how much of what is kept is given, whatever it refers to, be it itself.
_GIVEN = (LONGEST, 200, 200, 10)
_CUT = "…"

#: What makes a record nothing that can be kept as it is.
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
        if scrub is None or not _has_secrets(record, scrub):
            octets = pickle.dumps(record, 4)
            if len(octets) <= LONGEST:
                return octets
    except _UNFIT:
        pass
    return _shortened(record, scrub or str)


def unpack(octets: bytes) -> Any:
    """The record again, in plain values; None if there is none."""
    if not octets:
        return None
    try:
        return _cut(_Plain(io.BytesIO(octets)).load(), str, *_GIVEN)
    except pickle.UnpicklingError:
        return None


class _Plain(pickle.Unpickler):
    """Reads plain values only: no code of anybody's is run by what is kept."""

    def find_class(self, module_name: str, global_name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no plain value.")


def _has_secrets(record: Any, scrub: Scrub) -> bool:
    text = _as_text(record)
    return scrub(text) != text


def _shortened(record: Any, scrub: Scrub) -> bytes:
    for limits in _LIMITS:
        cut = _cut(record, scrub, *limits)
        octets = pickle.dumps(cut, 4)
        if len(octets) <= LONGEST:
            return b"" if _has_secrets(cut, scrub) else octets
    return b""


def _cut(value: Any, scrub: Scrub, length: int, members: int, fields: int, levels: int) -> Any:
    """`value` as far as there is room for it, in plain values."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        text = str(value)
        return value if len(text) <= length and scrub(text) == text else _CUT
    if not isinstance(value, Mapping | list | tuple):
        text = scrub(str(value))
        return text if len(text) <= length else text[:length] + _CUT
    if not levels:
        return _CUT if value else value
    limits = length, members, fields, levels - 1
    if isinstance(value, Mapping):
        some = list(value.items())[:fields]
        cut: Any = {scrub(str(key))[:length]: _cut(each, scrub, *limits) for key, each in some}
        if len(value) > fields:
            cut[_CUT] = f"{len(value) - fields} more"
        return cut
    cut = [_cut(each, scrub, *limits) for each in value[:members]]
    return cut if len(value) <= members else [*cut, f"{_CUT} {len(value) - members} more"]
