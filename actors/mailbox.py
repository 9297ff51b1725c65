"""What all actors have in common: one thread, and a last word when they die of a bug."""

import logging
import traceback
from queue import SimpleQueue
from types import TracebackType
from typing import Any, ClassVar

import pykka

# Who supervises an actor hears of its death; without a handler pykka would also print it.
logging.getLogger("pykka").addHandler(logging.NullHandler())


class Mailbox(pykka.ThreadingActor):
    """One thread that takes one message after another.

    The thread is a daemon, so that a forgotten actor cannot keep the process alive; what must
    last is in the log. It is the actor's own while it lives; see `actors.crew`. pykka drops the
    waiting messages of an actor that dies.
    """

    use_daemon_thread: ClassVar[bool] = True

    @staticmethod
    def _create_actor_inbox() -> "SimpleQueue[Any]":
        """Return an inbox; pykka's own does the same with a lock and three conditions in Python."""
        return SimpleQueue()

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Turn pykka's three values into the actor's last word."""
        del exception_type
        if exception_value is not None:
            self.on_death(exception_value, _text_of(exception_value, traceback))

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell who has to know; `trace` is for the run folder and never for the screen."""


def _text_of(error: BaseException, trace: TracebackType | None) -> str:
    return "".join(traceback.format_exception(type(error), error, trace))
