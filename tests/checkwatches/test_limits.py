import resource

import pytest

from malonewatch.checkwatches.limits import TooFewFiles, affordable


@pytest.fixture
def files(monkeypatch):
    """Lets this process have so many files open, as far as it can tell."""

    def files(limit):
        monkeypatch.setattr(resource, "getrlimit", lambda kind: (limit, resource.RLIM_INFINITY))

    return files


@pytest.mark.parametrize(
    ("limit", "jobs"),
    [(resource.RLIM_INFINITY, 100), (1024, 100), (256, 52), (52, 1)],
)
def test_no_more_hosts_are_asked_than_there_are_files_for(files, limit, jobs):
    files(limit)
    assert affordable(100) == jobs


def test_fewer_may_be_wanted(files):
    files(1024)
    assert affordable(3) == 3


def test_with_too_few_files_there_is_no_run(files):
    files(51)
    with pytest.raises(TooFewFiles) as caught:
        affordable(1)
    assert str(caught.value) == (
        "This process may have 51 files open, and a run needs 52; raise the limit (ulimit -n)."
    )
