"""Texts from elsewhere, made safe to be shown."""

import re
import unicodedata

# Control sequences, and the strings that some of them begin.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
#: They join characters into one, in scripts and emoji that need it.
JOINERS = "\u200c\u200d"

#: No line of text is longer.
LONGEST_LINE = 2000


def clean(text: str, limit: int = LONGEST_LINE) -> str:
    """`text` from who knows where as one line that is safe on a terminal.

    Without control sequences and what changes the direction of writing, and
    cut off at `limit` characters.
    """
    # Cut before too: a text without end would cost its length.
    text = text[: 2 * limit]
    # In one that is printable, as most are, there is nothing to look for.
    if not text.isprintable():
        text = "".join(map(_safe, _SEQUENCES.sub("", text)))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _safe(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf") else "\ufffd"
