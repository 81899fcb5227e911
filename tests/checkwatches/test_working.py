import logging

from zope.component import getUtility

from malonewatch.checkwatches import worker
from malonewatch.interfaces import IWorker, WorkerSettings


def test_a_worker_works_with_its_settings(site, monkeypatch):
    made = []

    class Worker:
        def __init__(self, database, settings, guard, *, jobs):
            made.append((settings.only, jobs, guard.place))

        def run(self):
            made.append(logging.getLogger("malonewatch").level)

    monkeypatch.setattr(worker, "Worker", Worker)
    getUtility(IWorker)(site.database, WorkerSettings(jobs=3, only=["bugs"], verbosity=-1))
    assert made == [(["bugs"], 3, site.database.place), logging.WARNING]
