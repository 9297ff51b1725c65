"""What the signals that end a process do to a run: it rests as it stands, or at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from cli.exit_code import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """Have each of them raise KeyboardInterrupt inside of the block. On the main thread only."""
    with _handled_by(signal.default_int_handler):
        yield


@contextmanager
def interrupting(interrupt: Callable[[], None]) -> Iterator[None]:
    """Have the first of them call `interrupt`, and the next end the process at once.

    On the main thread only. `interrupt` is called between two steps of that thread: it must be
    quick, and must not wait.
    """
    came = 0

    def take(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came += 1
        if came > 1:
            os._exit(ExitCode.INTERRUPTED)
        interrupt()

    with _handled_by(take):
        yield


@contextmanager
def _handled_by(take: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Leave out those that our caller has told the process to ignore, as ``nohup`` does."""
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, take) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
