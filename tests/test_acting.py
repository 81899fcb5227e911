import threading

from malonewatch import acting
from malonewatch.acting import Actor


def test_what_says_nothing_is_a_program():
    assert acting.current() == Actor("program", "")


def test_who_acts_is_known_for_the_length_of_a_block():
    with acting.acting(Actor("desk", "anna")):
        with acting.acting(Actor("REST", "bert")):
            assert acting.current() == ("REST", "bert")
        assert acting.current() == ("desk", "anna")
        found = []
        thread = threading.Thread(target=lambda: found.append(acting.current()))
        thread.start()
        thread.join()
        assert found == [acting.PROGRAM]
    assert acting.current() is acting.PROGRAM


def test_who_it_is_is_looked_up_when_somebody_asks():
    found = [Actor("desk", "anna"), Actor("desk", "bert")]
    end = acting.begin(lambda: found.pop(0))
    assert [acting.current().name, acting.current().name] == ["anna", "bert"]
    end()
    assert acting.current() is acting.PROGRAM
