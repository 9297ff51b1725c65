"""Runs one command and ends all that it started: a script of its own, standard library only.

    python -I -S launcher.py PARENT REPORT TIMEOUT_S GRACE_S WRAPS PROGRAM ARGUMENT ...

PARENT is the process that must stay alive, REPORT a descriptor that two lines are written to:
``started PID`` and ``ended STATUS CAUSE SECONDS SWEPT SURVIVORS``. STATUS is that of ``waitpid``,
CAUSE why the waiting was over, SWEPT how many processes the command had left running. WRAPS is 1
if PROGRAM only holds the sandbox of the command, and takes all of it along. SIGTERM is then for the
command alone, or it would have no time to end well; and SWEPT is 0, as nobody can tell.

A signal to the process group misses those that left it (setsid, daemons). So this process makes
itself their subreaper: the kernel hands it every orphan below it, and when it has no child left,
nothing of the command is left.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import NoReturn

SWEEP_S = 10.0
"""How long it tries to end what does not die of SIGKILL (it cannot be killed, or forks faster)."""

_KEYCTL = {"x86_64": 250, "aarch64": 219}
_JOIN_SESSION_KEYRING = 1
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ROUND_S = 0.05
_WAKING = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}


def main(arguments: list[str]) -> int:
    """Run the command of `arguments`, end what is left of it, and report both."""
    parent, report = int(arguments[0]), int(arguments[1])
    timeout_s, grace_s = float(arguments[2]), float(arguments[3])
    wraps = arguments[4] == "1"
    os.set_inheritable(report, False)  # noqa: FBT003 - it takes no names
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAKING)
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return 1  # it died before it could be told of
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    began = time.monotonic()
    if wraps:
        _leave_keys_behind()
    child = _start(arguments[5:], report)
    status, cause = _wait(child, began + timeout_s)
    seconds = time.monotonic() - began
    last_status, swept, survivors = _end_all(child, grace_s, {child} if wraps else set())
    final = status if status is not None else last_status
    known = 0 if wraps else swept
    _write(report, f"ended {final} {cause} {seconds:.6f} {known} {survivors}\n")
    return 0


def _leave_keys_behind() -> None:
    """Take an empty keyring instead of the session's: no namespace hides that from a sandbox."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        ctypes.CDLL(None).syscall(number, _JOIN_SESSION_KEYRING, None)


def _start(command: list[str], report: int) -> int:
    """Start `command` in a session of its own, report it, and return its process.

    It waits for the report to be out: whatever it does to this process then, its group is known.
    """
    ready, go = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - what happens in there is another process
        os.close(go)
        _become(command, ready)
    os.close(ready)
    _write(report, f"started {child}\n")
    _be_first_to_go_when_memory_runs_out(child)
    os.write(go, b"!")
    os.close(go)
    return child


def _become(command: list[str], ready: int) -> NoReturn:  # pragma: no cover - the same
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if os.read(ready, 1):
        os.execv(command[0], command)  # noqa: S606 - the shell is in `command`
    os._exit(1)


def _wait(child: int, deadline: float) -> tuple[int | None, str]:
    """Wait for `child`, the deadline, or a signal to stop; return its status if it ended."""
    while True:
        status, _ = _reap(child)
        if status is not None:
            return status, "exit"
        woken_by = signal.sigtimedwait(_WAKING, max(0.0, deadline - time.monotonic()))
        if woken_by is None:
            return None, "timeout"
        if woken_by.si_signo != signal.SIGCHLD:
            return None, "stop"


def _end_all(child: int, grace_s: float, spared: set[int]) -> tuple[int, int, int]:
    """End every descendant: SIGTERM but for the groups `spared`, then SIGKILL until none is left.

    Returns the status of `child` (-1 if it was reaped before), the number of processes that were
    found alive, and the number that could not be ended.
    """
    status, left = _reap(child)
    swept: set[int] = set()
    kill_from = time.monotonic() + grace_s
    give_up_at = kill_from + SWEEP_S
    told: set[int] = set()
    while left and (now := time.monotonic()) < give_up_at:
        found = _descendants()
        swept |= found.keys()
        groups = set(found.values())
        if now < kill_from:
            _signal(groups - told - spared, signal.SIGTERM)
        else:
            _signal(groups, signal.SIGKILL)
        told |= groups
        signal.sigtimedwait({signal.SIGCHLD}, _ROUND_S)
        reaped, left = _reap(child)
        status = reaped if reaped is not None else status
    survivors = max(1, len(_descendants())) if left else 0
    return -1 if status is None else status, len(swept), survivors


def _reap(child: int) -> tuple[int | None, bool]:
    """Collect all that died; return the status of `child` if it did, and whether any is left."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found, False
        if not pid:
            return found, True
        if pid == child:
            found = status


def _signal(groups: set[int], number: signal.Signals) -> None:
    """Signal whole process groups, each at one stroke, so that no fork slips through.

    No group of theirs has a stranger in it, since the command began a session of its own.
    """
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _descendants() -> dict[int, int]:
    """Return the process group of every living process below this one.

    One whose parent dies during the look may be missed, and is found by the next look.
    """
    children: dict[int, list[int]] = {}
    groups: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib would double the start-up time
        if not name.isdecimal():
            continue
        with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - the same
            state, parent, group, *_ = file.read().rpartition(b")")[2].split()
            if state != b"Z":
                groups[int(name)] = int(group)
            children.setdefault(int(parent), []).append(int(name))
    found: dict[int, int] = {}
    todo = [os.getpid()]
    while todo:
        for pid in children.get(todo.pop(), []):
            todo.append(pid)
            if pid in groups:
                found[pid] = groups[pid]
    return found


def _be_first_to_go_when_memory_runs_out(child: int) -> None:
    path = f"/proc/{child}/oom_score_adj"
    with suppress(OSError), open(path, "wb") as file:  # noqa: PTH123 - the same
        file.write(b"1000")


def _write(report: int, line: str) -> None:
    with suppress(OSError):  # whoever asked is gone
        os.write(report, line.encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
