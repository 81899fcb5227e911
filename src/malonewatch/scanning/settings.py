"""The configuration of a source tree: ``.malonewatch.toml``."""

import re
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from malonewatch.interfaces import BadInput
from malonewatch.scanning.shortforms import ShortForm, short_form

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - Python 3.10 alone needs it
    import tomli as tomllib

_TABLES = {"short-forms", "trackers", "scan"}
_SCAN = {"exclude"}
_MOST_FORMS = 100
_ASTERISKS = re.compile(r"\*+")
_MOST_ASTERISKS = 4
_MOST_TRACKERS = 200
#: Of those without a type: each of their servers is asked for every type.
_MOST_ASKED = 10


class Settings(NamedTuple):
    """What a configuration says: see `read_settings`."""

    forms: tuple[ShortForm, ...] = ()
    trackers: Mapping[str, str | None] = {}
    exclude: tuple[str, ...] = ()


def read_settings(file: str, content: bytes) -> Settings:
    """What the configuration says that is named `file`.

    :raises BadInput: it cannot be used.
    """
    try:
        tables = tomllib.loads(content.decode())
    except ValueError as error:
        raise BadInput(f"{file} is not TOML: {error}.") from None
    except RecursionError:
        raise BadInput(f"{file} has lists or tables in one another that are too many.") from None
    for name in tables:
        if name not in _TABLES:
            raise BadInput(f"{file} has {name!r}, which is not known; {_choice(_TABLES)}.")
        if not isinstance(tables[name], dict):
            raise BadInput(f"{file} has {name!r}, which is not a table; write [{name}].")
    scan = tables.get("scan", {})
    for name in scan:
        if name not in _SCAN:
            raise BadInput(f"{file} has {name!r} in [scan], which is not known; {_choice(_SCAN)}.")
    exclude = scan.get("exclude", [])
    if not isinstance(exclude, list) or not all(isinstance(each, str) for each in exclude):
        raise BadInput(f"{file} has an 'exclude' in [scan] that is not a list of strings.")
    return Settings(
        _forms(file, tables.get("short-forms", {})),
        _trackers(file, tables.get("trackers", {})),
        tuple(exclude),
    )


def ignore_spec(file: str, patterns: Iterable[str]) -> "GitIgnoreSpec":
    """What files match those patterns, which `file` has in gitignore's syntax.

    :raises BadInput: one of them cannot be read.
    """
    # Only now: it takes its time, and most trees have no patterns.
    from pathspec import GitIgnoreSpec

    patterns = list(patterns)
    for pattern in patterns:
        # Each multiplies the ways to match a path.
        if not pattern.startswith("#") and len(_ASTERISKS.findall(pattern)) > _MOST_ASTERISKS:
            raise BadInput(
                f"{file} has the pattern {pattern[:100]!r}; it may have {_MOST_ASTERISKS} "
                "asterisks."
            )
    try:
        with warnings.catch_warnings():
            # A pattern becomes a regular expression, and some are odd ones.
            warnings.simplefilter("ignore")
            return GitIgnoreSpec.from_lines(patterns)
    except (ValueError, re.error) as error:
        raise BadInput(f"{file} has a pattern that cannot be read: {error}.") from None


def _forms(file: str, table: Mapping[str, Any]) -> tuple[ShortForm, ...]:
    if len(table) > _MOST_FORMS:
        raise BadInput(f"{file} has more than {_MOST_FORMS} short forms.")
    forms = []
    for form, url in table.items():
        if not isinstance(url, str):
            raise BadInput(f"{file} maps the short form {form!r} to what is no string.")
        try:
            forms.append(short_form(form, url))
        except BadInput as error:
            raise BadInput(f"{file} has the short form {form!r}: {error}.") from None
    return tuple(forms)


def _trackers(file: str, table: Mapping[str, Any]) -> dict[str, str | None]:
    for baseurl, name in table.items():
        if not isinstance(name, str):
            raise BadInput(
                f"{file} maps the tracker {baseurl} to what is no string; give the name of its "
                'type, or "".'
            )
        if re.match("https?://[^/]", baseurl) is None:
            raise BadInput(
                f"{file} has the tracker {baseurl!r}, which does not begin with https://."
            )
    if len(table) > _MOST_TRACKERS:
        raise BadInput(f"{file} has more than {_MOST_TRACKERS} trackers.")
    if sum(not name for name in table.values()) > _MOST_ASKED:
        raise BadInput(
            f"{file} has more than {_MOST_ASKED} trackers without a type; give those of the others."
        )
    return {baseurl: name or None for baseurl, name in table.items()}


def _choice(names: Iterable[str]) -> str:
    return f"there is {', '.join(map(repr, sorted(names)))}"
