import pytest
from zope.interface.verify import verifyObject

from malonewatch.http import FileCredentials
from malonewatch.interfaces import BadInput, Credentials, ICredentials

BASE_URL = "https://bugs.example.com/zilla"


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
    "contents",
    [
        b"token = s3cret\n",
        b"[bugs.example.com]\ns3cret\n",
        b"[bugs.example.com]\ntoken = 1\ntoken = s3cret\n",
        b"[s3cret]\n[s3cret]\n",
        b"[bugs.example.com]\npassword = s3cret\xff\n",
        b"\x00\xff\xfe",
    ],
)
def test_a_file_that_cannot_be_read_is_told_of_in_a_sentence(contents, file):
    file.write_bytes(contents)
    sentence = refused(file)
    assert sentence.startswith(f"The credentials file {file} cannot be read (")
    assert sentence.endswith("); correct it.")
    assert "s3cret" not in sentence


def test_a_directory_in_its_place_is_told_of(tmp_path):
    assert refused(tmp_path) == (
        f"The credentials file {tmp_path} cannot be read (IsADirectoryError); correct it."
    )


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ("", "has neither a token nor a password"),
        ("username = jane", "has neither a token nor a password"),
        ("token =", "has neither a token nor a password"),
        ("token = s3cret\n  more", "has a value of more than one line"),
        ("username = jane\npassword = s3cret\x00", "has a value of more than one line"),
    ],
)
def test_a_section_without_a_secret_that_can_be_sent_is_told_of(lines, wrong, file):
    file.write_text(f"[https://jane:s3cret@bugs.example.com/zilla]\n{lines}\n")
    assert refused(file) == (
        f"The section https://bugs.example.com/zilla in the credentials file {file} {wrong}; "
        "correct it."
    )


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
