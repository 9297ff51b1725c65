"""The loop thread ends in bounded time, whatever runs on it."""

import asyncio
import threading

from models.loop import LoopThread
from tests.models.asking import PATIENCE_S


async def nothing() -> None:
    return


def test_what_runs_is_cancelled_before_the_farewell() -> None:
    loop, told = LoopThread("test"), []

    async def long() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            told.append("cancelled")

    async def farewell() -> None:
        told.append("farewell")

    running = asyncio.Event()

    async def wait_until_running() -> None:
        await running.wait()

    async def run() -> None:
        running.set()
        await long()

    future = loop.submit(run())
    loop.submit(wait_until_running()).result(PATIENCE_S)
    loop.close(farewell, PATIENCE_S)
    assert future.cancelled()
    assert told == ["cancelled", "farewell"]


def test_a_loop_that_is_stuck_does_not_hold_up_who_closes_it() -> None:
    loop, stuck, go_on = LoopThread("test"), threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    async def block() -> None:
        threads.append(threading.current_thread())
        stuck.set()
        go_on.wait(PATIENCE_S)

    loop.submit(block())
    assert stuck.wait(PATIENCE_S)
    loop.close(nothing, 0.01)
    [thread] = threads
    assert thread.is_alive()
    go_on.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
