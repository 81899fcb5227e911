import errno
import logging
import os
import resource
import shlex
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.cli.command import command as top
from malonewatch.cli.logs import warnings_said
from malonewatch.cli.trackers import tracker
from malonewatch.configuration import configure
from malonewatch.interfaces import IDatabaseOpener, MalonewatchError

PROGRAM = [sys.executable, "-c", "import sys; from malonewatch.cli import main; sys.exit(main())"]


def program(*args, **kwargs):
    """Runs the command in a process of its own, for what concerns its files."""
    environment = {**os.environ, **kwargs.pop("env", {})}
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.run([*PROGRAM, *args], text=True, timeout=60, env=environment, **kwargs)


@pytest.fixture
def opener():
    """Puts something in the place of what opens databases."""
    configure()
    registry = getGlobalSiteManager()
    before = getUtility(IDatabaseOpener)
    yield lambda function: registry.registerUtility(function, IDatabaseOpener)
    registry.registerUtility(before, IDatabaseOpener)


@pytest.mark.embedded
def test_without_a_database_there_is_a_hint_how_to_make_one(run):
    code, out, err = run("list")
    assert code == 4
    assert out == ""
    assert err.startswith("Error: There is no database at ")
    assert "malonewatch init" in err
    assert err.count("\n") == 1


def test_what_is_no_uri_of_a_database_is_refused(run):
    result = run("--database", "nonsense", "list")
    assert result.code == 2
    assert "nonsense is not the URI of a database" in result.err


def test_an_empty_uri_is_refused(run):
    result = run("list", "--database", "")
    assert result.code == 2
    assert "--database" in result.err


def test_the_database_can_be_named_after_the_subcommand(run, tmp_path):
    uri = f"sqlite://?data_dir={tmp_path / 'other'}"
    assert run("tracker", "list", "--database", uri).code == 4
    assert run("init", "--database", uri).code == 0
    assert run("tracker", "list", "--database", uri).code == 0
    assert run("tracker", "--database", uri, "list").code == 0
    assert run("--database", uri, "tracker", "list").code == 0
    assert run("tracker", "list").code == 4


def test_the_last_word_on_the_database_counts(run, tmp_path):
    uri = f"sqlite://?data_dir={tmp_path / 'other'}"
    run("init", "--database", uri)
    assert run("--database", "nonsense", "list", "--database", uri).code == 0


def test_a_wrong_command_line_is_a_usage_error(run):
    for args in (["nope"], ["list", "--nope"], ["watch"], ["list", "--limit", "many"]):
        result = run(*args)
        assert result.code == 2, args
        assert "Usage: malonewatch" in result.err


def test_it_can_be_run_as_a_module(cli):
    for module in ("malonewatch", "malonewatch.cli"):
        process = subprocess.run(
            [sys.executable, "-m", module, "--version"], capture_output=True, text=True, timeout=60
        )
        assert process.returncode == 0
        assert process.stdout.startswith("malonewatch, version ")


def test_help_and_version_are_no_errors(run):
    assert run("--help").code == 0
    assert run("tracker", "add", "-h").code == 0
    assert run("--version").out.startswith("malonewatch, version ")


@pytest.mark.embedded
def test_a_database_that_is_none_is_one_sentence(run, tmp_path):
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "main.sqlite3").write_bytes(b"x" * 5000)
    for command in ("list", "init"):
        # Where nobody collects what libraries log, as the test runner does.
        result = program(command, capture_output=True)
        assert (result.returncode, result.stdout) == (4, "")
        assert result.stderr.startswith("Error: The database ")
        assert result.stderr.count("\n") == 1


@pytest.fixture
def failing(run, opener):
    """Runs a command where the opening of the database raises an error."""

    def failing(error):
        def fail(uri, **options):
            raise error

        opener(fail)
        return run("list")

    return failing


def test_a_fault_of_ours_shows_its_traceback(failing):
    result = failing(RuntimeError("a fault"))
    assert result.code == 70
    assert "Traceback" in result.err
    assert "RuntimeError: a fault" in result.err


