"""The end of a run, kept apart from its log: a log that lost its end is damaged, not shorter."""

import os
from pathlib import Path

import msgspec

from events.counted import counted
from events.errors import fault_of
from events.ids import RunId
from store.disk import REAL_DISK, Disk, write_file
from store.errors import LogUnusableError, SealBrokenError

SEAL_NAME = "seal.json"
_LONGEST = 4096


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """How far the log of a run reached when the run ended."""

    run: RunId
    position: int
    """Of the last record, which is also the number of records."""
    bytes: int
    """The size of the log."""
    sum: str
    """The sum on the last record: the digest of all before it."""
    at: str
    """When it was sealed, UTC."""

    def check(self, path: Path, position: int, sum_: str) -> None:
        """Raise `SealBrokenError` if the record at the seal's `position` has another sum."""
        if position == self.position and sum_ != self.sum:
            raise SealBrokenError(
                path,
                f"the log's record {position} has sum {sum_ or '(none)'}, and the seal says "
                f"{self.sum}: it is not the log that was sealed",
            )

    def check_end(self, path: Path, position: int) -> None:
        """Raise `SealBrokenError` if a log that ends at `position` has lost its end."""
        if position < self.position:
            raise SealBrokenError(
                path,
                f"the log ends at position {position}, and it was sealed at {self.position}: "
                f"it lacks {counted(self.position - position, 'record')} at its end",
            )


def seal_beside(log: Path) -> Path:
    """Return where the seal of `log` is kept."""
    return log.parent / SEAL_NAME


def check_absent(log: Path) -> None:
    """Raise `SealBrokenError` if `log`, which is missing or empty, was not so when it was sealed.

    Or if what is in the place of the seal is none.
    """
    path = seal_beside(log)
    seal = read_seal(path)
    if seal is not None:
        seal.check_end(path, 0)


def write_seal(path: Path, seal: Seal, disk: Disk = REAL_DISK) -> None:
    """Put `seal` durably in the place of an older one."""
    data = msgspec.json.format(msgspec.json.encode(seal)) + b"\n"
    write_file(disk, path, data, path.with_name(f".{path.name}.new"))


def read_seal(path: Path) -> Seal | None:
    """Return the seal at `path`, or None if the run was never sealed.

    Raises:
        SealBrokenError: what is there is no seal.
        LogUnusableError: the system refuses to read it.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if fault_of(error) is not None:
            raise LogUnusableError(
                path, f"the seal cannot be read ({error.strerror})", error
            ) from error
        raise SealBrokenError(path, f"the seal cannot be read ({error.strerror})") from error
    try:
        return msgspec.json.decode(os.read(fd, _LONGEST), type=Seal)
    except (OSError, ValueError, RecursionError) as error:
        raise SealBrokenError(path, f"this is no seal ({error})") from error
    finally:
        os.close(fd)
