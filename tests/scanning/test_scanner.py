"""The scanner, as it is registered."""

import subprocess
import sys

import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.configuration import configure
from malonewatch.interfaces import BadInput, ISourceScanner, ISourceTree
from malonewatch.scanning.scanner import scan

U = "https://bugs.example.com/show_bug.cgi?id=77"


def test_it_is_a_utility(tmp_path):
    configure()
    scanner = getUtility(ISourceScanner)
    assert scanner is scan
    assert verifyObject(ISourceScanner, scanner)
    assert verifyObject(ISourceTree, scanner([str(tmp_path)]))


def test_it_is_not_loaded_before_it_is_used():
    program = (
        "import sys, malonewatch.configuration as it; it.configure()\n"
        "assert 'malonewatch.scanning.tree' not in sys.modules and 'pathspec' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_it_finds_places(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "some.py").write_text(f"x = 1\ny = 2  # see {U}.\n")
    tree = scan([str(tmp_path)])
    ((path, (place,)),) = tree.files()
    assert (path, place.line, place.column, place.written) == ("folder/some.py", 2, 14, U)
    assert (place.text, place.urls, place.wish) == (f"y = 2 # see {U}.", (U,), None)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput, match=r"^There is no file or folder /.*/gone\.$"):
        scan([str(tmp_path / "gone")])