def test_an_interruption_is_no_fault(failing):
    result = failing(KeyboardInterrupt())
    assert result.code == 5
    assert "Traceback" not in result.err


def test_nor_is_one_before_there_is_anything_to_interrupt(run, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("malonewatch.cli.run", interrupt)
    assert run("list") == (5, "", "")


def too_many():
    """An error that something else made of there being too many open files."""
    error = RuntimeError("something")
    error.__cause__ = OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/some/file")
    return error


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (too_many(), 4, "Too many files are open; allow more of them (see 'ulimit -n')."),
        (OSError(errno.ENOSPC, "No space", "/x"), 1, "/x cannot be used: No space."),
        (OSError(errno.EIO, "Bad"), 1, "Standard output cannot be used: Bad."),
        (TimeoutError(), 1, "Standard output cannot be used: TimeoutError."),
        (MalonewatchError("It failed."), 1, "It failed."),
    ],
)
def test_what_the_system_refuses_is_said_in_a_sentence(failing, error, code, sentence):
    assert failing(error) == (code, "", f"Error: {sentence}\n")


def test_messages_hold_no_control_sequences(cli):
    result = cli("watch", "http://x/\x1b[31m\u202e\x07")
    assert result.code == 2
    assert result.err.rstrip("\n").isprintable()


def test_undecodable_arguments_are_bad_input(cli):
    for args in (["show", "\udcff"], ["tracker", "show", "\udcff"], ["watch", "http://\udcff/"]):
        result = cli(*args)
        assert result.code == 2, args
        assert "Traceback" not in result.err


COMMANDS = st.sampled_from(
    [
        *("watch", "watch -", "show", "unwatch", "tracker show", "tracker add"),
        *("tracker add --type TRAC", "tracker disable", "nope", ""),
        *("list --bug=", "list --status=", "list --limit=", "list --changed-since="),
        *(
            "list --error=",
            "list --title=",
            "list --sort=",
            "move 1",
            "bug retitle 1",
            "bug delete",
        ),
        *("tracker move some", "tracker merge some", "tracker accept-changes", "import"),
        *("tracker edit some --gap=", "tracker edit some --concurrency=", "pack --days="),
        *("tracker edit some --title=", "tracker edit some --name=", "tracker edit some --url="),
        *("tracker edit some --alias=", "tracker edit some --summary="),
    ]
)
URLS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["http://", "https://", "http:", "//", "http://[", "http://h:"]),
    st.text(max_size=8),
    st.sampled_from(
        ["", "/show_bug.cgi?id=", "/ticket/1", "/issue2", "/cgi-bin/bugreport.cgi?bug=3"]
    ),
)


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(COMMANDS, st.text(st.characters(), max_size=20) | URLS | st.integers().map(str))
def test_whatever_is_typed_there_is_no_traceback(cli, command, text):
    cli("tracker", "add", "http://some.example.com", "--type", "TRAC", "--name", "some")
    *words, last = command.split(" ")
    args = [last + text] if last.endswith("=") else [last, "--", text]
    result = cli(*words, *args, stdin=text.encode(errors="replace"))
    assert result.code in (0, 2)
    assert "Traceback" not in result.err


def test_a_reader_that_has_seen_enough_is_no_error(cli):
    for args in (["list"], ["tracker", "list", "--json"], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "w") as output:
            result = program(*args, stdout=output, stderr=subprocess.PIPE)
        assert result.stderr == "", args


