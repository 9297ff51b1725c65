"""Payloads too long for a record, beside the log: once each, by their hash, verified when read."""

import hashlib
import os
import stat
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from events.counted import counted
from events.ids import Digest
from events.payload import INLINE_BYTES, BlobRef, Text
from events.secret_patterns import Redact
from store.disk import REAL_DISK, Disk, make_folder, sync_folder, write_file
from store.encode import as_it_is, clean
from store.errors import BlobDamagedError, BlobMissingError, BlobUnwritableError

_FANOUT = 2
"""Hex digits that name the folder of a blob; the others name the file."""
_UNFINISHED = ".new"


class BlobStore(Protocol):
    """Keeps payloads by content. Safe to use from several threads."""

    def put(self, data: bytes) -> BlobRef:
        """Return the name of `data`, once it would survive a power cut.

        Raises:
            BlobUnwritableError: the disk failed.
        """

    def get(self, ref: BlobRef) -> bytes:
        """Return the payload that `ref` names, and no other.

        Raises:
            BlobMissingError: it is gone.
            BlobDamagedError: it is not what was put.
        """

    def keep(self, text: str) -> Text:
        """Return `text` as an event holds it: itself if it is short, else the name of its blob.

        Lone surrogates become U+FFFD, and secrets are replaced, so go on with what `text` says of
        what comes back. Raises as `put`.
        """

    def text(self, text: Text) -> str:
        """Return the characters of a kept text; raises as `get`."""


class _Texts(ABC):
    """What all blob stores do with texts."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact

    @abstractmethod
    def put(self, data: bytes) -> BlobRef: ...

    @abstractmethod
    def get(self, ref: BlobRef) -> bytes: ...

    def keep(self, text: str) -> Text:
        text = self._redact(text)
        try:
            data = text.encode()
        except UnicodeEncodeError:
            text = clean(text)
            data = text.encode()
        return text if len(data) <= INLINE_BYTES else self.put(data)

    def text(self, text: Text) -> str:
        return text if isinstance(text, str) else self.get(text).decode()


class Blobs(_Texts):
    """Blobs in a folder of the run: ``ab/cdef...`` for the digest ``abcdef...``."""

    def __init__(self, folder: Path, disk: Disk = REAL_DISK, redact: Redact = as_it_is) -> None:
        """Keep blobs in `folder`, texts without their secrets; nothing is read or written yet.

        A folder that is there now is never made again: who takes it away has its payloads.
        """
        super().__init__(redact)
        self._folder = folder
        self._was_there = folder.is_dir() and not folder.is_symlink()
        self._disk = disk
        self._safe: set[str] = set()
        """Digests and folders that this process knows to be durable; a set needs no lock."""

    def put(self, data: bytes) -> BlobRef:
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._safe:
            try:
                self._write(self._path(digest), data)
            except OSError as error:
                raise BlobUnwritableError(self._path(digest), error) from error
            self._safe.add(digest)
        return BlobRef(Digest(digest), len(data))

    def get(self, ref: BlobRef) -> bytes:
        path = self._path(ref.blob)
        try:
            data = _read(path, ref.size + 1)
        except FileNotFoundError as error:
            raise BlobMissingError(path, ref.blob) from error
        except OSError as error:
            raise BlobDamagedError(path, ref.blob, f"cannot be read ({error.strerror})") from error
        if len(data) != ref.size:
            reason = f"it is not {counted(ref.size, 'byte')} long"
            raise BlobDamagedError(path, ref.blob, reason)
        if hashlib.sha256(data).hexdigest() != ref.blob:
            raise BlobDamagedError(path, ref.blob, "its bytes have another hash")
        return data

    def adopt(self, refs: Iterable[BlobRef], other: "Blobs") -> None:
        """Keep payloads that `other` keeps: the same files under second names, not copies.

        Where the file system cannot do that, the bytes are copied. Nothing is verified here: who
        reads a payload does that.

        Raises:
            BlobMissingError, BlobDamagedError: `other` does not have one of them.
            BlobUnwritableError: the disk failed.
        """
        folders: set[Path] = set()
        for ref in refs:
            target = self._path(ref.blob)
            try:
                for folder in (self._folder, target.parent):
                    self._make(folder)
                os.link(other.place_of(ref), target, follow_symlinks=False)
                folders.add(target.parent)
            except FileExistsError:
                continue
            except OSError:
                self.put(other.get(ref))
        for folder in folders:
            sync_folder(self._disk, folder)

    def place_of(self, ref: BlobRef) -> Path:
        """Return where the payload is, or would be."""
        return self._path(ref.blob)

    def sweep(self) -> None:
        """Delete what crashed writers left unfinished. For the holder of the run's lock only."""
        for path in self._folder.glob(f"*/*{_UNFINISHED}"):
            path.unlink()

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:_FANOUT] / digest[_FANOUT:]

    def _write(self, path: Path, data: bytes) -> None:
        if _holds(path, data):
            # Another process may have crashed before it synced the names.
            for folder in (path.parent, self._folder, self._folder.parent):
                sync_folder(self._disk, folder)
            return
        for folder in (self._folder, path.parent):
            self._make(folder)
        temporary = path.with_name(f"{path.name}.{threading.get_native_id()}{_UNFINISHED}")
        write_file(self._disk, path, data, temporary)

    def _make(self, folder: Path) -> None:
        if str(folder) in self._safe:
            return
        if folder == self._folder and self._was_there:
            sync_folder(self._disk, folder.parent)
        else:
            make_folder(self._disk, folder)
        self._safe.add(str(folder))


class MemoryBlobs(_Texts):
    """Blobs that last as long as their process."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(as_it_is)
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> BlobRef:
        digest = hashlib.sha256(data).hexdigest()
        self._kept[digest] = data
        return BlobRef(Digest(digest), len(data))

    def get(self, ref: BlobRef) -> bytes:
        try:
            return self._kept[ref.blob]
        except KeyError:
            raise BlobMissingError(Path("(memory)"), ref.blob) from None


def _holds(path: Path, data: bytes) -> bool:
    try:
        return _read(path, len(data) + 1) == data
    except OSError:
        return False


def _read(path: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a regular file."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(0, "not a regular file", str(path))
        data = bytearray()
        while len(data) < limit and (part := os.read(fd, limit - len(data))):
            data += part
        return bytes(data)
    finally:
        os.close(fd)
