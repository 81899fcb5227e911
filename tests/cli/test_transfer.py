import json

import pytest


@pytest.fixture
def some(cli, url):
    cli("watch", url(1), url(2), "--bug", "7", "--title", "Windows, doors")
    return cli


def test_what_is_exported_is_csv_with_the_names_of_the_columns(some, url):
    assert some("export").out.splitlines() == [
        "bug,title,url",
        f'7,"Windows, doors",{url(1)}',
        f'7,"Windows, doors",{url(2)}',
    ]


def test_json_is_a_list_of_objects(some, url):
    rows = json.loads(some("export", "--json").out)
    assert rows[0] == {"bug": 7, "title": "Windows, doors", "url": url(1)}


def test_of_nothing_there_is_an_empty_file(cli):
    assert cli("export").out == "bug,title,url\n"
    assert cli("export", "--json").json == []


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_what_is_exported_is_imported_elsewhere(some, run, tmp_path, option):
    file = tmp_path / "bugs"
    assert some("export", *option, file).out == ""
    uri = f"sqlite://?data_dir={tmp_path / 'other'}"
    run("init", "--database", uri)
    first, last = run("import", file, "--database", uri).out.splitlines()
    assert first.startswith("Registered auto-127.0.0.1, of type BUGZILLA")
    assert last == "2 lines: 2 new watches and 1 new bug; 0 watched already."
    assert run("export", "--database", uri).out == some("export").out


def test_a_second_import_adds_nothing(some):
    text = some("export").out.encode()
    result = some("import", "-", stdin=text)
    assert result.out == "2 lines: 0 new watches and 0 new bugs; 2 watched already.\n"
    assert some("export").out.encode() == text


def test_titles_stay(some, url):
    result = some("import", "-", stdin=f"bug,title,url\n7,New,{url(3)}".encode())
    assert "1 line: 1 new watch and 0 new bugs; 0 watched already." in result.out
    assert "Bug 7 keeps its title; 'malonewatch bug retitle 7 TITLE'" in result.out


def test_bad_lines_are_named_and_nothing_is_changed(some, url):
    text = f"url\n{url(3)}\nhttp://example.com/\n".encode()
    result = some("import", "-", stdin=text)
    assert result.code == 2
    bad, nothing = result.err.splitlines()
    assert bad.startswith("Error: Line 3: http://example.com/ is not the URL of a bug")
    assert nothing == "Error: Nothing was changed."
    assert len(some("list", "--json").json) == 2


def test_what_cannot_be_read_or_written_is_one_sentence(some, tmp_path):
    (tmp_path / "latin").write_bytes(b"url\n\xff")
    for args in (
        ["import", tmp_path / "nope"],
        ["import", tmp_path],
        ["import", tmp_path / "latin"],
        ["import", "nul\0byte"],
        ["export", tmp_path / "no" / "file"],
        ["export", tmp_path],
    ):
        result = some(*args)
        assert result.code == 2, args
        assert result.err.count("\n") == 1
    assert some("import", "-", stdin=b"\xff").err == "Error: Standard input is not in UTF-8.\n"


def test_without_standard_input_there_is_nothing_to_import(some, monkeypatch, capsys):
    from malonewatch.cli import main

    monkeypatch.setattr("sys.stdin", None)
    assert main(["import", "-"]) == 2


def test_much_is_written_in_portions(some, monkeypatch):

    whole = some("export").out
    monkeypatch.setattr("malonewatch.application.transfer._PORTION", 10)
    assert some("export").out == whole


def test_one_bug_tracker_alone_can_be_exported(some):
    some("watch", "https://bugs.debian.org/5")
    assert len(some("export", "-t", "auto-bugs.debian.org").out.splitlines()) == 2
    assert some("export", "-t", "nope").code == 2
