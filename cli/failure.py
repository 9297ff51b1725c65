"""What the process says and returns when a command fails: the one table from error to exit code."""

import os
import sys
from contextlib import suppress

import msgspec

from cli.bug_report import write_report
from cli.errors import TraceNotTakenError
from cli.escape import json_text, path_text, shown
from cli.exit_code import ExitCode
from events.errors import Fault, ProblemsError, TracksideError, fault_of

SIGPIPE_EXIT = 141
"""128 + SIGPIPE: what a shell says of a program whose reader has gone."""

_EXIT_CODES: dict[Fault, ExitCode] = {
    "held": ExitCode.HELD,
    "damaged": ExitCode.LOG_DAMAGED,
    "disk": ExitCode.DISK,
    "refused": ExitCode.BAD_INPUT,
}
"""What is at fault, which is also the code word of the JSON -> exit code."""


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
        case TraceNotTakenError():
            failure, code = Failure("not_taken", _problems(error)), ExitCode.BLOCKED
        case TracksideError():
            word = error.fault or "refused"
            failure, code = Failure(word, _problems(error)), _EXIT_CODES[word]
        case OSError() if fault := fault_of(error):
            failure, code = Failure(fault, (_refused_by_system(error),)), _EXIT_CODES[fault]
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
