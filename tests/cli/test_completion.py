import os
import shutil
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", "bash-completion/completions/malonewatch"),
        ("zsh", "zsh/site-functions/_malonewatch"),
        ("fish", "fish/completions/malonewatch.fish"),
    ],
)
def test_the_script_is_written_to_where_the_shell_looks(run, tmp_path, monkeypatch, shell, place):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    result = run("completion", "install", shell)
    path = tmp_path / place
    first, second = result.out.splitlines()
    assert first == f"Wrote {path}"
    assert ("fpath" if shell == "zsh" else "New shells") in second
    assert path.read_text() == run("completion", "show", shell).out
    assert "_MALONEWATCH_COMPLETE" in path.read_text()
    assert run("completion", "install", shell).code == 0


def test_without_a_name_it_is_the_login_shell(run, tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    monkeypatch.setenv("HOME", str(tmp_path))
    run("completion", "install")
    assert (tmp_path / ".config/fish/completions/malonewatch.fish").exists()
    monkeypatch.setenv("SHELL", "/bin/bash")
    run("completion", "install")
    assert (tmp_path / ".local/share/bash-completion/completions/malonewatch").exists()


@pytest.mark.parametrize("shell", ["/bin/tcsh", ""])
def test_a_shell_that_cannot_be_completed_for_is_refused(run, monkeypatch, shell):
    monkeypatch.setenv("SHELL", shell)
    result = run("completion", "show")
    assert result.code == 2
    assert "Name your shell, one of bash, zsh, fish." in result.err
    assert run("completion", "show", "tcsh").code == 2


def test_a_place_that_cannot_be_written_is_one_sentence(run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    result = run("completion", "install", "bash")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "malonewatch completion show bash" in result.err


def completed(*words):
    """What bash is offered after these words."""
    environment = {
        **os.environ,
        "_MALONEWATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["malonewatch", *words]),
        "COMP_CWORD": str(len(words)),
    }
    code = "import sys; from malonewatch.cli import main; sys.exit(main())"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment
    )
    assert process.stderr == ""
    return [line.partition(",")[2] for line in process.stdout.splitlines()]


def test_commands_and_options_are_completed():
    assert completed("tr") == ["tracker"]
    assert completed("tracker", "acc") == ["accept-changes"]
    assert "--changed-since" in completed("list", "--c")
    assert completed("list", "--sort", "t") == ["tracker", "title"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_is_one_that_bash_can_read(run):
    script = run("completion", "show", "bash").out
    assert subprocess.run(["bash", "-n"], input=script, text=True, timeout=60).returncode == 0
