from datetime import datetime, timedelta, timezone
from itertools import islice

import pytest
import transaction
import ZODB
from zope.interface.verify import verifyObject

from malonewatch.interfaces import AuditEntry, IAuditLog
from malonewatch.model.audit import MONTHS, AuditLog

NOON = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def log():
    return AuditLog()


def add(log, moment=NOON, action="retitle", target="bug 1", **more):
    log.record(moment, "desk", "anna", action, target, **more)


def actions(log, *args):
    return [entry.action for entry in log.entries(*args)]


def test_it_provides_the_interface(log):
    verifyObject(IAuditLog, log)
    assert list(log.entries()) == []


def test_what_was_done_is_told(log):
    add(log, detail="x")
    (entry,) = log.entries()
    assert entry == AuditEntry(entry.number, NOON, "desk", "anna", "retitle", "bug 1", "x")


def test_the_latest_comes_first(log):
    for minute in range(100):
        add(log, NOON + minute * MINUTE, str(minute))
    assert actions(log) == [str(minute) for minute in range(99, -1, -1)]
    assert actions(log, NOON + 97 * MINUTE) == ["99", "98", "97"]
    page = list(islice(log.entries(), 40))
    assert actions(log, None, page[-1].number)[:2] == ["59", "58"]
    assert actions(log, NOON + 58 * MINUTE, page[-1].number) == ["59", "58"]


@pytest.mark.parametrize("number", [0, 1, 2**63, 10**30])
def test_before_any_number_there_is_what_there_is(log, number):
    add(log)
    assert len(actions(log, None, number)) == (number > 1)


def test_what_is_done_at_the_same_moment_is_kept_each(log, monkeypatch):
    monkeypatch.setattr("malonewatch.model.audit.secrets.randbits", lambda bits: 5)
    for number in range(5):
        add(log, action=str(number))
    assert actions(log) == ["4", "3", "2", "1", "0"]


def test_a_text_is_one_line_and_not_without_end(log):
    add(log, action="a\nb", target="\x85 c\t", detail="d" * 10**6)
    (entry,) = log.entries()
    assert (entry.action, entry.target, entry.detail) == ("a b", "c", "d" * 300)


def test_it_goes_over_months_and_forgets_the_oldest(log):
    for number in range(MONTHS + 5):
        year, month = divmod(number, 12)
        add(log, datetime(2024 + year, month + 1, 15, tzinfo=timezone.utc), str(number))
    expected = [str(number) for number in range(MONTHS + 4, 4, -1)]
    assert actions(log) == expected
    assert len(expected) == MONTHS


def test_two_who_write_at_the_same_time_do_not_disturb_each_other(tmp_path):
    database = ZODB.DB(str(tmp_path / "Data.fs"))
    managers = [transaction.TransactionManager() for _ in range(2)]
    connections = [database.open(manager) for manager in managers]
    log = connections[0].root()["log"] = AuditLog()
    add(log)
    managers[0].commit()
    for number in range(10):
        managers[1].begin()
        for which, connection in enumerate(connections):
            add(connection.root()["log"], NOON + number * MINUTE, f"{number}.{which}")
        for manager in managers:
            manager.commit()
    managers[0].begin()
    assert len(actions(log)) == 21
    for manager, connection in zip(managers, connections, strict=True):
        manager.abort()
        connection.close()
    database.close()
