import logging

import pytest
import ZODB

from malonewatch.interfaces import DatabaseError
from malonewatch.model import open_database
from malonewatch.model.storage import open_storage


def test_nothing_is_made_where_nothing_is(tmp_path):
    uri = f"file://{tmp_path}/Data.fs"
    (tmp_path / "Data.fs").write_bytes(b"FS30")
    for read_only in (False, True):
        with pytest.raises(DatabaseError, match="There is nothing in the database"):
            open_storage(uri, create=False, read_only=read_only)
    assert (tmp_path / "Data.fs").read_bytes() == b"FS30"


def test_something_else_by_our_name_is_left_alone(tmp_path):
    path = tmp_path / "Data.fs"
    with ZODB.DB(str(path)).transaction() as connection:
        connection.root()["malonewatch"] = "something else"
    connection.db().close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="something else named 'malonewatch'; nothing was"):
        open_database(f"file://{path}", create=True)
    assert path.read_bytes() == before


def test_storages_log_no_errors_of_which_a_sentence_is_raised(tmp_path):
    chosen = logging.getLogger("ZEO")
    before = chosen.level
    chosen.setLevel(logging.INFO)
    try:
        open_storage(f"file://{tmp_path}/Data.fs", create=True, read_only=False).close()
        assert not logging.getLogger("relstorage").isEnabledFor(logging.ERROR)
        # What an application chose stays.
        assert chosen.level == logging.INFO
    finally:
        chosen.setLevel(before)
