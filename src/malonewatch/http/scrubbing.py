"""Taking secrets out of what is kept or shown.  Pure."""

import html
import json
import re
from collections.abc import Iterable


class Scrubber:
    """Puts ``***`` in the place of every one of `secrets`, in any quoting, any case."""

    def __init__(self, secrets: Iterable[str] = ()):
        # The longest first: one may be a part of another.
        known = sorted(set(filter(None, secrets)), key=len, reverse=True)
        pattern = "|".join("".join(map(_any_quoting, secret)) for secret in known)
        self._pattern = re.compile(pattern, re.IGNORECASE) if pattern else None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._pattern is not None

    def __call__(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub("***", text)


def _any_quoting(character: str) -> str:
    """A pattern for a character as it may stand in a text, a URL, in JSON or HTML."""
    forms = {character, "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))}
    if not (character.isascii() and character.isalnum()):
        number = ord(character)
        forms |= {json.dumps(character)[1:-1], f"\\u{number:04x}"}
        forms |= {html.escape(character), f"&#{number};", f"&#x{number:x};"}
    if character == " ":
        forms.add("+")
    if character == "/":
        forms.add("\\/")
    return f"(?:{'|'.join(map(re.escape, sorted(forms)))})"
