"""What holds for every module, whatever it is about."""

import ast
import functools
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "malonewatch"

#: What comes with Python, be it from 3.11 on only.
STANDARD = {*sys.stdlib_module_names, "tomllib"}
MODULES = [pytest.param(path, id=str(path.relative_to(SOURCE))) for path in SOURCE.rglob("*.py")]

#: What is declared and imported by none of ours, and who needs it.
IMPORTED_BY_OTHERS = {
    "coverage": "the test command",
    "pyramid_chameleon": "Pyramid, which includes it by its name",
    "pyramid_tm": "Pyramid, which includes it by its name",
    "pytest-timeout": "pytest, for its setting of that name",
    "pytest-xdist": "pytest, for --numprocesses",
    "roundup": "the tests that start a Roundup",
    "setuptools": "Trac and Pyramid, which import pkg_resources",
}

#: What is for who uses it, and not for who develops it.
EXTRAS = ("apprise", "keyring", "metrics", "postgresql", "web", "zeo")

#: What is imported by another name than it is declared by.
IMPORT_NAMES = {"argon2-cffi": "argon2", "psycopg2-binary": "psycopg2", "pyyaml": "yaml"}


@functools.cache
def imported(path):
    """The names of all that a module imports, in lower case, wherever in it that is."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.lower() for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.update(f"{node.module}.{alias.name}".lower() for alias in node.names)
    return names


def imported_below(*folders):
    return {name for folder in folders for path in folder.rglob("*.py") for name in imported(path)}


def declared(*extras):
    """The requirements of malonewatch, or of some of its extras."""
    requirements = map(Requirement, importlib.metadata.requires("malonewatch"))
    if not extras:
        return [each for each in requirements if "extra" not in str(each.marker)]
    return [
        each
        for each in requirements
        if any(f'extra == "{extra}"' in str(each.marker) for extra in extras)
    ]


def belongs_to(module, requirement):
    name = requirement.name.lower()
    return f"{module}.".startswith(f"{IMPORT_NAMES.get(name, name.replace('-', '_'))}.")


@pytest.mark.parametrize("path", MODULES)
def test_nothing_is_left_to_be_done(path):
    assert re.findall(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text()) == []


def lines_of(path):
    return path.read_text().count("\n")


@pytest.mark.parametrize("path", MODULES)
def test_no_module_is_too_long_to_be_read_at_once(path):
    assert lines_of(path) <= 400


def test_types_are_short():
    types = [
        path
        for path in (SOURCE / "externalbugtracker").glob("*.py")
        if path.stem not in ("__init__", "lazy")
    ]
    lengths = [lines_of(path) for path in types]
    assert max(lengths) <= 350
    assert sum(lengths) <= 200 * len(types)


@pytest.mark.parametrize("path", MODULES)
def test_what_no_test_has_to_reach_says_why(path):
    exclusions = re.findall(r"#\s*pragma.*", path.read_text(), re.IGNORECASE)
    form = re.compile(r"# pragma: no (cover|branch) - \w+( \S+){2,}")
    assert [text for text in exclusions if not form.fullmatch(text)] == []


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_what_is_required_is_imported(requirement):
    used = any(belongs_to(module, requirement) for module in imported_below(SOURCE))
    assert used != (requirement.name.lower() in IMPORTED_BY_OTHERS)


@pytest.mark.parametrize(
    "requirement", declared("keyring", "metrics", "postgresql", "test", "web", "zeo"), ids=str
)
def test_what_an_extra_requires_is_imported(requirement):
    modules = imported_below(SOURCE, ROOT / "tests", ROOT / "examples")
    used = any(belongs_to(module, requirement) for module in modules)
    assert used != (requirement.name.lower() in IMPORTED_BY_OTHERS)


@pytest.mark.parametrize("path", MODULES)
def test_what_is_imported_is_required(path):
    extras = [*EXTRAS]
    if path.is_relative_to(SOURCE / "testing"):
        extras.append("test")
    requirements = [*declared(), *declared(*extras)]
    strangers = {
        module
        for module in imported(path)
        if module.partition(".")[0] not in {*STANDARD, "malonewatch"}
        and not any(belongs_to(module, each) for each in requirements)
    }
    assert strangers == set()


def test_what_the_tests_import_is_required():
    requirements = [*declared(), *declared("test")]
    ours = {"malonewatch", "tests", "benchmarks"}
    ours |= {path.stem for path in (ROOT / "examples").rglob("*") if path.suffix in ("", ".py")}
    ours |= {path.stem for path in (ROOT / "tests").rglob("*.py")}
    strangers = {
        module
        for module in imported_below(ROOT / "tests", ROOT / "examples", ROOT / "benchmarks")
        if module.partition(".")[0] not in {*STANDARD, *ours}
        and not any(belongs_to(module, each) for each in requirements)
    }
    assert strangers == set()


def test_what_is_required_has_a_lower_bound():
    everything = map(Requirement, importlib.metadata.requires("malonewatch"))
    assert [
        str(each)
        for each in everything
        if each.name != "malonewatch" and not any(spec.operator == ">=" for spec in each.specifier)
    ] == []


def test_every_contract_has_a_page():
    modules = {path.stem for path in (SOURCE / "interfaces").glob("*.py")} - {"__init__"}
    pages = {path.stem for path in (ROOT / "docs" / "interfaces").glob("*.rst")} - {"index"}
    assert pages == modules


def test_every_chapter_has_a_page():
    chapters = {path.name for path in (SOURCE / "doc").glob("*.rst")} - {"index.rst"}
    assert {path.name for path in (ROOT / "docs" / "chapters").glob("*.rst")} == chapters
