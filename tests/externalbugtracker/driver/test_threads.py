"""No clock is looked at here: the loop's turns are counted."""

import asyncio
import threading

import pytest
from tests.scripted import Server
from tests.toys import BASE, Shop, Toys, asker, toy

from malonewatch.externalbugtracker.driver import asking, hearing
from malonewatch.externalbugtracker.driver.threads import in_thread
from malonewatch.testing.asking import Asker


def test_what_a_function_returns_or_raises_is_so():
    async def main():
        assert await in_thread(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await in_thread(divmod, 7, 0)

    asyncio.run(main())


def test_the_loop_goes_on_meanwhile():
    turns = threading.Semaphore(0)

    def work():
        for _ in range(10):
            assert turns.acquire(timeout=30)
        return "done"

    async def main():
        task = asyncio.create_task(in_thread(work))
        while not task.done():
            turns.release()
            await asyncio.sleep(0)
        return task.result()

    assert asyncio.run(main()) == "done"


@pytest.mark.parametrize("fails", [False, True])
def test_nobody_waits_for_it_after_a_cancellation(fails):
    go_on, done = threading.Event(), threading.Event()

    def work():
        go_on.wait(30)
        done.set()
        if fails:
            raise RuntimeError("Nobody hears this.")

    async def main():
        task = asyncio.create_task(in_thread(work))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # It may come to an end while the loop goes on.
        go_on.set()
        while not done.is_set():
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)

    asyncio.run(main())


def test_nor_does_the_end_of_the_loop():
    go_on = threading.Event()

    async def main():
        task = asyncio.create_task(in_thread(go_on.wait, 30))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(main())
    before = set(threading.enumerate())
    (reading,) = [thread for thread in before if thread.name == "reading"]
    assert reading.daemon
    go_on.set()
    reading.join(30)
    assert not reading.is_alive()


@pytest.mark.parametrize(("padding", "in_another"), [(0, False), (asking.LARGE, True)])
def test_a_large_answer_is_read_in_a_thread(monkeypatch, padding, in_another):
    threads = []
    parse = hearing.parse

    def noting(*args):
        threads.append(threading.current_thread())
        return parse(*args)

    monkeypatch.setattr(hearing, "parse", noting)
    shop = Shop()
    answer = Server(lambda *asked: {"toys": [toy("1", title="x" * padding)]})
    assert asker(shop).ask(["1"])["1"].title == "Toy 1"
    assert Asker(Toys, BASE, dialect="toys", client=answer).ask(["1"])["1"].title == "x" * padding
    assert (threads[-1] is not threading.main_thread()) == in_another
