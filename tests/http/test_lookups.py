import asyncio
import socket
import threading

import pytest

from malonewatch.http.lookups import LookUps


def test_a_name_is_looked_up():
    found = asyncio.run(LookUps().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM))
    assert found[0][4] == ("127.0.0.1", 80)


def test_an_address_is_written_out():
    flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    assert asyncio.run(LookUps().getnameinfo(("127.0.0.1", 80), flags)) == ("127.0.0.1", "80")


def test_what_the_look_up_raises_is_raised():
    def fail(*args):
        raise socket.gaierror("no such name")

    with pytest.raises(socket.gaierror):
        asyncio.run(LookUps(fail).getaddrinfo("a.example", 80))


def test_nobody_waits_for_a_name_server_that_does_not_answer():
    answered = threading.Event()
    give_up = threading.Timer(20, answered.set)
    give_up.start()

    async def look_up_and_give_up():
        look_up = asyncio.ensure_future(LookUps(lambda *args: answered.wait()).getaddrinfo("a", 1))
        await asyncio.sleep(0)
        look_up.cancel()
        await asyncio.gather(look_up, return_exceptions=True)

    try:
        asyncio.run(look_up_and_give_up())
        assert not answered.is_set()
    finally:
        answered.set()
        give_up.cancel()


def test_what_is_found_after_all_is_nobodys():
    answered = threading.Event()

    faults = []

    async def look_up_and_give_up():
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: faults.append(what))
        look_up = asyncio.ensure_future(LookUps(lambda *args: answered.wait()).getaddrinfo("a", 1))
        await asyncio.sleep(0)
        (thread,) = [thread for thread in threading.enumerate() if thread.name == "look-up"]
        look_up.cancel()
        await asyncio.gather(look_up, return_exceptions=True)
        answered.set()
        thread.join()
        await asyncio.sleep(0)

    asyncio.run(look_up_and_give_up())
    assert faults == []
