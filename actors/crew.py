"""Threads for workers: one that its worker has left waits for the next worker.

To start a thread costs as much as all the rules that a ticket meets on its way.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]


class Crew:
    """Threads that do one piece of work after another. Any thread may give them some.

    They are daemons, like those of all actors: one that hangs does not keep the process alive.
    """

    def __init__(self) -> None:
        """Begin without a thread; each is started when none is idle."""
        self._idle: list[SimpleQueue[Work | None]] = []
        self._guard = threading.Lock()
        self._dismissed = False

    def do(self, work: Work) -> None:
        """Have one thread do `work`, which must not raise, and nothing else meanwhile."""
        with self._guard:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(target=self._serve, args=[inbox], name="worker", daemon=True).start()
        inbox.put(work)

    def dismiss(self) -> None:
        """Let idle threads end, and each of the others when its work is done."""
        with self._guard:
            self._dismissed = True
            idle, self._idle = self._idle, []
        for inbox in idle:
            inbox.put(None)

    def _serve(self, inbox: "SimpleQueue[Work | None]") -> None:
        while (work := inbox.get()) is not None:
            work()
            del work  # it holds an actor, and that the state of an attempt
            with self._guard:
                if self._dismissed:
                    return
                self._idle.append(inbox)
