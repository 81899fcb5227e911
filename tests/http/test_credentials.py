import os
from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from malonewatch.http import FileCredentials
from malonewatch.http.files import LARGEST
from malonewatch.interfaces import BadInput, Credentials, ICredentials

BASE_URL = "https://bugs.example.com/zilla"
NOT_ONE_LINE = "has a value that is not one line of text"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "credentials.ini"


@pytest.fixture
def get(file):
    """The credentials for a base URL, from a file of such a text."""

    def get(text, baseurl=BASE_URL):
        file.write_text(text, encoding="utf-8")
        return FileCredentials(file).get(baseurl)

    return get


def refused(file, baseurl=BASE_URL):
    with pytest.raises(BadInput) as caught:
        FileCredentials(file).get(baseurl)
    # Not by way of what it was made of either.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_the_interface_is_provided(file):
    verifyObject(ICredentials, FileCredentials(file))


def test_a_token(get):
    found = get("[bugs.example.com]\ntoken = s3%cret\n")
    assert found == Credentials(token="s3%cret")
    assert "s3%cret" not in repr(found)


def test_a_user_and_a_password(get):
    found = get("[bugs.example.com]\nusername = jane\npassword = ünknown to = all\n")
    assert found == Credentials("jane", "ünknown to = all")
    assert "ünknown" not in repr(found)


@pytest.mark.parametrize(
    "section",
    [
        "bugs.example.com",
        "Bugs.Example.com",
        "bugs.example.com:443",
        "https://bugs.example.com/zilla",
        "https://bugs.example.com/zilla/",
        "https://BUGS.example.com/zilla",
        "https://jane@bugs.example.com/zilla",
    ],
)
@pytest.mark.parametrize("baseurl", [BASE_URL, f"{BASE_URL}/", "https://j@BUGS.example.com/zilla"])
def test_a_section_is_named_after_the_base_url_or_the_host(section, baseurl, get):
    assert get(f"[{section}]\ntoken = s3cret\n", baseurl) == Credentials(token="s3cret")


@pytest.mark.parametrize(
    "section",
    [
        "example.com",
        "more.bugs.example.com",
        "bugs.example.com.evil.example",
        "bugs.example.com:8443",
        "http://bugs.example.com/zilla",
        "https://bugs.example.com",
        "https://bugs.example.com/other",
        "https://bugs.example.com/Zilla",
        "https://bugs.example.com:8443/zilla",
    ],
)
def test_a_section_for_another_bug_tracker_does_not_count(section, get):
    assert get(f"[{section}]\ntoken = s3cret\n") is None


def test_a_host_at_another_port_is_another_host(get):
    text = "[bugs.example.com]\ntoken = s3cret\n"
    assert get(text, "https://bugs.example.com:8443") is None
    text = "[bugs.example.com:8443]\ntoken = s3cret\n"
    assert get(text, "https://bugs.example.com:8443") == Credentials(token="s3cret")


def test_the_section_of_the_base_url_comes_first(get):
    text = f"[bugs.example.com]\ntoken = host\n[{BASE_URL}]\ntoken = base\n"
    assert get(text) == Credentials(token="base")
    assert get(text, "https://bugs.example.com/other") == Credentials(token="host")


@pytest.mark.parametrize("baseurl", ["", "bugs.example.com", "http://[", "ftp://bugs.example.com"])
def test_what_is_no_base_url_has_no_credentials(baseurl, get):
    assert get("[bugs.example.com]\ntoken = s3cret\n", baseurl) is None


def test_without_the_file_there_are_none(file):
    assert FileCredentials(file).get(BASE_URL) is None


def test_a_file_with_a_byte_order_mark_is_read(get):
    assert get("\ufeff[bugs.example.com]\ntoken = s3cret\n") == Credentials(token="s3cret")


@pytest.mark.parametrize(
    ("contents", "wrong"),
    [
        (b"[bugs.example.com]\ns3cret\n", "has a line that is not 'name = value'"),
        (b"[bugs.example.com]\ntoken = 1\ntoken = s3cret\n", "says one thing twice"),
        (b"[bugs.example.com\ntoken = s3cret\n", "has no bracket at the end of its name"),
        (b"[bugs.example.com]\n[Bugs.example.com]\ntoken = s3cret\n", "is there twice"),
        (b"[bugs.example.com]\n", "has neither a token nor a password"),
        (b"[bugs.example.com]\nusername = jane\n", "has neither a token nor a password"),
        (b"[bugs.example.com]\ntoken =\n", "has neither a token nor a password"),
        (b"[bugs.example.com]\ntoken = s3cret\n  more\n", NOT_ONE_LINE),
        (b"[bugs.example.com]\npassword = s3cret\0\n", NOT_ONE_LINE),
        (b"[bugs.example.com]\npassword = s3cret\xff\n", NOT_ONE_LINE),
    ],
)
def test_a_section_that_cannot_be_used_is_told_of_in_a_sentence(contents, wrong, file):
    file.write_bytes(contents + b"[https://other.example.com]\ntoken = other\n")
    assert refused(file) == (
        f"The section bugs.example.com in the credentials file {file} {wrong}; correct it."
    )
    # It concerns no other.
    other = FileCredentials(file).get("https://other.example.com")
    assert other == Credentials(token="other")
    assert FileCredentials(file).get("https://third.example.com") is None


