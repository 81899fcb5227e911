import asyncio
import threading

import pytest

from malonewatch.checkwatches.threads import Threads


def in_thread(function, *args, **kwargs):
    async def run():
        asyncio.get_running_loop().set_default_executor(Threads())
        return await asyncio.to_thread(function, *args, **kwargs)

    return asyncio.run(run())


def test_a_call_gives_its_result():
    assert in_thread(lambda one, two=0: one + two, 1, two=2) == 3


def test_or_what_it_raises():
    with pytest.raises(ZeroDivisionError):
        in_thread(lambda: 1 // 0)


def test_each_call_has_a_thread_of_its_own_which_ends_with_the_process():
    both = threading.Barrier(2)

    def meet():
        both.wait(timeout=20)
        return threading.current_thread().daemon

    async def run():
        asyncio.get_running_loop().set_default_executor(Threads())
        return await asyncio.gather(asyncio.to_thread(meet), asyncio.to_thread(meet))

    assert asyncio.run(run()) == [True, True]


def test_nobody_waits_for_a_call_in_the_end():
    release = threading.Event()

    async def run():
        asyncio.get_running_loop().set_default_executor(Threads())
        asyncio.create_task(asyncio.to_thread(release.wait))  # noqa: RUF006
        await asyncio.sleep(0)

    asyncio.run(run())
    assert not release.is_set()
    release.set()
