"""The words of a title, as they are looked for.  Pure."""

import re
import unicodedata

#: How much of a title is looked at, in characters; how many of its words are
#: kept, and how much of each.
LONGEST_TITLE = 1000
MOST_WORDS = 100
LONGEST_WORD = 40

_WORD = re.compile(r"\w+")


def words_of(title: str) -> list[str]:
    """The different words of `title`, in its order; their case and width do not matter."""
    folded = unicodedata.normalize("NFKC", title[:LONGEST_TITLE]).casefold()
    words = dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(folded))
    return list(words)[:MOST_WORDS]
