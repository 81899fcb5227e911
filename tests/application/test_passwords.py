import sys

import pytest
from argon2 import PasswordHasher

from malonewatch.application import passwords
from malonewatch.interfaces import BadInput


@pytest.fixture(autouse=True)
def nothing_kept():
    passwords.hasher.cache_clear()


def test_a_password_takes_a_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(BadInput, match=r"'pip install malonewatch\[web\]' brings it"):
        passwords.hashed("correct horse battery")


def test_hashes_are_those_that_argon2_advises():
    assert passwords.hasher().time_cost == PasswordHasher().time_cost
    # Kept, as each takes its time.
    assert passwords.hasher() is passwords.hasher()
