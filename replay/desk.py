"""What a verification works with: the kept texts, the trees, and a place to try merges."""

from contextlib import ExitStack
from functools import cached_property, lru_cache
from typing import Self

from events.payload import BlobRef, ReadText, Text
from events.secret_patterns import Redact, without_secrets
from replay.archive import Archive
from replay.counts import Counts
from workspace.folders import temporary_folder
from workspace.objects import Objects
from workspace.tree import Repository

TEXTS = 256
"""Kept texts that are held in memory: a prompt holds all of the turns before it."""


class Desk:
    """The evidence beside one log; close it (it is a context manager), so that its git ends."""

    def __init__(
        self, archive: Archive, repository: Repository, redact: Redact = without_secrets
    ) -> None:
        """Open the evidence; `redact` takes the secrets out of files that are shown.

        Raises:
            GitUnusableError: there is no git to read the trees with.
        """
        self.repository = repository
        self.redact = redact
        self.counts = Counts()
        self._stack = ExitStack()
        self.objects: Objects = self._stack.enter_context(repository.objects())
        self.read: ReadText = _remembering(archive.text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def scratch(self) -> Repository:
        """A repository for trying merges; it is gone when the desk is closed."""
        folder = self._stack.enter_context(temporary_folder())
        return self.repository.scratch(folder / "git")


def _remembering(read: ReadText) -> ReadText:
    @lru_cache(maxsize=TEXTS)
    def of_blob(ref: BlobRef) -> str:
        return read(ref)

    def text(kept: Text) -> str:
        return kept if isinstance(kept, str) else of_blob(kept)

    return text
