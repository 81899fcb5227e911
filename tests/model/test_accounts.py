from datetime import datetime, timezone

import pytest
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    AccountFacts,
    BadInput,
    IAccount,
    IAccountSet,
    NotFoundError,
    Role,
)
from malonewatch.model.accounts import AccountSet

NOON = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


@pytest.fixture
def accounts(clock):
    return AccountSet()


@pytest.fixture
def anna(accounts):
    return accounts.add("Anna", "Anna@example.com", Role.MANAGER)


def test_they_provide_the_interfaces(accounts, anna):
    verifyObject(IAccountSet, accounts)
    verifyObject(IAccount, anna)


def test_an_account_is_found_whatever_the_case_of_its_name(accounts, anna):
    assert accounts.get("ANNA") is accounts.query("anna") is anna
    assert anna.facts == AccountFacts("anna", "Anna@example.com", Role.MANAGER, True, False, NOON)
    assert repr(anna) == "<Account anna>"
    assert accounts.query("bert") is None
    with pytest.raises(NotFoundError, match=r"There is no account 'b\\ner"):
        accounts.get("b\ner" + "x" * 10**6)


@pytest.mark.parametrize(
    ("name", "email", "message"),
    [
        ("", "", "cannot be a name to log in by"),
        ("b\nert", "", r"'b\\nert' cannot be a name"),
        ("bert\n", "", "cannot be a name"),
        ("system:all", "", "cannot be a name"),
        ("-bert", "", "cannot be a name"),
        ("bért", "", "cannot be a name"),
        ("b" * 101, "", "cannot be a name"),
        ("b" * 10**6, "", "cannot be a name"),
        ("ANNA", "", "There is an account anna already"),
        ("bert", "ANNA@example.com", "is the address of another account"),
        ("bert", "b\n@example.com", "is not an e-mail address"),
        ("bert", "bert", "is not an e-mail address"),
    ],
)
def test_who_cannot_be_added(accounts, anna, name, email, message):
    with pytest.raises(BadInput, match=message) as caught:
        accounts.add(name, email)
    assert len(str(caught.value)) < 300
    assert list(accounts) == [anna]
    assert len(accounts) == 1


def test_an_address_can_be_another_one_or_none(accounts, anna):
    accounts.edit(anna, "a@example.com", Role.VIEWER)
    bert = accounts.add("bert", "anna@example.com")
    assert (anna.facts.email, anna.facts.role) == ("a@example.com", Role.VIEWER)
    with pytest.raises(BadInput, match="address of another"):
        accounts.edit(bert, "A@EXAMPLE.com")
    accounts.edit(anna, "")
    accounts.edit(bert, "A@EXAMPLE.com")
    accounts.edit(bert, role=Role.MANAGER)
    assert (anna.email, bert.email) == ("", "A@EXAMPLE.com")
    accounts.edit(bert, "a@example.com")
    assert bert.email == "a@example.com"


def test_what_ends_sessions_changes_the_stamp(accounts, anna):
    stamps = [anna.stamp]
    for change in (
        lambda: accounts.setPassword(anna, "hash"),
        lambda: accounts.disable(anna),
    ):
        change()
        stamps.append(anna.stamp)
    accounts.remove(anna)
    stamps.append(accounts.add("anna").stamp)
    assert len(set(stamps)) == 4


def test_what_does_not_leaves_it(accounts, anna):
    stamp = anna.stamp
    accounts.rehash(anna, "hash")
    accounts.edit(anna, "a@example.com", Role.VIEWER)
    accounts.enable(anna)
    assert (anna.stamp, anna.password, anna.facts.has_password) == (stamp, "hash", True)


def test_an_account_can_be_disabled(accounts, anna):
    accounts.disable(anna)
    assert not anna.facts.enabled
    accounts.enable(anna)
    assert anna.facts.enabled


def test_what_was_removed_is_free_again(accounts, anna):
    accounts.remove(anna)
    assert accounts.query("anna") is None
    accounts.remove(accounts.add("bert"))
    assert accounts.add("anna", "anna@example.com").facts.role is Role.WATCHER


def test_an_account_is_found_by_its_address(accounts, anna):
    assert accounts.queryByEmail("anna@EXAMPLE.com") is anna
    accounts.edit(anna, "")
    assert accounts.queryByEmail("anna@example.com") is None
