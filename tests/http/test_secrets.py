import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.configuration import configure
from malonewatch.http import Secrets
from malonewatch.interfaces import BadInput, ISecrets


def refused(reference):
    with pytest.raises(BadInput) as caught:
        Secrets().get(reference)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value)


def test_it_is_registered():
    configure()
    verifyObject(ISecrets, getUtility(ISecrets))


def test_a_secret_in_an_environment_variable(monkeypatch):
    monkeypatch.setenv("HOOK", "s3cret")
    assert Secrets().get("env:HOOK") == "s3cret"


def test_a_secret_in_a_file_which_may_be_beside_the_credentials(tmp_path, monkeypatch):
    (tmp_path / "hook").write_text("s3cret\n")
    assert Secrets().get(f"file:{tmp_path}/hook") == "s3cret"
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(tmp_path / "credentials.ini"))
    assert Secrets().get("file:hook") == "s3cret"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("env:HOOK", True),
        ("file:hook", True),
        ("keyring:chat/jane", True),
        ("https://hooks.example.com/", False),
        ("s3cret", False),
        ("env", False),
        ("netrc", False),
        ("", False),
    ],
)
def test_what_is_a_reference(text, is_one):
    assert Secrets().isReference(text) is is_one


@pytest.mark.parametrize("text", ["s3cret", "netrc", "https://hooks.example.com/s3cret"])
def test_what_is_none_is_not_shown_as_it_may_be_the_secret(text):
    assert refused(text) == (
        "What refers to a secret is env:NAME, file:PATH or keyring:SERVICE/USER, and that is "
        "none of them."
    )


def test_a_secret_that_is_not_there(monkeypatch):
    monkeypatch.delenv("HOOK", raising=False)
    assert refused("env:HOOK") == (
        "The reference env:HOOK names the environment variable HOOK, which is not set; correct it."
    )


def test_a_secret_of_a_keyring_that_is_none():
    assert refused("keyring:chat") == (
        "The reference keyring:chat refers to keyring:chat, where keyring:SERVICE/USER is wanted; "
        "correct it."
    )


@pytest.mark.parametrize("content", ["pa55\nmore\n", "\n", "pa55\tmore"])
def test_a_secret_is_one_line_of_text(content, tmp_path):
    (tmp_path / "hook").write_text(content)
    sentence = refused(f"file:{tmp_path}/hook")
    assert sentence.endswith("/hook refers to what is not one line of text; correct it.")
    assert "pa55" not in sentence
