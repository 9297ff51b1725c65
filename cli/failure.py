"""What the process says and returns when a command fails: the one table from error to exit code."""

import errno
import os
import sys
from contextlib import suppress

import msgspec

from cli.bug_report import write_report
from cli.errors import NotTakenError, ResumedElsewhereError, TraceNotTakenError
from cli.escape import json_text, path_text, shown
from cli.exit_code import ExitCode
from events.errors import ProblemsError, TracksideError
from store.errors import (
    BlobUnwritableError,
    DamageError,
    HeldError,
    LogPoisonedError,
    RunFolderUnmadeError,
)
from workspace.errors import (
    GitDiskError,
    ObjectDamagedError,
    TreeMissingError,
    WorktreeUnusableError,
)

SIGPIPE_EXIT = 141
"""128 + SIGPIPE: what a shell says of a program whose reader has gone."""

_EXIT_CODES: tuple[tuple[type[TracksideError], ExitCode, str], ...] = (
    (HeldError, ExitCode.HELD, "held"),
    (NotTakenError, ExitCode.HELD, "held"),
    (ResumedElsewhereError, ExitCode.HELD, "held"),
    (DamageError, ExitCode.LOG_DAMAGED, "damaged"),
    (TreeMissingError, ExitCode.LOG_DAMAGED, "damaged"),
    (ObjectDamagedError, ExitCode.LOG_DAMAGED, "damaged"),
    (LogPoisonedError, ExitCode.DISK, "disk"),
    (BlobUnwritableError, ExitCode.DISK, "disk"),
    (RunFolderUnmadeError, ExitCode.DISK, "disk"),
    (WorktreeUnusableError, ExitCode.DISK, "disk"),
    (GitDiskError, ExitCode.DISK, "disk"),
    (TraceNotTakenError, ExitCode.BLOCKED, "not_taken"),
    (TracksideError, ExitCode.BAD_INPUT, "refused"),
)
"""Class of the error -> exit code and the code word of the JSON; the first that fits counts."""

_DISK = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOSPC,
        errno.EPERM,
        errno.EROFS,
    }
)
"""What the system can refuse without anybody's code being wrong."""


class Failure(msgspec.Struct, frozen=True):
    """The JSON of a command that failed: one object on standard output."""

    code: str
    """``refused``, ``held``, ``damaged``, ``disk``, ``not_taken``, ``bug``, ``interrupted``."""
    problems: tuple[str, ...]
    """One sentence each: what, where, what to do."""


def exit_code_after(error: BaseException, *, wants_json: bool) -> int:
    """Say on standard error what happened, and return the exit code.

    With `wants_json` the same is on standard output as a `Failure`.
    """
    match error:
        case BrokenPipeError():
            _let_go_of_output()
            return SIGPIPE_EXIT
        case KeyboardInterrupt():
            failure, code = Failure("interrupted", ("interrupted",)), ExitCode.INTERRUPTED
        case TracksideError():
            code, word = next(
                (code, word) for kind, code, word in _EXIT_CODES if isinstance(error, kind)
            )
            failure = Failure(word, _problems(error))
        case OSError(errno=number) if number in _DISK:
            failure, code = Failure("disk", (_refused_by_system(error),)), ExitCode.DISK
        case _:
            failure, code = Failure("bug", (_bug(error),)), ExitCode.BUG
    with suppress(OSError):  # a reader that has gone cannot be told
        for problem in failure.problems:
            print(f"trackside: {shown(problem)}", file=sys.stderr)
        if wants_json:
            print(json_text(failure), flush=True)
    return code


def _problems(error: TracksideError) -> tuple[str, ...]:
    if isinstance(error, ProblemsError):
        return tuple(f"{error.source}: {problem}" for problem in error.problems)
    return (str(error),)


def _refused_by_system(error: OSError) -> str:
    where = f"{path_text(os.fsdecode(error.filename))}: " if error.filename else ""
    return f"{where}{error.strerror}; mend it, then try again or resume"


def _bug(error: BaseException) -> str:
    path = write_report(error)
    where = f"the traceback is in {path_text(path)}" if path else "its traceback could not be kept"
    return f"a bug in trackside ({type(error).__name__}); {where}"


def _let_go_of_output() -> None:
    """Point standard output at nothing, so that the end of Python has nothing to complain about."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
