import transaction
import ZODB

from malonewatch.model.latest import Latest


def test_the_latest_moment_only_grows():
    latest = Latest()
    for moment in (5, 7, 6):
        latest.note(moment)
    assert latest.moment == 7


def test_two_processes_that_note_a_moment_do_not_conflict(tmp_path):
    # A memory storage resolves no conflicts.
    db = ZODB.DB(str(tmp_path / "Data.fs"))
    with db.transaction() as connection:
        connection.root()["latest"] = Latest()
    managers = [transaction.TransactionManager() for _ in range(2)]
    connections = [db.open(manager) for manager in managers]
    for moment, connection in zip((9, 8), connections, strict=True):
        connection.root()["latest"].note(moment)
    for manager in managers:
        manager.commit()
    with db.transaction() as connection:
        assert connection.root()["latest"].moment == 9
    for connection in connections:
        connection.close()
    db.close()
