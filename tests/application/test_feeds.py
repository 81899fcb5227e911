import pytest

from malonewatch.application.feeds import find_feed, stamp_of, write_feed
from malonewatch.interfaces import BadInput, NotFoundError, Target, TargetKind


@pytest.mark.parametrize(
    ("kind", "key", "error"),
    [
        (TargetKind.BUG, "x", NotFoundError),
        (TargetKind.BUG, "9" * 19, NotFoundError),
        (TargetKind.BUG, "7", NotFoundError),
        (TargetKind.TRACKER, "x", NotFoundError),
        (TargetKind.PERSON, "x", NotFoundError),
        (TargetKind.SEARCH, " ", BadInput),
        (TargetKind.SEARCH, "colour:red", BadInput),
    ],
)
def test_of_what_is_not_there_is_no_feed(database, kind, key, error):
    with pytest.raises(error):
        find_feed(database, Target(kind, key))


def test_a_feed_is_written_without_the_desk_too(database):
    feed = find_feed(database, Target(TargetKind.ALL))
    assert stamp_of(database, feed).moment is None
    assert b"<title>Remote bugs: what moved</title>" in write_feed(database, feed)
