import subprocess
import sys

RESOLVED = """
import sys
from malonewatch.model.postgres import resolve_uri
print(resolve_uri(sys.argv[1])[1]["cache_size"], "ZEO" in sys.modules)
"""


def test_what_a_uri_says_of_the_database_is_read_without_zeo():
    uri = "postgres://anna@db.example.com/bugs?connection_cache_size=123"
    finished = subprocess.run(
        [sys.executable, "-c", RESOLVED, uri], capture_output=True, text=True, check=True
    )
    assert finished.stdout == "123 False\n"
