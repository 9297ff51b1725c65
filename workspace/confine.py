"""Confines itself by Landlock and seccomp, then becomes a program: a script, standard library only.

    python -I -S confine.py FILES NETWORK SCOPES FILTER PROCESSES OPEN_FILES FILE_BYTES
                            [RIGHTS:PATH ...] -- PROGRAM ARGUMENT ...

FILES, NETWORK and SCOPES are the kernel's bits for what is forbidden from now on, RIGHTS those of
FILES that are given back at a PATH and below. FILTER is a seccomp program in hexadecimal. What is
forbidden stays so for the program and all that it starts, for ever; it keeps no capability and
gains none. `workspace.landlock` chooses the words. Where anything fails, nothing is run.
"""

import ctypes
import os
import resource
import struct
import sys  # and nothing that takes longer to load: this is run before every command

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls; these have one number on every machine."""
_CREATE_RULESET_VERSION = 1
_BELOW_A_PATH = 1
_SET_SECCOMP, _BY_FILTER, _SET_NO_NEW_PRIVS = 22, 2, 38
_CAPABILITY_VERSION = 0x20080522
_CANNOT_RUN = 126

_libc = ctypes.CDLL(None, use_errno=True)


def main(words: list[str]) -> int:
    """Become the program of `words`; come back only with an exit code that says it failed."""
    split = words.index("--")
    files, network, scopes, steps, processes, open_files, file_bytes = words[:7]
    command = words[split + 1 :]
    try:
        limit(int(processes), int(open_files), int(file_bytes))
        confine(int(files), int(network), int(scopes), bytes.fromhex(steps), words[7:split])
        os.execv(command[0], command)  # noqa: S606 - the shell is in `command`
    except OSError as error:
        print(f"trackside: nothing was run, the sandbox failed: {error}", file=sys.stderr)  # noqa: T201
    return _CANNOT_RUN


def abi() -> int:
    """Return the version of Landlock that the kernel has; 0 if it has none, or has it off."""
    version: int = _libc.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    return max(0, version)


def limit(processes: int, open_files: int, file_bytes: int) -> None:
    """Set limits for this process and all below it.

    The kernel counts all processes and threads of the user, wherever they are; so `processes` is
    added to what the whole machine runs now, which is quick to learn.
    """
    with open("/proc/loadavg", "rb") as file:  # noqa: PTH123 - pathlib would double the time
        running = int(file.read().split()[3].partition(b"/")[2])
    for kind, wanted in (
        (resource.RLIMIT_NPROC, running + processes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_FSIZE, file_bytes),
    ):
        _, most = resource.getrlimit(kind)
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(kind, (value, value))


def confine(files: int, network: int, scopes: int, steps: bytes, rights: list[str]) -> None:
    """Confine this thread, and all that it will start.

    Raises:
        OSError: the kernel refuses one of the steps; some of them may have been taken.
    """
    _check(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    rules = _rules(files, network, scopes, rights)
    _check(_libc.syscall(_RESTRICT_SELF, rules, 0))
    os.close(rules)
    _check(_libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)))
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = struct.pack("@HP", len(steps) // 8, ctypes.addressof(buffer))
    _check(_libc.prctl(_SET_SECCOMP, _BY_FILTER, program, 0, 0))


def _rules(files: int, network: int, scopes: int, rights: list[str]) -> int:
    """Return the descriptor of a ruleset that gives back `rights`, and nothing else."""
    forbidden = struct.pack("=QQQ", files, network, scopes)
    size = 24 if scopes else 16 if network else 8
    rules: int = _check(_libc.syscall(_CREATE_RULESET, forbidden, ctypes.c_size_t(size), 0))
    for right in rights:
        bits, _, path = right.partition(":")
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # nobody has a right to what is not there
        rule = struct.pack("=Qi", int(bits), place)
        _check(_libc.syscall(_ADD_RULE, rules, _BELOW_A_PATH, rule, 0))
        os.close(place)
    return rules


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
