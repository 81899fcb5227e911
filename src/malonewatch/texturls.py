"""The URLs that stand in a text.  Pure, and linear in the length of the text."""

import re
from collections.abc import Iterator

#: How many characters a URL may have.
LONGEST_URL = 2000

# Letters and digits of any script, and what ASCII punctuation a URL may have:
# quotation marks, dashes and the stops of other scripts end a URL.
_RUN = re.compile(r"https?://[\w!#$%&()*+,\-./:;=?@\[\]~]+", re.IGNORECASE)

# What may end a URL within such a run, or begin another one.  "[/" is that of
# "[/url]"; the entities stand in texts that were made into HTML.
_TOKEN = re.compile(
    r"(?P<scheme>https?://)|\[/|[()\[\]]|&(?:lt|gt|quot|apos|nbsp|#\w{1,6});", re.IGNORECASE
)
_OPENING = {")": "(", "]": "["}

# Punctuation of the sentence around a URL.
_TRAILING = ".,:;!?*_~-+=&$@#%(["


def find_urls(text: str) -> Iterator[str]:
    """The URLs that stand in `text`, in its order, without the punctuation around them."""
    for start, end in find_spans(text):
        yield text[start:end]


def find_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the URLs stand in `text`: from what character on, and up to which."""
    for run in _RUN.finditer(text):
        offset = run.start()
        for start, end in _spans_in_run(run.group()):
            yield offset + start, offset + end


def _spans_in_run(run: str) -> Iterator[tuple[int, int]]:
    """Where the URLs are in a text without blanks that begins with one."""
    scheme = run.index("/") + 2
    start: int | None = 0
    unclosed = {"(": 0, "[": 0}
    for token in _TOKEN.finditer(run, scheme):
        what, position = token.group(), token.start()
        if token.lastgroup == "scheme":
            if start is not None:
                if run[position - 1] in "=/" and position > scheme:
                    # The URL of an archive or a redirect, which holds another one.
                    continue
                yield from _trimmed(run, start, position)
            start, scheme = position, token.end()
            unclosed = {"(": 0, "[": 0}
        elif start is None:
            continue
        elif what in unclosed:
            unclosed[what] += 1
        elif unclosed.get(_OPENING.get(what, "")):
            unclosed[_OPENING[what]] -= 1
        else:
            yield from _trimmed(run, start, position)
            start = None
    if start is not None:
        yield from _trimmed(run, start, len(run))


def _trimmed(run: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    length = len(run[start:end].rstrip(_TRAILING))
    if len("https://") < length <= LONGEST_URL:
        yield start, start + length
