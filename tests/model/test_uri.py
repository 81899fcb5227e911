from pathlib import Path

import pytest

from malonewatch.interfaces import BadInput
from malonewatch.model.uri import (
    completed,
    local_path,
    location_of,
    place_of,
    shown,
    sqlite_uri,
    without_passwords,
)


def test_the_uri_of_the_embedded_database_quotes_its_path():
    assert sqlite_uri(Path("/some where/a&b")) == "sqlite://?data_dir=/some+where/a%26b"


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite://?data_dir=/some+where/a%26b", "/some where/a&b"),
        ("file:///some where/Data.fs", "/some where/Data.fs"),
        ("file:///some/Data.fs?read_only=1", "/some/Data.fs"),
    ],
)
def test_the_path_of_a_database_on_this_machine(uri, path):
    assert local_path(uri) == Path(path)
    assert place_of(uri) == path


@pytest.mark.parametrize("uri", ["zeo://localhost:9999", "memory://", "zconfig:///x/zodb.conf"])
def test_other_databases_have_none(uri):
    assert local_path(uri) is None
    assert place_of(uri) == location_of(uri) == uri


@pytest.mark.parametrize("uri", ["/some/Data.fs", "sqlite://", "file://?read_only=1"])
def test_what_says_no_place(uri):
    with pytest.raises(BadInput):
        local_path(uri)
    # As a database that an application has opened may be called.
    assert place_of(uri) == location_of(uri) == uri


def test_a_location_is_the_same_by_every_spelling(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    for folder in (tmp_path, tmp_path / "link", "./", f"{tmp_path}//", "x/.."):
        assert location_of(f"file://{folder}/Data.fs") == f"{tmp_path}/Data.fs"
        assert location_of(f"sqlite://?data_dir={folder}") == str(tmp_path)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///Data.fs", "file:///Data.fs"),
        ("memory://", "memory://"),
        ("sqlite://?data_dir=/x", "sqlite://?data_dir=/x&keep_history=false"),
        ("sqlite://?keep_history=1", "sqlite://?keep_history=1"),
        ("zeo://localhost:9999", "zeo://localhost:9999?wait_timeout=5"),
        ("zeo://localhost?wait_timeout=60", "zeo://localhost?wait_timeout=60"),
        (
            "postgres://host/db?driver=x",
            "postgres://host/db?driver=x&connect_timeout=5&keep_history=false",
        ),
    ],
)
def test_what_a_uri_does_not_say_is_added(uri, expected):
    assert completed(uri, read_only=False) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///Data.fs", "file:///Data.fs?read_only=1"),
        ("file:///Data.fs?read_only=0", "file:///Data.fs?read_only=0&read_only=1"),
        ("memory://", "memory://"),
    ],
)
def test_to_read_is_asked_of_what_can_be_asked(uri, expected):
    assert completed(uri, read_only=True) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("postgres://user:s3c/ret@host/db", "postgres://user:...@host/db"),
        ("user:s3cret@host", "user:...@host"),
        ("zeo://host?username=u&password=s3cret&x=1", "zeo://host?username=u&password=...&x=1"),
        ("zeo://host?PASSWORD=s3cret", "zeo://host?PASSWORD=..."),
        ("zeo://localhost:9999", "zeo://localhost:9999"),
    ],
)
def test_no_password_is_shown(uri, expected):
    assert shown(uri) == expected


@pytest.mark.parametrize(
    "uri",
    ["postgres://user:s3c%2Fret@host/db", "zeo://host?username=u&password=s3c/ret"],
)
def test_no_password_of_the_uri_is_in_a_message(uri):
    assert without_passwords("No s3c/ret, no user", uri) == "No ..., no user"


def test_a_message_about_a_uri_without_one_stays_as_it_is():
    assert without_passwords("No such host", "zeo://localhost:9999") == "No such host"
