"""How decisions reach the disk: in their order, many with one sync, and not one after a failure."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from events.base import Event
from store.codec import Line
from store.disk import Disk, write_all
from store.errors import LogPoisonedError
from store.head import Mark
from store.log import Recorded, tell_all

LINGER_S = 0.02
"""How long a decision that nobody waits for may stay unsafe."""
LONGEST_BATCH = 64
"""Events; who fills a batch beyond that brings it to disk."""


class _Batch:
    """Decisions that share one write and one sync."""

    __slots__ = ("data", "done", "led", "lines")

    def __init__(self) -> None:
        self.lines: list[Line[Event]] = []
        self.data: list[bytes] = []
        self.led = False
        """Whether a thread has taken it upon itself to bring it to disk."""
        self.done = threading.Lock()
        self.done.acquire()  # released when the batch is safe or lost

    @property
    def end(self) -> int:
        """The position of its last event."""
        return self.lines[-1].position


class GroupCommit:
    """Writes and syncs one file. Safe to use from several threads.

    Decisions join a batch until it is its turn on the disk. Who first waits for one of them leads
    the batch; if nobody does, a thread of its own does before long. A failed write or sync is the
    end: nobody knows then what the disk holds.
    """

    def __init__(self, path: Path, fd: int, disk: Disk, safe: Mark, linger_s: float) -> None:
        """Go on behind what is safe.

        Args:
            path: the file, for messages.
            fd: the file, open for appending; whoever opened it closes it.
            disk: the system calls.
            safe: where the file ends.
            linger_s: how long a decision that nobody waits for may stay unsafe.
        """
        self._path = path
        self._fd = fd
        self._disk = disk
        self._linger_s = linger_s
        self.safe = safe
        """How far the log would survive a power cut."""
        self.heard = safe.position
        """How far the listeners have been told, which they are after it is safe."""
        self.failure: BaseException | None = None
        """What has ended it; whoever breaks the order of decisions sets it too."""
        self.listeners: tuple[Callable[[Recorded], None], ...] = ()
        self.order = threading.Lock()
        """Who holds it may join; it guards the two batches."""
        self._batch: _Batch | None = None
        """The batch that can be joined."""
        self._sinking: _Batch | None = None
        """The batch that is on its way to disk."""
        self._writing = threading.Lock()
        self._leader: int | None = None
        """The thread that holds `_writing`."""
        self._keeper: threading.Thread | None = None
        self._left = threading.Event()
        """Set while there may be decisions that nobody waits for."""
        self._closing = threading.Event()

    def join(self, lines: tuple[Line[Event], ...], data: bytes) -> None:
        """Take one decision; the caller holds `order`."""
        batch = self._batch
        if batch is None:
            batch = self._batch = _Batch()
        batch.lines += lines
        batch.data.append(data)

    def flush(self, position: int) -> None:
        """Return when all events up to `position` are safe, and the listeners have been told.

        Raises:
            LogPoisonedError: the disk failed, now or before.
        """
        if self.heard >= position:
            return
        with self.order:
            self.check_is_no_listener()
            batch = self._sinking
            if batch is None or batch.end < position:
                batch = self._batch
            leads = _takes(batch)
        self._see_through(batch, leads=leads)
        if self.safe.position < position:
            self.check_healthy()

    def linger(self) -> None:
        """Have the batch brought to disk soon, if nobody comes to wait for it."""
        batch = self._batch
        if batch is not None and len(batch.lines) >= LONGEST_BATCH:
            self.flush(batch.end)
            return
        if self._keeper is None:
            with self.order:
                if self._keeper is None:
                    self._keeper = threading.Thread(target=self._keep, name="log", daemon=True)
                    self._keeper.start()
        if not self._left.is_set():
            self._left.set()

    def close(self, let_go: Callable[[], None]) -> None:
        """Bring to disk what is not there yet, and call `let_go` when nothing uses the file.

        Raises:
            LogPoisonedError: what nobody waited for may be lost, as the disk failed.
        """
        with self.order:
            batch = self._batch
            leads = _takes(batch)
        try:
            self._see_through(batch, leads=leads)
        finally:
            self._closing.set()
            self._left.set()
            if self._keeper is not None:
                self._keeper.join()
            with self._writing:
                let_go()
        if leads:
            self.check_healthy()

    def check_is_no_listener(self) -> None:
        """Raise `RuntimeError` on a thread that is publishing: it would wait for itself."""
        if self._leader == threading.get_ident():
            raise RuntimeError("a listener must not use the log to write")

    def check_healthy(self) -> None:
        """Raise `LogPoisonedError` after a failure."""
        if self.failure is not None:
            raise LogPoisonedError(self._path, self.safe.position, self.failure) from self.failure

    def _keep(self) -> None:
        """Bring to disk what nobody waits for."""
        while True:
            self._left.wait()
            self._left.clear()  # before the look at the end, which may come at any moment
            if self._closing.wait(self._linger_s):
                return
            with self.order:
                batch = self._batch
                leads = _takes(batch)
            with suppress(LogPoisonedError):  # who uses the log next will hear of it
                self._see_through(batch, leads=leads)

    def _see_through(self, batch: _Batch | None, *, leads: bool) -> None:
        if batch is None:
            return
        if leads:
            self._lead(batch)
        else:
            with batch.done:
                pass

    def _lead(self, batch: _Batch) -> None:
        """Write and sync `batch` when its turn comes, tell the listeners, let the others go on."""
        try:
            with self._writing:
                try:
                    self._bring(batch)
                finally:  # while it is still our turn: who comes next says so of itself
                    self._leader = self._sinking = None
        except BaseException as error:
            if self.failure is None and self.safe.position < batch.end:
                self.failure = error
            raise
        finally:
            batch.done.release()

    def _bring(self, batch: _Batch) -> None:
        """Have `batch` safe and told of, on the thread whose turn it is."""
        self._leader = threading.get_ident()
        with self.order:
            self._batch, self._sinking = None, batch
        if self.failure is None and self._write(batch):
            self._publish(batch)

    def _write(self, batch: _Batch) -> bool:
        """Return whether `batch` is safe now; if not, nothing will be any more."""
        data = b"".join(batch.data)
        try:
            write_all(self._disk, self._fd, data)
            self._disk.fdatasync(self._fd)
        except OSError as error:
            self.failure = error
            return False
        except BaseException as error:  # before anybody else has a turn: half of it may be written
            self.failure = error
            raise
        last = batch.lines[-1]
        self.safe = Mark(last.position, last.epoch, self.safe.offset + len(data), last.sum)
        return True

    def _publish(self, batch: _Batch) -> None:
        """Tell the listeners. After an error too the batch is safe and counts as heard of.

        It is told once: who waits for it goes on, and only the thread that leads gets the error.
        """
        try:
            tell_all(self.listeners, batch.lines)
        finally:
            self.heard = batch.end


def _takes(batch: _Batch | None) -> bool:
    """Return whether the caller, who holds the order, is the first and so leads `batch`."""
    if batch is None or batch.led:
        return False
    batch.led = True
    return True
