"""A run as it lies on disk: its log, its payloads and its trees, for reading only."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from events.ids import StreamId
from events.payload import Text
from replay.beginning import VERIFIED
from replay.fingerprint import fingerprint
from store.blobs import Blobs
from store.codec import Codec
from store.head import Mark
from store.log import Recorded
from store.reader import LogReader
from store.run_folder import RunFolder
from store.snapshots import Snapshots
from store.tail import CLEAN, Tail
from store.vouch import Look, Vouches, look_at, status_of
from workspace.tree import Repository


class Archive:
    """What a run has left behind, also while it still goes on. For one thread."""

    def __init__(self, folder: RunFolder, codec: Codec, snapshots: Path | None = None) -> None:
        """Name the run; nothing is read yet.

        Args:
            folder: of the run.
            codec: knows the types of its events.
            snapshots: a folder of the user for states of this run, which make looking back into a
                long log faster; None: do without.
        """
        self.folder = folder
        self.codec = codec
        self.tail: Tail = CLEAN
        """What stood behind the last whole decision when the log was last read to its end."""
        self.last = 0
        """The last position of the log, when it was last read to its end."""
        self.sum = ""
        """The sum on its last record: the digest of all of it."""
        self.kept = snapshots
        """The folder of what is kept of the log; None: nothing is."""
        self.snapshots = None if snapshots is None else Snapshots(snapshots, fingerprint())
        self.vouches = None if snapshots is None else Vouches(snapshots / VERIFIED, fingerprint())
        self._blobs = Blobs(folder.blobs)

    def records(self) -> Iterator[Recorded]:
        """Give every record, in order, each verified; raises as `batches`."""
        for batch, _ in self.batches():
            yield from batch

    def batches(self) -> Iterator[tuple[Sequence[Recorded], Mark]]:
        """Give all records, in order, some whole decisions at a time, and where these end.

        The log is verified as it is read, and read anew each time.

        Raises:
            DamageError: the log cannot be trusted. Whoever asks about its first half is told of
                damage in its second half too, if only the whole is gone through.
            LogUnusableError: there is no log.
        """
        with LogReader(self.folder.log, self.codec) as reader:
            while batch := reader.poll():
                yield batch, reader.head.mark
            self.tail, self.last, self.sum = reader.tail, reader.head.position, reader.head.sum

    def look(self) -> Look | None:
        """Return what the system says of the log, which is about to be read; None: nothing."""
        with suppress(OSError):
            return look_at(self.folder.log.stat())
        return None

    def remember(self, before: Look | None) -> None:
        """Remember that the log was read to its end since that look, and is without fault."""
        if before is not None and self.vouches is not None:
            with suppress(OSError):
                self.vouches.remember(before, status_of(self.folder.log.stat()))

    def select(self, wanted: Callable[[StreamId], bool]) -> dict[StreamId, list[Recorded]]:
        """Return the records of the streams that are `wanted`, by stream; raises as `records`."""
        found: dict[StreamId, list[Recorded]] = {}
        for recorded in self.records():
            if wanted(recorded.stream):
                found.setdefault(recorded.stream, []).append(recorded)
        return found

    def text(self, text: Text) -> str:
        """Return the characters of a kept text.

        Raises:
            BlobMissingError, BlobDamagedError: it is not what was kept.
        """
        return self._blobs.text(text)

    def repository(self, checkout: Path) -> Repository:
        """Return the trees of the run, to read; `checkout` is where the user's repository is now.

        Raises:
            RepositoryMissingError: the run's own is gone.
            RepositoryRefusedError: there is none at `checkout`.
        """
        return Repository.look(self.folder.git, checkout)
