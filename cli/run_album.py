"""The album that a run keeps of itself while it goes on, so that looking back into it is quick."""

import sys
from contextlib import suppress

from cli.places import album_of
from cli.run_view import RunView
from replay.album import Album
from replay.beginning import VERIFIED
from replay.fingerprint import fingerprint
from store.head import Mark
from store.jsonl import JsonlLog
from store.log import Recorded
from store.run_folder import RunFolder
from store.skim import vouch_for
from store.snapshots import EVERY, Snapshots
from store.vouch import Vouches


class RunAlbum:
    """Listens to the log of a run; before the first snapshot is due it costs nothing.

    It is no part of the run: whatever goes wrong with it, the run goes on without an album.
    """

    def __init__(self, folder: RunFolder, log: JsonlLog, view: RunView) -> None:
        """Keep states of `view`, which must be told of each record before the album is.

        They are kept as those of the program that lies on disk now: it may be replaced meanwhile.
        """
        kept, program = album_of(folder.path), fingerprint()
        self._snapshots = Snapshots(kept, program)
        self._vouches = Vouches(kept / VERIFIED, program)
        self._path = folder.log
        self._log = log
        self._view = view
        self._due = EVERY
        self._album: Album | None = None

    def take(self, recorded: Recorded) -> None:
        """Take one record that is safe; behind the last one of a batch a snapshot may be due."""
        if recorded.position < self._due:
            return
        mark = self._log.safe
        if mark.position != recorded.position:
            return
        try:
            self._keep(mark, recorded.at)
        except Exception:  # noqa: BLE001 - an actor would die of what a listener raises
            self._due = sys.maxsize

    def vouch(self) -> None:
        """Have a long log that was closed remembered as verified, so that a look need not do it.

        It is summed up once more, from the disk. Whatever keeps us from that, a person included, is
        no fault of the run.
        """
        if self._log.last_position < EVERY:
            return
        with suppress(KeyboardInterrupt, Exception):
            mark = self._opened().mark
            if mark is not None:
                vouch_for(self._path, mark, self._vouches)

    def _keep(self, mark: Mark, at: str) -> None:
        album = self._opened()
        if mark.position >= album.due:
            album.keep(self._view.world, mark, at)
        self._due = album.due

    def _opened(self) -> Album:
        if self._album is None:
            self._album = Album.behind(self._snapshots, self._path, self._log.last_position)
        return self._album
