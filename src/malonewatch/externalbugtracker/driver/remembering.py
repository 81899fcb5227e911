"""Remembering what was made of words: the same few come again and again.  Pure."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

#: How long a text may be whose result is remembered, in characters.
LONGEST = 200
#: How many results are.
MOST = 4096

More = ParamSpec("More")
Result = TypeVar("Result")


def remembered(
    function: Callable[Concatenate[str, More], Result],
) -> Callable[Concatenate[str, More], Result]:
    """`function` of a text, and maybe of more, that knows what it returned before.

    What bug trackers send may be megabytes where there should be a word; that is not remembered,
    as a program may run for months.
    """
    known = functools.lru_cache(maxsize=MOST)(function)

    @functools.wraps(function)
    def call(text: str, /, *args: More.args, **kwargs: More.kwargs) -> Result:
        made_by: Callable[..., Result] = known if len(text) <= LONGEST else function
        return made_by(text, *args, **kwargs)

    return call
