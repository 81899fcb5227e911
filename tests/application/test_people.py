import pytest
from argon2 import PasswordHasher
from zope.component import getUtility

from malonewatch.application import passwords, people, tokens
from malonewatch.interfaces import BadInput, IAccountSet, NotFoundError, Role, Scope

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def anna(database):
    people.add(database, "anna", "anna@example.com")
    return people.set_password(database, "anna", PASSWORD)


def hash_of(database, name):
    return database.read(lambda trackers: getUtility(IAccountSet).get(name).password)


def test_people_are_listed_by_name(database, anna):
    bert = people.add(database, "Bert", role=Role.VIEWER)
    assert people.list_people(database) == [anna, bert]
    assert people.find(database, "ANNA") == anna
    assert people.known(database, "nobody") is None
    assert people.known(database, "Bert").account == bert
    with pytest.raises(NotFoundError, match="There is no account 'nobody'"):
        people.find(database, "nobody")


def test_what_is_said_of_somebody_can_be_changed(database, anna):
    assert people.edit(database, "anna", role=Role.MANAGER).role is Role.MANAGER
    assert people.edit(database, "anna", "").email == ""
    with pytest.raises(NotFoundError):
        people.edit(database, "nobody", "")


def test_the_right_password_lets_in(database, anna):
    found = people.log_in(database, "ANNA", PASSWORD)
    assert found == people.known(database, "anna")
    assert found.account.has_password


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "correct horse battery "),
        ("anna", ""),
        ("anna", "x" * 10**6),
        ("anna", "\udcff"),
        ("nobody", PASSWORD),
        ("a\nb", PASSWORD),
        ("bert", ""),
        ("bert", PASSWORD),
    ],
)
def test_nothing_else_does(database, anna, name, password):
    people.add(database, "bert")
    assert people.log_in(database, name, password) is None


def test_what_is_not_known_costs_as_much_as_what_is(database, anna, monkeypatch):
    verified = []

    class Counting(PasswordHasher):
        def verify(self, hash, password):
            verified.append(len(password))
            return super().verify(hash, password)

    counting = Counting(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: counting)
    people.add(database, "bert")
    for name, password in (("anna", "x"), ("nobody", "x"), ("bert", "x"), ("anna", "x" * 2000)):
        assert people.log_in(database, name, password) is None
    assert verified == [1, 1, 1, 1000]


def test_a_password_is_the_same_however_it_is_typed(database, anna):
    people.set_password(database, "anna", "ga\u0308nseblu\u0308mchen")
    assert people.log_in(database, "anna", "gänseblümchen")


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 1001, "two\nlines of it", "a\x00bcdefghijk"]
)
def test_what_is_no_password_is_refused(database, anna, password):
    before = hash_of(database, "anna")
    with pytest.raises(BadInput, match=r"^A password ") as caught:
        people.set_password(database, "anna", password)
    assert not password or password not in str(caught.value)
    assert hash_of(database, "anna") == before


def test_nobody_is_given_a_password(database):
    with pytest.raises(NotFoundError):
        people.set_password(database, "nobody", PASSWORD)


def test_who_knows_the_old_password_gives_another(database, anna):
    with pytest.raises(BadInput, match="The password that you have now is another one"):
        people.change_password(database, "anna", "wrong", "another password")
    people.change_password(database, "anna", PASSWORD, "another password")
    assert people.log_in(database, "anna", "another password")
    assert not people.log_in(database, "anna", PASSWORD)


def test_a_hash_is_made_anew_when_they_are_made_in_another_way(database, anna, monkeypatch):
    before, stamp = hash_of(database, "anna"), people.known(database, "anna").stamp
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: stronger)
    assert people.log_in(database, "anna", "wrong password") is None
    assert hash_of(database, "anna") == before
    assert people.log_in(database, "anna", PASSWORD).stamp == stamp
    after = hash_of(database, "anna")
    assert after != before
    assert people.log_in(database, "anna", PASSWORD)
    assert hash_of(database, "anna") == after


@pytest.mark.parametrize("change", ["remove", "password"])
def test_who_is_gone_meanwhile_gets_no_hash(database, anna, monkeypatch, change):
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    made = passwords.hashed

    def slow(password):
        monkeypatch.setattr(passwords, "hashed", made)
        if change == "remove":
            people.remove(database, "anna")
        else:
            people.set_password(database, "anna", "another password")
        return made(password)

    monkeypatch.setattr(passwords, "hasher", lambda: stronger)
    monkeypatch.setattr(passwords, "hashed", slow)
    people.log_in(database, "anna", PASSWORD)
    assert people.log_in(database, "anna", PASSWORD) is None


def test_who_is_disabled_comes_in_no_more(database, anna):
    for owner in ("Anna", "ANNA@example.com", "bert"):
        tokens.issue(database, owner, "a script", Scope.READ)
    stamp = people.known(database, "anna").stamp
    disabled = people.disable(database, "anna")
    assert (disabled.account.enabled, disabled.tokens) == (False, 2)
    assert [each.owner for each in tokens.list_tokens(database)] == ["bert"]
    assert people.log_in(database, "anna", PASSWORD) is None
    assert people.enable(database, "anna").enabled
    assert people.log_in(database, "anna", PASSWORD).stamp != stamp


def test_who_is_removed_is_forgotten(database, anna):
    tokens.issue(database, "anna", "a script", Scope.READ)
    assert people.remove(database, "anna") == people.Removed(anna, 1)
    assert people.list_people(database) == []
    assert tokens.list_tokens(database) == []
    people.add(database, "bert")
    tokens.issue(database, "x", "a script", Scope.READ)
    assert people.remove(database, "bert").tokens == 0
