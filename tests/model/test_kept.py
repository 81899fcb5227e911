import hashlib
import marshal
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model.kept import bounded, digest_of, pack, unpack

#: What is said of a bug, and not how it was said.
KEPT = [
    name
    for name in RemoteBug._fields
    if name not in ("remotebug", "validator", "raw", "apart", "mapped")
]

texts = st.text(max_size=4) | st.sampled_from(["", "\0", "None"])
moments = st.none() | st.datetimes(
    datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)
)
remotes = st.builds(
    RemoteBug,
    st.just("42"),
    texts,
    st.sampled_from(BugTaskStatus),
    texts,
    st.sampled_from(BugTaskImportance),
    texts,
    texts,
    moments,
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
    st.sampled_from([None, True, False]),
    st.booleans(),
    st.booleans(),
    moments,
    texts,
    st.none() | st.dictionaries(texts, texts, max_size=2),
    st.booleans(),
)


@settings(deadline=None)
@given(remotes, remotes, st.sets(st.sampled_from(KEPT)))
def test_digests_differ_where_anything_that_is_kept_does(one, other, fields):
    other = one._replace(**{field: getattr(other, field) for field in fields})
    assume(one != other)
    assert digest_of(one) != digest_of(other)


@settings(deadline=None)
@given(remotes, remotes)
def test_equal_answers_have_equal_digests(remote, other):
    # Made anew, as the strings of another answer are.
    again = other._replace(
        **{
            name: "".join(list(value)) if type(value) is str else value
            for name, value in zip(RemoteBug._fields, remote, strict=True)
            if name in KEPT
        }
    )
    assert digest_of(remote) == digest_of(again)
    assert 0 < digest_of(remote) < 2**64


def test_a_moment_in_another_zone_is_the_same():
    zone = timezone(timedelta(hours=2))
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    for name in ("modified", "date_closed"):
        one, other = (
            RemoteBug("42", "NEW")._replace(**{name: each})
            for each in (moment, moment.astimezone(zone))
        )
        assert digest_of(one) == digest_of(other)


def test_digests_of_the_first_version_are_still_good():
    remote = RemoteBug(
        *("42", "NEW", BugTaskStatus.CONFIRMED, "P1", BugTaskImportance.HIGH, "It crashes", ""),
        datetime(2024, 1, 2, tzinfo=timezone.utc),
    )
    assert digest_of(remote) == 2462215343032458026


def test_duplicates_are_told_again_as_the_first_version_did_not_follow_them():
    remote = RemoteBug("42", "NEW", duplicate_of="7")
    said = ("NEW", "UNKNOWN", "", "UNKNOWN", "", "", None, "7", None)
    octets = hashlib.blake2b(marshal.dumps(said, 2), digest_size=8).digest()
    assert digest_of(remote) != int.from_bytes(octets, "little")
    alone = remote._replace(duplicate_of=None)
    octets = hashlib.blake2b(marshal.dumps((*said[:7], None, None), 2), digest_size=8).digest()
    assert digest_of(alone) == int.from_bytes(octets, "little")


class Text(str):
    """A kind of string of a parser's own."""


def test_strings_of_a_parsers_own_are_strings():
    odd, plain = (RemoteBug("42", "NEW", title=kind("A title")) for kind in (Text, str))
    assert digest_of(odd) == digest_of(plain)
    assert type(bounded(odd).title) is str


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("remotestatus", 200),
        ("remote_importance", 200),
        ("title", 1000),
        ("resolution", 200),
        ("duplicate_of", 200),
        ("moved_to", 2000),
        ("fixed_in", 200),
    ],
)
def test_what_is_kept_is_bounded(name, length):
    remote = RemoteBug("42", "NEW")
    assert bounded(remote) is remote
    just = remote._replace(**{name: "x" * length})
    assert bounded(just) is just
    assert bounded(remote._replace(**{name: "x" * 100_000})) == just


@settings(deadline=None)
@given(remotes)
def test_what_is_kept_comes_back_from_plain_values(remote):
    packed = pack(remote)
    assert {type(value) for value in packed} <= {str, float, bool, type(None)}
    forgotten = {"validator": None, "raw": None, "apart": False, "mapped": False}
    assert unpack("42", packed) == remote._replace(**forgotten)


def test_an_error_comes_back_too():
    error = RemoteBugError("42", BugWatchErrorType.BUG_MOVED, "It moved.", "https://x.example/1")
    assert unpack("42", pack(error)) == error


def test_names_of_a_later_version_are_unknown():
    names = ("FROBBED", "FROBBED", "", "FROBBED", "", "", None, None, None)
    remote = unpack("42", (*names, None, False, False, None, ""))
    assert (remote.status, remote.importance) == (
        BugTaskStatus.UNKNOWN,
        BugTaskImportance.UNKNOWN,
    )
    error = unpack("42", ("FROBBED", "Frobbed.", None))
    assert error.error_type is BugWatchErrorType.UNKNOWN