def test_standard_files_that_are_closed_are_no_errors(cli):
    # What is opened instead gets no number of a standard file.
    command = shlex.join([*PROGRAM, "list"])
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        process = subprocess.run(
            f"{command} {closed}", shell=True, capture_output=True, text=True, timeout=60
        )
        assert (process.returncode, process.stderr) == (0, ""), closed
    process = subprocess.run(f"{command} --nope 2>&-", shell=True, timeout=60)
    assert process.returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_an_error(cli):
    with open("/dev/full", "w") as output:
        result = program("list", stdout=output, stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: Standard output cannot be written")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_help_and_complaints_that_cannot_be_written_have_no_traceback(cli):
    for args in (["--help"], ["--version"], ["completion", "show", "bash"]):
        with open("/dev/full", "w") as output:
            result = program(*args, stdout=output, stderr=subprocess.PIPE)
        assert result.returncode == 1
        assert result.stderr.startswith("Error: Standard output cannot be ")
        assert result.stderr.count("\n") == 1
    for args in (["--nope"], ["watch", "nonsense"]):
        with open("/dev/full", "w") as errors:
            assert program(*args, stdout=subprocess.DEVNULL, stderr=errors).returncode == 2


@pytest.mark.embedded
def test_few_file_descriptors_are_said_to_be_few(cli):
    result = program(
        *("watch", "https://example.com/show_bug.cgi?id=1"),
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8)),
    )
    assert result.returncode == 4
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_a_warning_is_a_line(cli, tmp_path, monkeypatch):
    file = tmp_path / "credentials.ini"
    file.write_text("[example.com]\ntoken = secret\n")
    file.chmod(0o644)
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(file))
    result = cli("credentials", "check")
    assert result.code == 0
    assert result.err.startswith("Warning: ")
    assert result.err.count("\n") == 1
    assert "secret" not in result.err


def test_a_broken_plug_in_is_named_and_the_rest_works(cli, tmp_path):
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[malonewatch.plugins]\nbroken = no_such_module\n")
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    process = program("tracker", "list", capture_output=True, env={"PYTHONPATH": path})
    assert (process.returncode, process.stdout) == (0, "There are no bug trackers.\n")
    assert process.stderr.startswith("Warning: The plug-in broken (no_such_module) cannot be")
    assert process.stderr.count("\n") == 1


def test_only_malonewatchs_own_warnings_are_said(capsys):
    with warnings_said():
        logging.getLogger("other").error("not ours")
        logging.getLogger("malonewatch.checkwatches").error("said anyway")
        logging.getLogger("malonewatch").warning("The plug-in %s cannot be loaded.", "x")
        logging.getLogger("malonewatch").info("nothing of note")
    assert capsys.readouterr().err == "Warning: The plug-in x cannot be loaded.\n"


def test_packages_and_zcml_files_can_be_loaded_too(cli, tmp_path):
    file = tmp_path / "mine.zcml"
    file.write_text('<configure xmlns="http://namespaces.zope.org/zope"/>')
    assert cli("--configure", file, "list", "--configure", "malonewatch").code == 0
    result = cli("list", "--configure", "no.such.package")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "no.such.package" in result.err


def test_a_site_can_be_named(cli):
    result = cli("list", "--site", "/nope")
    assert result.code == 4
    assert "/nope" in result.err
    assert result.err.count("\n") == 1


def test_what_the_terminal_cannot_show_is_replaced(cli, url):
    cli("watch", url(1), "--title", "Ünïcode 中")
    result = program("list", capture_output=True, env={"PYTHONIOENCODING": "ascii:strict"})
    assert (result.returncode, result.stderr) == (0, "")
    assert "?n?code ?" in result.stdout


def test_each_command_is_where_it_is_looked_for():
    for group in (top, tracker):
        for name in group.commands:
            assert group.get_command(None, name).name == name


def test_a_command_that_is_not_there_is_said_and_those_that_are_like_it(cli):
    result = cli("sacn")
    assert result.code == 2
    assert "'sacn'" in result.err
    assert "scan" in result.err.replace("'sacn'", "")


def test_what_a_command_does_without_is_not_loaded(cli):
    code = (
        "import sys; from malonewatch.cli import main; main(['list'])\n"
        "print({'aiohttp', 'encodings.big5', 'platformdirs',"
        " 'malonewatch.cli.scan', 'malonewatch.externalbugtracker.bugzilla'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "set()"
