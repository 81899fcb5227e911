"""What is in examples/ runs, and is what the documentation shows."""

import ast
import doctest
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import malonewatch.doc
from malonewatch.testing.simulator import Simulator

EXAMPLES = Path(__file__).parent.parent / "examples"


def files_in_chapter(name):
    """The files that a chapter writes, as literals: their texts."""
    text = (Path(malonewatch.doc.__file__).parent / name).read_text()
    source = "".join(example.source for example in doctest.DocTestParser().get_examples(text))
    return [
        call.args[0].value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "write_text"
        and isinstance(call.args[0], ast.Constant)
    ]


def pieces_in_chapter(name):
    """The files that a chapter makes piece by piece, ``add(file, text)``: their texts, by name."""
    text = (Path(malonewatch.doc.__file__).parent / name).read_text()
    files = {}
    for example in doctest.DocTestParser().get_examples(text):
        match ast.parse(example.source).body:
            case [ast.Expr(ast.Call(ast.Name("add"), [file, piece]))]:
                files.setdefault(file.value, []).append(piece.value)
    return {file: "".join(pieces) for file, pieces in files.items()}


def lines(text):
    """The lines of a text, but for empty ones."""
    return [line for line in text.splitlines() if line]


def definitions(source):
    """The text of each class and function of a module, by name."""
    return {
        node.name: ast.get_source_segment(source, node)
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }


def test_the_embedding_application_runs(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    process = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "embedding.py"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == [
        "The mill stands still: Gadget Bugzilla #42 is In Progress now",
        "The mill stands still: Gadget Bugzilla #42 is Fix Released now",
    ]
    assert process.stderr == ""


def test_the_embedding_chapter_shows_the_same_application():
    module, zcml = files_in_chapter("embedding.rst")
    shown = definitions(module)
    there = definitions((EXAMPLES / "embedding.py").read_text())
    assert shown == {name: there[name] for name in shown}
    assert list(shown) == ["Board", "post", "configure", "open_database"]
    assert zcml.strip() == (EXAMPLES / "embedding.zcml").read_text().strip()


def test_the_pyramid_chapter_shows_the_same_application():
    shown = pieces_in_chapter("pyramid.rst")
    there = {path.name: path.read_text() for path in (EXAMPLES / "helpdesk").glob("*.*")}
    # That is the chapter's own story.
    del there["__main__.py"]
    assert shown.keys() == there.keys()
    for name, text in there.items():
        assert lines(shown[name]) == lines(text), name


# A type of bug tracker from a package of its own.

PLUGIN = EXAMPLES / "tracker_plugin"


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """Where the plug-in is installed, as pip does it from its folder."""
    place = tmp_path_factory.mktemp("plugin")
    # What building leaves behind belongs into no checkout.
    source = shutil.copytree(PLUGIN, place / "source")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *offline, "--quiet"]
    subprocess.run([*command, "--target", place / "installed", source], check=True)
    return place / "installed"


@pytest.fixture
def run(plugin, tmp_path):
    """Run a module with the plug-in there; what it prints."""
    paths = os.pathsep.join([str(plugin), os.environ["PYTHONPATH"]])
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(tmp_path))
    environment = {**os.environ, **places, "PYTHONPATH": paths}

    def run(*arguments, code=0):
        process = subprocess.run(
            [sys.executable, "-W", "error", "-m", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert process.returncode == code, process.stdout + process.stderr
        return process.stdout

    return run


@pytest.fixture
def ticktock(plugin, monkeypatch):
    """A simulated Tick Tock."""
    monkeypatch.syspath_prepend(plugin)
    from ticktock.testing import TickTockSimulator

    with TickTockSimulator() as simulator:
        yield simulator


def test_the_plugin_passes_the_tests_that_every_type_has_to(run):
    folder = PLUGIN / "tests"
    assert " passed" in run("pytest", "-p", "no:cacheprovider", "--rootdir", folder, "-v", folder)


def test_the_commands_know_the_type_of_the_plugin_without_more_ado(run, ticktock):
    ticktock.add("TT-7", title="It ticks", status="ticking", priority="heavy")
    run("malonewatch", "init")
    assert "of type TICKTOCK" in run("malonewatch", "watch", f"{ticktock.url}/tickets/tt-7")
    assert "ticking" in run("malonewatch", "check", f"{ticktock.url}/tickets/TT-7")
    assert "In Progress" in run("malonewatch", "list")
    ticktock.change("TT-7", status="stopped")
    run("malonewatch.checkwatches", "--reset", "--quiet")
    assert "Fix Released" in run("malonewatch", "list")


def test_the_server_is_asked_whether_it_is_of_the_type_of_the_plugin(run, ticktock):
    run("malonewatch", "init")
    added = run("malonewatch", "tracker", "add", ticktock.url)
    assert "Tick Tock 3.1" in added
    assert "GET /api" in ticktock.requests
    with Simulator() as other:
        run("malonewatch", "tracker", "add", other.url, code=2)
