import os
import socket

from malonewatch.identity import ID, holder_of, id_of, new_id, shown


def test_no_two_runs_have_the_same_id():
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(ID.fullmatch(run_id) for run_id in ids)


def test_a_holder_says_what_where_and_who_and_is_like_no_other():
    holder = holder_of("0123456789ab")
    name = f"checkwatches on {socket.gethostname()} (process {os.getpid()})"
    assert holder == f"{name} #0123456789ab"
    assert shown(holder) == name
    assert id_of(holder) == "0123456789ab"


def test_a_holder_of_another_make_is_shown_as_it_is():
    assert shown("worker 7") == "worker 7"
    assert not ID.fullmatch(id_of("worker 7"))
