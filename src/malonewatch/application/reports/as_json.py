"""Reports for programs of one's own: all that is known, as JSON."""

import dataclasses
import enum
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from malonewatch.application.linkfacts import LinkFacts
from malonewatch.application.reports.entries import ordered


def json_report(links: Sequence[LinkFacts]) -> str:
    """A list with an object for each of `links`: the fields of `LinkFacts`, `can_go`, `sentence`.

    Enumerations are told by name, times in ISO 8601.  Texts are whole and as
    they are, in ASCII; names of files have bytes that are no UTF-8 as `os.fsdecode`.
    """
    return json.dumps(list(map(_object, ordered(links))), indent=2, default=_plain) + "\n"


def _object(link: LinkFacts) -> dict[str, Any]:
    fields = {field.name: getattr(link, field.name) for field in dataclasses.fields(link)}
    return {**fields, "can_go": link.verdict.can_go, "sentence": link.sentence}


def _plain(value: enum.Enum | datetime) -> str:
    return value.name if isinstance(value, enum.Enum) else value.isoformat()
