"""The system calls that the Landlock level takes away, as a filter program for the kernel.

Landlock knows files, TCP, signals and abstract sockets. What else would lead out of the worktree is
refused here: other sockets, above all those of daemons such as Docker's, whose files Landlock does
not guard; memory of other processes; keys; new namespaces; and io_uring, which passes by filters.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""What ``uname -m`` says -> the kernel's number for it, and the column of the tables below."""

REFUSED: dict[str, tuple[int, int]] = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "semctl": (66, 191),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "setns": (308, 268),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
"""System call -> its number on each machine (``asm/unistd_64.h``, ``asm-generic/unistd.h``)."""

_CLONE, _CLONE3 = (56, 220), (435, 435)
_SOCKET, _SOCKETPAIR = (41, 198), (53, 199)
_NEW_NAMESPACE = 0x7E020000
"""CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET; the bit of NEWTIME means a signal in clone."""
_TYPE_OF_SOCKET = 0xF
_X32 = 0x40000000
"""On x86_64 a second numbering of all calls begins here."""

_FAMILIES = (socket.AF_INET, socket.AF_INET6, 16)
"""What the network needs; 16 is AF_NETLINK, by which the C library learns of its interfaces."""

_LOAD, _AND = 0x20, 0x54
_IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x35, 0x45
_RETURN = 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
"""Offsets in the kernel's ``struct seccomp_data``. Of an argument the low half comes first."""


class _Step(NamedTuple):
    code: int
    if_true: int
    if_false: int
    value: int


def program(machine: str, *, network: bool) -> bytes:
    """Return the filter: a row of the kernel's ``struct sock_filter`` for each step.

    Raises:
        KeyError: the machine is none of `MACHINES`.
    """
    number, column = MACHINES[machine]
    steps = list(_steps(machine, number, column, _FAMILIES if network else ()))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _steps(machine: str, number: int, column: int, families: tuple[int, ...]) -> Iterator[_Step]:
    yield _Step(_LOAD, 0, 0, _MACHINE_AT)
    yield _Step(_IF_EQUAL, 1, 0, number)
    yield _Step(_RETURN, 0, 0, _KILL)
    yield _Step(_LOAD, 0, 0, _NUMBER_AT)
    if machine == "x86_64":
        yield _Step(_IF_AT_LEAST, 0, 1, _X32)
        yield _refusal(errno.ENOSYS)
    for row in REFUSED.values():
        yield _Step(_IF_EQUAL, 0, 1, row[column])
        yield _refusal(errno.EPERM)
    # Its flags are in memory, where a filter cannot look; the C library then takes `clone`.
    yield _Step(_IF_EQUAL, 0, 1, _CLONE3[column])
    yield _refusal(errno.ENOSYS)
    yield from _if_called(_CLONE[column], _no_namespace())
    yield from _if_called(_SOCKET[column], _only(families, argument=0))
    # A pair of datagram sockets could be connected elsewhere; the other kinds stay a pair.
    kinds = (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)
    yield from _if_called(_SOCKETPAIR[column], _only(kinds, argument=1, mask=_TYPE_OF_SOCKET))
    yield _Step(_RETURN, 0, 0, _ALLOW)


def _if_called(number: int, steps: list[_Step]) -> Iterator[_Step]:
    yield _Step(_IF_EQUAL, 0, len(steps), number)
    yield from steps


def _no_namespace() -> list[_Step]:
    return [
        _argument(0),
        _Step(_IF_ANY_BIT, 0, 1, _NEW_NAMESPACE),
        _refusal(errno.EPERM),
        _Step(_RETURN, 0, 0, _ALLOW),
    ]


def _only(values: tuple[int, ...], *, argument: int, mask: int = 0xFFFFFFFF) -> list[_Step]:
    checks = [
        step
        for value in values
        for step in (_Step(_IF_EQUAL, 0, 1, int(value)), _Step(_RETURN, 0, 0, _ALLOW))
    ]
    return [_argument(argument), _Step(_AND, 0, 0, mask), *checks, _refusal(errno.EACCES)]


def _argument(number: int) -> _Step:
    return _Step(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * number)


def _refusal(code: int) -> _Step:
    return _Step(_RETURN, 0, 0, 0x00050000 | code)
