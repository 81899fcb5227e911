import contextlib

import pytest
import transaction
import ZODB
import zodburi

from malonewatch.interfaces import IBugTrackerSet
from malonewatch.model import Site, install, open_database


@pytest.mark.parametrize("options", ["", "&keep_history=false"])
def test_an_applications_database_is_opened_with_old_revisions_or_without(tmp_path, options):
    uri = f"sqlite://?data_dir={tmp_path}"
    storage_factory, _ = zodburi.resolve_uri(uri + options)
    with contextlib.closing(ZODB.DB(storage_factory())) as db:
        connection = db.open()
        connection.root()["application"] = install(Site())
        transaction.commit()
        connection.close()
    with contextlib.closing(open_database(uri)) as database:
        assert database.read(lambda trackers: IBugTrackerSet.providedBy(trackers))
