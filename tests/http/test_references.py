import os
import sys
import threading
from types import ModuleType

import pytest

from malonewatch.http import FileCredentials, references
from malonewatch.interfaces import BadInput, Credentials

BASE_URL = "https://bugs.example.com/zilla"


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def get(folder):
    """The credentials from a section with these lines."""

    def get(*lines):
        file = folder / "credentials.ini"
        file.write_text("\n".join(["[bugs.example.com]", *lines]))
        return FileCredentials(file).get(BASE_URL)

    return get


@pytest.fixture
def refused(get, folder):
    """What is said of a section with these lines."""

    def refused(*lines):
        with pytest.raises(BadInput) as caught:
            get(*lines)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        before = f"The section bugs.example.com in the credentials file {folder}/credentials.ini "
        sentence = str(caught.value)
        assert sentence.startswith(before)
        assert sentence.endswith("; correct it.")
        return sentence.removeprefix(before).removesuffix("; correct it.")

    return refused


@pytest.mark.parametrize("value", ["s3cret", "http://x", "other:x", ":x", "netrc:", "env"])
def test_a_value_is_what_it_is_unless_it_is_a_reference(value, get):
    assert get(f"token = {value}") == Credentials(token=value)


# env:NAME


def test_a_secret_in_an_environment_variable(get, monkeypatch):
    monkeypatch.setenv("ZILLA_TOKEN", "s3cret")
    monkeypatch.setenv("ZILLA_USER", "jane")
    assert get("token = env:ZILLA_TOKEN") == Credentials(token="s3cret")
    found = get("username = env:ZILLA_USER", "password = env:ZILLA_TOKEN")
    assert found == Credentials("jane", "s3cret")


@pytest.mark.parametrize("value", [None, ""])
def test_an_environment_variable_that_is_not_set(value, refused, monkeypatch):
    monkeypatch.delenv("ZILLA_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("ZILLA_TOKEN", value)
    assert refused("token = env:ZILLA_TOKEN") == (
        "names the environment variable ZILLA_TOKEN, which is not set"
    )


# file:PATH


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"s3cret\r\n", b"\xef\xbb\xbfs3cret"])
@pytest.mark.parametrize("form", ["secrets/token", "{folder}/secrets/token"])
def test_a_secret_in_a_file(content, form, get, folder):
    (folder / "secrets").mkdir()
    (folder / "secrets" / "token").write_bytes(content)
    assert get(f"token = file:{form.format(folder=folder)}") == Credentials(token="s3cret")


def test_a_secret_in_a_file_in_the_users_home(get, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder / "home"))
    (folder / "home").mkdir()
    (folder / "home" / "token").write_text("s3cret\n")
    assert get("token = file:~/token") == Credentials(token="s3cret")


def test_a_file_that_has_no_secret_to_be_had(refused, folder):
    path = folder / "token"
    names = f"names the file {path}, which"
    assert refused("token = file:token") == f"{names} is not there"
    os.mkfifo(path)
    assert refused("token = file:token") == f"{names} cannot be read (not a file)"
    path.unlink()
    path.write_bytes(b"\xff")
    assert refused("token = file:token") == f"{names} is no text"
    path.write_text("two\nlines\n")
    assert refused("token = file:token") == "has a value that is not one line of text"
    path.write_text("\n")
    assert refused("token = file:token") == "has neither a token nor a password"


# netrc


@pytest.fixture
def netrc(folder, monkeypatch):
    path = folder / "netrc"
    monkeypatch.setenv("NETRC", str(path))
    path.write_text("machine bugs.example.com login jane password s3cret\n")
    return path


def test_a_secret_in_netrc(netrc, get):
    assert get("password = netrc") == Credentials("jane", "s3cret")
    assert get("username = joan", "password = netrc") == Credentials("joan", "s3cret")
    assert get("username = netrc", "password = x") == Credentials("jane", "x")
    assert get("token = netrc") == Credentials(token="s3cret")


def test_netrc_is_in_the_users_home_otherwise(netrc, get, monkeypatch):
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", str(netrc.parent))
    netrc.rename(netrc.parent / ".netrc")
    assert get("password = netrc") == Credentials("jane", "s3cret")


def test_a_netrc_that_has_no_secret_to_be_had(netrc, refused):
    refers = f"refers to {netrc}, which"
    netrc.write_text("machine other.example.com login jane password s3cret\n")
    assert refused("password = netrc") == f"{refers} has nothing for bugs.example.com"
    netrc.write_text("machine bugs.example.com s3cret\n")
    assert refused("password = netrc") == f"{refers} cannot be read (NetrcParseError)"
    netrc.unlink()
    assert refused("password = netrc") == f"{refers} is not there"
    os.mkfifo(netrc)
    assert refused("password = netrc") == f"{refers} cannot be read (not a file)"


# keyring:SERVICE/USER


@pytest.fixture
def keyring(monkeypatch):
    module = ModuleType("keyring")
    known = {("https://bugs.example.com/zilla", "jane"): "s3cret"}
    module.get_password = lambda service, user: known.get((service, user))
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


def test_a_secret_in_the_keyring(keyring, get):
    found = get("token = keyring:https://bugs.example.com/zilla/jane")
    assert found == Credentials(token="s3cret")


def test_a_keyring_that_has_no_such_secret(keyring, refused):
    """The one that keeps nothing has none."""
    assert refused("token = keyring:zilla/jane") == (
        "refers to the keyring, which has nothing for jane at zilla"
    )


@pytest.mark.parametrize("name", ["", "zilla", "zilla/", "/jane"])
def test_a_reference_to_nothing_in_a_keyring(name, keyring, refused):
    assert refused(f"token = keyring:{name}") == (
        f"refers to keyring:{name}, where keyring:SERVICE/USER is wanted"
    )


def test_a_machine_without_a_keyring(keyring, refused):
    class NoKeyringError(RuntimeError):
        pass

    def fail(service, user):
        raise NoKeyringError("No recommended backend was available.")

    keyring.get_password = fail
    assert refused("token = keyring:zilla/jane") == (
        "refers to the keyring, which cannot be asked (NoKeyringError)"
    )


def test_a_machine_without_the_package(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert refused("token = keyring:zilla/jane") == (
        "refers to the keyring, which needs the package keyring (malonewatch[keyring])"
    )


def test_a_keyring_that_waits_for_a_person_holds_nobody_up(keyring, refused, monkeypatch):
    person = threading.Event()
    keyring.get_password = lambda service, user: person.wait()
    monkeypatch.setattr(references, "KEYRING_PATIENCE", 0)
    assert refused("token = keyring:zilla/jane") == (
        "refers to the keyring, which did not answer within 0 seconds"
    )
    person.set()
