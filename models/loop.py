"""An asyncio loop on a thread of its own, for callers that live on other threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads. The thread starts with the first one; it is a daemon."""

    def __init__(self, name: str) -> None:
        """Name the thread; nothing runs yet."""
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Return the future of `coroutine`; cancelling the future cancels the coroutine.

        Callbacks of the future run on the loop's thread, so they must be quick. After `close` the
        future comes back cancelled.
        """
        with self._lock:
            if self._closed:
                coroutine.close()
                refused: Future[T] = Future()
                refused.cancel()
                refused.set_running_or_notify_cancel()
                return refused
            return asyncio.run_coroutine_threadsafe(coroutine, self._started())

    def close(self, farewell: Callable[[], Awaitable[None]], timeout_s: float) -> None:
        """Cancel what runs, await `farewell` on the loop, and end the thread, all within a limit.

        Not from the loop's own thread. A loop that does not end in time is left to the end of the
        process: its thread is a daemon.
        """
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        last = asyncio.run_coroutine_threadsafe(_wind_up(farewell, timeout_s), loop)
        last.add_done_callback(lambda _: loop.call_soon_threadsafe(loop.stop))
        thread.join(timeout_s)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_live, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
        return self._loop


def _live(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


async def _wind_up(farewell: Callable[[], Awaitable[None]], timeout_s: float) -> None:
    running = asyncio.all_tasks() - {asyncio.current_task()}
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=timeout_s)
    await farewell()
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
