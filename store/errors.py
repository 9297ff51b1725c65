"""What the store refuses, and what it can no longer promise.

    events.errors.TracksideError
    +-- StoreError
        +-- VersionConflictError        the caller looked at the stream too early: look again
        +-- EventUnwritableError        the event cannot be put on record: a bug, or too big
        +-- HeldError                   another process writes this run: wait for it, or stop it
        +-- LogUnusableError            there is no log here that we would touch
        |   +-- LogAbsentError          there is none at all, or nothing in it
        +-- LogClosedError              this writer has been closed
        +-- LogPoisonedError            the disk refused a write: make room, mend it, resume
        +-- BlobUnwritableError         likewise, for a payload beside the log
        +-- InboxUnusableError          a message to a run cannot be left: make room, try again
        +-- RunFolderError              no such run, several, or a name that cannot be one
        |   +-- RunExistsError          the name of a new run is taken
        |   +-- RunFolderUnmadeError    the disk refuses a new one
        +-- DamageError                 what is kept is not what was written
            +-- LogDamagedError         at a known record and byte of the log
            +-- LogTooNewError          whole, but in a format of a later trackside
            +-- SealBrokenError         the log ended further on once, or the seal itself is damaged
            +-- BlobMissingError
            +-- BlobDamagedError

Whoever catches `DamageError` knows that evidence is in question; all others leave it whole.
"""

from collections.abc import Sequence
from pathlib import Path

from events.errors import Fault, TracksideError, fault_of
from events.ids import Digest, StreamId


class StoreError(TracksideError):
    """The store cannot do what it was asked to do."""

    fault: Fault | None = "refused"


class VersionConflictError(StoreError):
    """The stream is not at the version that the caller decided upon; nothing was recorded."""

    def __init__(self, stream: StreamId, expected: int, actual: int) -> None:
        """Remember both versions."""
        self.stream = stream
        self.expected = expected
        self.actual = actual
        super().__init__(f"stream {stream} is at version {actual}, not {expected}: decide again")


class EventUnwritableError(StoreError):
    """An event has no faithful form in the log; nothing was recorded."""

    def __init__(self, what: str, reason: str) -> None:
        """Say which event and why."""
        self.what = what
        self.reason = reason
        super().__init__(f"{what} cannot be recorded: {reason}")


class HeldError(StoreError):
    """Another process holds the lock of the run."""

    fault = "held"

    def __init__(self, path: Path, pid: int | None) -> None:
        """Name the holder; `pid` is None if it has not said who it is yet."""
        self.path = path
        self.pid = pid
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"{path.parent}: {holder} is writing this run; wait until it ends, or stop it"
        )


class LogUnusableError(StoreError):
    """The path does not lead to a log that can be opened; nothing was changed."""

    def __init__(self, path: Path, reason: str, cause: OSError | None = None) -> None:
        """Say what is there instead, or what the system said."""
        self.path = path
        self.reason = reason
        self.fault = _fault_behind(cause)
        super().__init__(f"{path}: {reason}")


class LogAbsentError(LogUnusableError):
    """There is no log at the path, or an empty one."""


class LogClosedError(StoreError):
    """The log was closed before; nothing was recorded."""

    def __init__(self, path: Path) -> None:
        """Remember which log."""
        self.path = path
        super().__init__(f"{path}: the log has been closed, nothing more can be recorded")


class LogPoisonedError(StoreError):
    """A write or a sync failed: nothing after `position` is promised or written any more."""

    fault = "disk"

    def __init__(self, path: Path, position: int, cause: BaseException) -> None:
        """Remember the last position that is safe, and what the disk said."""
        self.path = path
        self.position = position
        self.cause = cause
        said = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        if position:
            what = (
                f"everything up to position {position} is safe, nothing more is recorded; "
                "mend that and resume the run"
            )
        else:
            what = "nothing was recorded; mend that, then run again"
        super().__init__(f"{path}: writing failed ({said}); {what}")


