"""The commands that let shells complete command lines: completion install, show."""

import os
from pathlib import Path

import click
from click.shell_completion import ShellComplete, get_completion_class

from malonewatch.cli.output import say, write
from malonewatch.interfaces import BadInput

PROGRAM = "malonewatch"
SHELLS = ("bash", "zsh", "fish")

#: What click looks for in the environment.
VARIABLE = f"_{PROGRAM.upper()}_COMPLETE"

_shell = click.argument("shell", type=click.Choice(SHELLS), required=False)


@click.group()
def completion() -> None:
    """Let your shell complete malonewatch's commands and options."""


@completion.command()
@_shell
def show(shell: str | None) -> None:
    """Write the script for a shell to standard output.  [default: your login shell's]"""
    write(_script(_shell_or_own(shell)))


@completion.command()
@_shell
def install(shell: str | None) -> None:
    """Write the script to where a shell looks for it.  [default: your login shell's]

    A file that is there is replaced.
    """
    name = _shell_or_own(shell)
    path = _place(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_script(name))
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written ({error.strerror}); 'malonewatch completion show {name}' "
            "shows what would be in it."
        ) from None
    say(f"Wrote {path}")
    say(_next_step(name, path))


def _shell_or_own(shell: str | None) -> str:
    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise click.UsageError(f"Name your shell, one of {', '.join(SHELLS)}.")
    return name


def _script(shell: str) -> str:
    factory = get_completion_class(shell)
    assert factory is not None
    # Not its own source(), which starts bash to look which version it is.
    return ShellComplete.source(factory(completion, {}, PROGRAM, VARIABLE)) + "\n"


def _place(shell: str) -> Path:
    """Where the script goes, among the user's own files."""
    if shell == "fish":
        return _directory("XDG_CONFIG_HOME", ".config") / "fish/completions" / f"{PROGRAM}.fish"
    data = _directory("XDG_DATA_HOME", ".local/share")
    if shell == "zsh":
        return data / "zsh/site-functions" / f"_{PROGRAM}"
    return data / "bash-completion/completions" / PROGRAM


def _directory(variable: str, otherwise: str) -> Path:
    named = os.environ.get(variable)
    return Path(named) if named else Path.home() / otherwise


def _next_step(shell: str, path: Path) -> str:
    if shell == "zsh":
        return (
            f"If {path.parent} is not in your fpath yet, put this into ~/.zshrc, before compinit: "
            f"fpath=({path.parent} $fpath)"
        )
    if shell == "bash":
        return "New shells complete with it, if they have the package bash-completion."
    return "New shells complete with it."