def test_a_section_is_told_of_without_what_is_secret_in_its_name(file):
    file.write_text("[https://jane:s3cret@bugs.example.com/zilla]\n")
    assert refused(file).startswith("The section https://bugs.example.com/zilla in the ")


def test_the_section_of_the_base_url_is_used_whatever_is_wrong_with_the_hosts(get):
    assert get(f"[bugs.example.com]\n???\n[{BASE_URL}]\ntoken = 1\n") == Credentials(token="1")


def test_a_comment_may_follow_a_sections_name(get):
    assert get("[bugs.example.com] ; not [that]\ntoken = 1\n") == Credentials(token="1")


def test_a_section_may_be_of_an_ipv6_address(get):
    text = "[http://[::1]:8080/]\ntoken = 1\n"
    assert get(text, "http://[::1]:8080") == Credentials(token="1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_may_come_from_any_system(encoding, line_end, file):
    text = line_end.join(["[bugs.example.com]", "username = Jané", "password = ünknown"])
    file.write_bytes(text.encode(encoding))
    assert FileCredentials(file).get(BASE_URL) == Credentials("Jané", "ünknown")


def test_what_is_mended_is_used(file):
    store = FileCredentials(file)
    file.write_text("[bugs.example.com]\ns3cret\n")
    with pytest.raises(BadInput):
        store.get(BASE_URL)
    file.write_text("[bugs.example.com]\ntoken = s3cret\n")
    assert store.get(BASE_URL) == Credentials(token="s3cret")


def test_the_sections_are_those_of_the_file(file):
    file.write_text("[Bugs.example.com]\n[https://B.example.com/x/]\n[:::]\n[c.example.com:81\n")
    store = FileCredentials(file)
    assert store.sections() == [
        "bugs.example.com",
        "https://b.example.com/x",
        ":::",
        "c.example.com:81",
    ]
    assert store.getSection("https://bugs.example.com/x") == "bugs.example.com"
    assert store.getSection("https://b.example.com/x/") == "https://b.example.com/x"
    assert store.getSection("https://b.example.com/y") is None


# The file itself.


def test_a_folder_in_its_place_is_told_of(tmp_path):
    assert refused(tmp_path) == (
        f"The credentials file {tmp_path} cannot be read (is a directory); correct it."
    )


def test_a_pipe_in_its_place_is_told_of_and_not_waited_for(file):
    os.mkfifo(file)
    assert refused(file) == f"The credentials file {file} cannot be read (not a file); correct it."


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_in_its_place_is_told_of(device):
    assert refused(Path(device)).endswith("cannot be read (not a file); correct it.")


def test_a_file_that_is_too_large_for_one_is_told_of(file):
    with file.open("wb") as opened:
        opened.truncate(LARGEST + 1)
    assert refused(file).endswith("cannot be read (more than 1048576 bytes); correct it.")


def test_a_file_that_the_environment_names_has_to_be_there(file, monkeypatch):
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(file))
    with pytest.raises(BadInput) as caught:
        FileCredentials().get(BASE_URL)
    assert str(caught.value) == (
        f"The credentials file {file} cannot be read (no such file); correct it."
    )
    with pytest.raises(BadInput):
        FileCredentials().sections()


@pytest.mark.parametrize(("mode", "said"), [(0o600, False), (0o640, True), (0o604, True)])
def test_that_others_can_read_the_file_is_said_once(mode, said, file, caplog):
    file.write_text("[bugs.example.com]\ntoken = s3cret\n")
    file.chmod(mode)
    store = FileCredentials(file)
    assert store.get(BASE_URL) == store.get(BASE_URL) == Credentials(token="s3cret")
    warning = f"Others can read the credentials file {file}; make it yours alone."
    assert caplog.messages == [warning] * said


def test_what_stands_before_the_first_section_is_said_once(file, caplog):
    file.write_text("# A comment\n\ntoken = s3cret\n[bugs.example.com]\ntoken = 1\n")
    file.chmod(0o600)
    store = FileCredentials(file)
    assert store.get(BASE_URL) == store.get(BASE_URL) == Credentials(token="1")
    (message,) = caplog.messages
    assert message == (
        f"What stands before the first section of the credentials file {file} "
        "is for no bug tracker."
    )


def test_a_comment_before_the_first_section_is_nothing_to_say(file, caplog):
    file.write_text("# A comment\n; another\n\n[bugs.example.com]\ntoken = 1\n")
    file.chmod(0o600)
    FileCredentials(file).get(BASE_URL)
    assert caplog.messages == []


def test_the_file_is_the_one_that_the_environment_names(file, monkeypatch):
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(file))
    assert FileCredentials().path == file


def test_the_file_is_in_the_users_configuration_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("MALONEWATCH_CREDENTIALS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    path = FileCredentials().path
    assert path.name == "credentials.ini"
    assert tmp_path in path.parents