class BlobUnwritableError(StoreError):
    """A payload could not be made durable, so no event may name it.

    The disk refuses it, or the folder of all payloads is gone.
    """

    fault: Fault | None = "disk"

    def __init__(self, path: Path, cause: OSError) -> None:
        """Remember where, and what the disk said."""
        self.path = path
        self.cause = cause
        way_out = "mend that"
        if isinstance(cause, FileNotFoundError):
            self.fault = "damaged"
            way_out = "put back what was taken from the folder of the run"
        super().__init__(
            f"{path}: the payload cannot be written ({cause.strerror}); {way_out} and resume "
            "the run"
        )


class InboxUnusableError(StoreError):
    """A message to a run cannot be left in its folder; nobody was told anything."""

    def __init__(self, path: Path, reason: str, cause: OSError | None = None) -> None:
        """Say where and why, and what the system said."""
        self.path = path
        self.reason = reason
        self.fault = _fault_behind(cause)
        super().__init__(f"{path}: the message was not left: {reason}")


class RunFolderError(StoreError):
    """No run can be had under that name."""

    def __init__(self, name: str, reason: str, runs: Sequence[str] = ()) -> None:
        """Say why; `runs` are the names that could have been meant."""
        self.name = name
        self.reason = reason
        self.runs = tuple(runs)
        super().__init__(reason)


class RunExistsError(RunFolderError):
    """The name of a new run is that of another one."""

    def __init__(self, run: str) -> None:
        """Name it."""
        super().__init__(run, f"there is a run {run} already; resume it or take a new name")


class RunFolderUnmadeError(RunFolderError):
    """The disk refuses the folder of a new run: it is full, or nobody may write there."""

    fault = "disk"

    def __init__(self, name: str, place: str, why: str) -> None:
        """Say where, and why."""
        self.place = place
        super().__init__(
            name,
            f"the folder of run {name} cannot be made: {place}: {why}; mend that, then run again",
        )


class DamageError(StoreError):
    """Something on disk is not what was written. Nothing was changed."""

    fault = "damaged"


class LogDamagedError(DamageError):
    """The log is damaged at a known place; all before it is whole."""

    def __init__(self, path: Path, position: int, offset: int, reason: str, *, whole: int) -> None:
        """Name the place.

        Args:
            path: the log.
            position: the record that should stand there, which is also its line number.
            offset: where that line begins, in bytes from the start of the file.
            reason: what is wrong with it.
            whole: the last position up to which every decision is whole and verified.
        """
        self.path = path
        self.position = position
        self.offset = offset
        self.reason = reason
        self.whole = whole
        super().__init__(
            f"{path}: record {position} (line {position}, byte {offset}) is damaged: {reason}; "
            f"all up to position {whole} is whole and nothing was changed; "
            "`trackside recover` says what can be saved"
        )


class LogTooNewError(DamageError):
    """A later version of trackside wrote on in this log."""

    def __init__(self, path: Path, position: int, offset: int, found: int, known: int) -> None:
        """Name the place and both formats."""
        self.path = path
        self.position = position
        self.offset = offset
        self.found = found
        self.known = known
        super().__init__(
            f"{path}: record {position} (line {position}, byte {offset}) is of format {found}, "
            f"and this trackside reads up to format {known}: use a newer one"
        )


class SealBrokenError(DamageError):
    """The log and the seal of its run's end do not agree."""

    def __init__(self, path: Path, reason: str) -> None:
        """Say how; `path` is the seal."""
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}; nothing was changed")


class BlobMissingError(DamageError):
    """A payload that the log names is gone."""

    def __init__(self, path: Path, digest: Digest) -> None:
        """Remember where it should be."""
        self.path = path
        self.digest = digest
        super().__init__(f"{path}: the payload {digest[:12]} that the log names is missing")


class BlobDamagedError(DamageError):
    """A payload is not the one that the log names."""

    def __init__(self, path: Path, digest: Digest, reason: str) -> None:
        """Remember where it is and how it differs."""
        self.path = path
        self.digest = digest
        self.reason = reason
        super().__init__(f"{path}: the payload {digest[:12]} is damaged: {reason}")


def _fault_behind(cause: OSError | None) -> Fault:
    return (fault_of(cause) if cause is not None else None) or "refused"
