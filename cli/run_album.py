"""The album that a run keeps of itself while it goes on, so that looking back into it is quick."""

from contextlib import suppress
from typing import TYPE_CHECKING

from cli.run_view import RunView
from store.errors import StoreError
from store.jsonl import JsonlLog
from store.log import Recorded
from store.run_folder import RunFolder
from store.skim import vouch_for
from store.snapshots import EVERY

if TYPE_CHECKING:
    from replay.album import Album
    from replay.archive import Archive


class RunAlbum:
    """Listens to the log of a run; before the first snapshot is due it costs nothing."""

    def __init__(self, folder: RunFolder, log: JsonlLog, view: RunView) -> None:
        """Keep states of `view`, which must be told of each record before the album is."""
        self._folder = folder
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
        album = self._opened()
        if mark.position >= album.due:
            album.keep(self._view.world, mark, recorded.at)
        self._due = album.due

    def vouch(self) -> None:
        """Have a long log that was closed remembered as verified, so that a look need not do it.

        It is summed up once more, from the disk. Whatever keeps us from that, a person included, is
        no fault of the run.
        """
        if self._log.last_position < EVERY:
            return
        mark, vouches = self._opened().mark, self._archive().vouches
        if mark is not None and vouches is not None:
            with suppress(KeyboardInterrupt, OSError, StoreError):
                vouch_for(self._folder.log, mark, vouches)

    def _opened(self) -> "Album":
        if self._album is None:
            from replay.album import Album

            snapshots, position = self._archive().snapshots, self._log.last_position
            assert snapshots is not None, "the archive of a user has a place for them"
            self._album = Album.behind(snapshots, self._folder.log, position)
        return self._album

    def _archive(self) -> "Archive":
        from cli.past import archive_of

        return archive_of(self._folder)
