"""Passwords: what can be one, and their hashes."""

import functools
import secrets
import unicodedata
from typing import Any

from malonewatch.interfaces import BadInput

SHORTEST, LONGEST = 10, 1000


def check(password: str) -> None:
    """See that `password` can be one.

    :raises BadInput: it cannot; what it is is not told.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"A password has {SHORTEST} to {LONGEST} characters.")
    if not password.isprintable():
        raise BadInput("A password is one line, of what can be typed.")


def hashed(password: str) -> str:
    """The hash of a password, with its parameters and salt in it.

    :raises BadInput: what makes it is not installed.
    """
    made: str = hasher().hash(_plain(password))
    return made


def matches(stored: str | None, password: str) -> bool:
    """Whether `stored` is the hash of that password; without one it takes as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        # Nobody has such a one; looked at in part, to take as long as any other.
        stored, password = None, password[:LONGEST]
    try:
        hasher().verify(_of_nobody() if stored is None else stored, _plain(password))
    except (InvalidHashError, VerificationError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether hashes are made in another way by now."""
    outdated: bool = hasher().check_needs_rehash(stored)
    return outdated


@functools.lru_cache(maxsize=1)
def hasher() -> Any:
    """What makes hashes, and checks them.

    :raises BadInput: it is not installed.
    """
    try:
        from argon2 import PasswordHasher
    except ImportError:
        raise BadInput(
            "Passwords need a package that is not installed; 'pip install malonewatch[web]' "
            "brings it."
        ) from None
    return PasswordHasher()


@functools.lru_cache(maxsize=1)
def _of_nobody() -> str:
    return hashed(secrets.token_hex())


def _plain(password: str) -> bytes:
    """The same bytes for what looks the same, however a keyboard puts it together."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
