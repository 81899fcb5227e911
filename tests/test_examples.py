"""What is in examples/ runs, and is what the documentation shows."""

import ast
import doctest
import os
import subprocess
import sys
from pathlib import Path

import malonewatch.doc

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
    module, zcml, _ = files_in_chapter("embedding.rst")
    shown = definitions(module)
    there = definitions((EXAMPLES / "embedding.py").read_text())
    assert shown == {name: there[name] for name in shown}
    assert list(shown) == ["Board", "post", "configure", "open_database"]
    assert zcml.strip() == (EXAMPLES / "embedding.zcml").read_text().strip()
