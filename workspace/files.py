"""Files of a worktree, read and changed under the path rules; whole files, as bytes.

Nothing here follows a symlink out of the worktree, waits on a FIFO or a device, or changes a file
in place: what changes is put beside the file, made durable, and renamed over it.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from workspace import paths
from workspace.errors import EditRefusedError, FileRefusedError, PathRefusedError

MAX_FILE_BYTES = 16 * 1024 * 1024
"""The largest file that a tool reads or changes; beyond it, a command is the way."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symlink",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Current(NamedTuple):
    """A file that an edit starts from."""

    data: bytes
    mode: int
    """Permission bits, without setuid, setgid and sticky."""


def read(root: Path, path: str) -> bytes:
    """Return the bytes of the file at a plain `path`; symlinks that stay inside are followed.

    Raises:
        ToolError: there is no such file, or it is none that can be read whole.
    """
    try:
        with paths.followed(root, path) as spot:
            return _current(spot, path).data
    except (FileNotFoundError, NotADirectoryError):
        raise FileRefusedError(path, "does not exist") from None


def current(root: Path, path: str) -> Current | None:
    """Return the file at a plain `path` that is to be changed, or None if nothing is there.

    Raises:
        ToolError: a symlink is on the way or at its end, or it is no file that can be changed.
    """
    try:
        with paths.direct(root, path) as spot:
            return _current(spot, path)
    except FileNotFoundError:
        return None


def write(root: Path, path: str, data: bytes, before: Current | None) -> None:
    """Make `data` the durable content of the file at `path`, if it still is as in `before`.

    The mode of an existing file is kept, a hard link to it is broken, missing folders are made.

    Raises:
        EditRefusedError: the file is not as in `before`; it was left as it is.
    """
    with paths.direct(root, path, make_folders=True) as spot:
        temporary = f".trackside-{secrets.token_hex(8)}"
        descriptor = os.open(temporary, _CREATE, 0o666, dir_fd=spot.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if before is not None:
                    os.fchmod(file.fileno(), before.mode)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _expect(spot, path, before)
            os.rename(temporary, spot.name, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
        except BaseException:
            os.unlink(temporary, dir_fd=spot.folder)
            raise
        paths.sync_folder(spot.folder)


def delete(root: Path, path: str, before: Current) -> None:
    """Delete the file at `path`, durably, if it still is as in `before`.

    Raises:
        EditRefusedError: it is not; it was left as it is.
    """
    with paths.direct(root, path) as spot:
        _expect(spot, path, before)
        os.unlink(spot.name, dir_fd=spot.folder)
        paths.sync_folder(spot.folder)


def move(root: Path, source: str, target: str, before: Current) -> None:
    """Move the file at `source` to `target`, durably, if it is as in `before` and `target` free.

    Raises:
        EditRefusedError: one of them changed; both were left as they are.
    """
    with (
        paths.direct(root, source) as old,
        paths.direct(root, target, make_folders=True) as new,
    ):
        _expect(old, source, before)
        _expect(new, target, None)
        os.rename(old.name, new.name, src_dir_fd=old.folder, dst_dir_fd=new.folder)
        paths.sync_folder(new.folder)
        paths.sync_folder(old.folder)


def _expect(spot: paths.Spot, path: str, before: Current | None) -> None:
    try:
        now = _current(spot, path)
    except FileNotFoundError:
        now = None
    if now != before:
        raise EditRefusedError(path, "it changed in the meantime; look at it again")


def _current(spot: paths.Spot, path: str) -> Current:
    """Read a regular file, without waiting on anything else. `FileNotFoundError` if none is there.

    The look before the opening keeps devices from being opened at all; the look after it counts.
    """
    _require_file(os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False), path)
    descriptor = os.open(spot.name, _READ, dir_fd=spot.folder)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _require_file(found, path)
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise FileRefusedError(path, f"is larger than {MAX_FILE_BYTES} bytes; use a command")
    return Current(data, stat.S_IMODE(found.st_mode) & 0o777)


def _require_file(found: os.stat_result, path: str) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind == stat.S_IFREG:
        return
    if kind == stat.S_IFLNK:
        raise PathRefusedError(path, "it is a symlink; write to its target")
    raise FileRefusedError(path, f"is {_KINDS.get(kind, 'no regular file')}")
