"""Headers and bodies of mails as they go over the wire.  Pure."""

import base64
import binascii

from malonewatch.cleaning import clean

#: Lines are folded so as to be no longer, with an encoded word in it no longer than that, and no
#: line may be longer at all (RFC 5322, 2.1.1, and RFC 2047, 2).
FOLD = 78
FOLD_ENCODED = 76
LONGEST = 998

_BEGIN, _END = "=?utf-8?b?", "?="


def header(name: str, text: str) -> str:
    """A header whose value is any text, with the end of its line.

    There is no second header in it whatever the text; runs of blanks become one.
    """
    words = clean(text).split()
    # What looks encoded would be decoded.
    if "=?" in text or not text.isascii():
        words = _encoded(" ".join(words), FOLD_ENCODED - len(name) - 2)
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        # The name has something after it on its line, or it would not be a header everywhere.
        if len(line) + 1 + len(word) > FOLD and (lines or len(line) > len(name) + 1):
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join((*lines, line, ""))


def _encoded(text: str, room: int) -> list[str]:
    """A text as encoded words, none of them longer than `room` (RFC 2047)."""
    most = (room - len(_BEGIN) - len(_END)) // 4 * 3
    words, word = [], b""
    for character in text:
        more = character.encode()
        # No character may be in two of them.
        if len(word) + len(more) > most:
            words.append(word)
            word = b""
        word += more
    words.append(word)
    return [f"{_BEGIN}{base64.b64encode(word).decode()}{_END}" for word in words]


def part(subtype: str, text: str) -> bytes:
    """A text as a part of a mail, from its headers on, without an end of line at the end."""
    data = text.encode().replace(b"\n", b"\r\n")
    encoding = b"7bit"
    if not data.isascii() or max(map(len, data.split(b"\r\n"))) > LONGEST:
        encoding = b"quoted-printable"
        data = binascii.b2a_qp(data, istext=True)
    return b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n%b" % (
        subtype.encode(),
        encoding,
        data,
    )
