from datetime import datetime, timedelta, timezone

import pytest
from zope.interface.verify import verifyObject

from malonewatch.interfaces import BadInput, IToken, ITokenSet, NotFoundError, Scope, TokenFacts
from malonewatch.model.tokens import TokenSet

NOON = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
ANN = "ann@example.com"


@pytest.fixture
def tokens(clock):
    return TokenSet()


def test_they_provide_the_interfaces(tokens):
    verifyObject(ITokenSet, tokens)
    verifyObject(IToken, tokens.issue(ANN, "a script", Scope.READ)[0])


def test_a_token_is_found_by_what_it_says(tokens):
    token, text = tokens.issue(f" {ANN}", "a script ", Scope.WATCH)
    assert text.startswith("mw_")
    assert len(text) == 46
    assert tokens.query(text) is token
    assert token.facts == TokenFacts(1, "a script", ANN, Scope.WATCH, NOON, None)
    assert repr(token) == "<Token 1>"


@pytest.mark.parametrize("text", ["", "mw_", "mw_" + "a" * 43, "\udcff", "mw_" * 10**5])
def test_what_no_token_says_finds_none(tokens, text):
    tokens.issue(ANN, "a script", Scope.READ)
    assert tokens.query(text) is None


def test_what_a_token_says_is_not_kept(tokens):
    token, text = tokens.issue(ANN, "a script", Scope.READ)
    assert text not in repr((token.__getstate__(), tokens.__getstate__()))


def test_each_says_something_else(tokens):
    texts = {tokens.issue(ANN, "a script", Scope.READ)[1] for _ in range(10)}
    assert len(texts) == len(tokens) == 10


def test_a_token_expires(tokens, clock):
    token, text = tokens.issue(ANN, "a script", Scope.READ, NOON + timedelta(days=1))
    clock.tick(hours=23)
    assert tokens.query(text) is token
    clock.tick(hours=1)
    assert tokens.query(text) is None
    assert tokens.get(1).facts.expires == NOON + timedelta(days=1)


def test_a_token_that_is_revoked_is_good_for_nothing(tokens):
    first, text = tokens.issue(ANN, "a script", Scope.READ)
    other, other_text = tokens.issue(ANN, "another", Scope.READ)
    tokens.revoke(other)
    assert tokens.query(other_text) is None
    assert tokens.query(text) is first
    assert list(tokens) == [first]
    with pytest.raises(NotFoundError, match=r"^There is no token 2\.$"):
        tokens.get(2)


def test_no_number_is_given_twice(tokens):
    for number in (1, 2):
        token, _ = tokens.issue(ANN, "a script", Scope.READ)
        assert token.id == number
        tokens.revoke(token)


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a" * 201])
def test_what_is_not_one_line_is_refused(tokens, text):
    with pytest.raises(BadInput, match="A token's owner is said in one line"):
        tokens.issue(text, "a script", Scope.READ)
    with pytest.raises(BadInput, match="What a token is for is said in one line"):
        tokens.issue(ANN, text, Scope.READ)
    assert len(tokens) == 0


def test_a_token_is_not_made_when_it_has_expired(tokens):
    with pytest.raises(BadInput, match="good for nothing"):
        tokens.issue(ANN, "a script", Scope.READ, NOON)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.WATCH, {Scope.READ, Scope.WATCH}),
        (Scope.ADMIN, set(Scope)),
        (Scope.METRICS, {Scope.METRICS}),
        (Scope.FEEDS, {Scope.FEEDS}),
    ],
)
def test_a_scope_allows_what_it_includes(scope, allowed):
    assert {each for each in Scope if scope.allows(each)} == allowed
