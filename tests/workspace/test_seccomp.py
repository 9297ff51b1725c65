"""The filter is run by a small machine here, and by the kernel in the tests of the escapes."""

import errno
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace import seccomp

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
X86, ARM = "x86_64", "aarch64"
CALLS = {
    X86: {"clone": 56, "clone3": 435, "socket": 41, "socketpair": 53, "openat": 257, "kill": 62},
    ARM: {"clone": 220, "clone3": 435, "socket": 198, "socketpair": 199, "openat": 56, "kill": 129},
}


WAYS_OUT = {
    "memory of other processes": {
        "kcmp", "perf_event_open", "pidfd_getfd", "process_vm_readv", "process_vm_writev",
        "ptrace", "userfaultfd",
    },
    "keys": {
        "add_key", "keyctl", "request_key",
    },
    "namespaces and mounts": {
        "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
        "open_tree", "pivot_root", "setns", "umount2", "unshare",
    },
    "what filters do not see": {
        "bpf", "io_uring_enter", "io_uring_register", "io_uring_setup",
    },
    "what is shared by number": {
        "mq_open", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop",
        "semtimedop", "shmat", "shmctl", "shmget",
    },
}  # fmt: skip


def verdict(machine: str, number: int, *arguments: int, network: bool = False, of: str = "") -> int:
    """Return what the filter for `machine` says to a call made `of` another, as the kernel does."""
    values = [value & 0xFFFFFFFFFFFFFFFF for value in (*arguments, *[0] * 6)][:6]
    origin = seccomp.MACHINES[of or machine][0]
    data = struct.pack("=IIQ6Q", number, origin, 0, *values)
    steps = list(struct.iter_unpack("=HBBI", seccomp.program(machine, network=network)))
    at, held = 0, 0
    while True:
        code, if_true, if_false, value = steps[at]
        at += 1
        match code:
            case 0x20:
                (held,) = struct.unpack_from("=I", data, value)
            case 0x54:
                held &= value
            case 0x06:
                return int(value)
            case _:
                held_to = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}
                at += if_true if held_to[code] else if_false


@pytest.fixture(params=[X86, ARM])
def machine(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_calls_of_another_machine_end_the_process(machine: str) -> None:
    other = ARM if machine == X86 else X86
    assert verdict(machine, CALLS[machine]["openat"], of=other) == KILL


def test_no_way_out_is_forgotten() -> None:
    assert seccomp.REFUSED.keys() == set().union(*WAYS_OUT.values())


@pytest.mark.parametrize("name", seccomp.REFUSED)
def test_what_leads_out_is_refused(machine: str, name: str) -> None:
    number = seccomp.REFUSED[name][seccomp.MACHINES[machine][1]]
    assert verdict(machine, number) == REFUSE | errno.EPERM
    assert verdict(machine, number, network=True) == REFUSE | errno.EPERM


@given(st.sampled_from([X86, ARM]), st.integers(0, 600), st.booleans())
def test_every_other_call_is_allowed(machine: str, number: int, network: bool) -> None:
    refused = {row[seccomp.MACHINES[machine][1]] for row in seccomp.REFUSED.values()}
    special = {CALLS[machine][name] for name in ("clone3", "socket", "socketpair")}
    if number not in refused | special:
        assert verdict(machine, number, network=network) == ALLOW


def test_the_second_numbering_of_x86_is_not_there() -> None:
    assert verdict(X86, 0x40000000 | 41) == REFUSE | errno.ENOSYS
    assert verdict(X86, 0x40000000 | 257) == REFUSE | errno.ENOSYS


@pytest.mark.parametrize("flag", [1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30])
def test_a_child_gets_no_namespace(machine: str, flag: int) -> None:
    clone = CALLS[machine]["clone"]
    assert verdict(machine, clone, flag | 17) == REFUSE | errno.EPERM
    assert verdict(machine, clone, 0x01200000 | 17) == ALLOW  # as fork makes it
    assert verdict(machine, clone, 0x003D0F00) == ALLOW  # as a thread is made


def test_the_call_that_a_filter_cannot_look_into_seems_not_to_exist(machine: str) -> None:
    assert verdict(machine, CALLS[machine]["clone3"]) == REFUSE | errno.ENOSYS


@given(st.sampled_from([X86, ARM]), st.integers(0, 2**64 - 1), st.booleans())
def test_sockets_are_of_the_network_if_any(machine: str, family: int, network: bool) -> None:
    allowed = network and family & 0xFFFFFFFF in (socket.AF_INET, socket.AF_INET6, 16)
    found = verdict(machine, CALLS[machine]["socket"], family, network=network)
    assert found == (ALLOW if allowed else REFUSE | errno.EACCES)


@pytest.mark.parametrize("network", [True, False])
def test_no_socket_reaches_a_daemon(machine: str, network: bool) -> None:
    found = verdict(machine, CALLS[machine]["socket"], socket.AF_UNIX, network=network)
    assert found == REFUSE | errno.EACCES


@pytest.mark.parametrize("extra", [0, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK])
def test_pairs_of_sockets_are_allowed_unless_they_could_be_sent_from(
    machine: str, extra: int
) -> None:
    pair = CALLS[machine]["socketpair"]
    assert verdict(machine, pair, socket.AF_UNIX, socket.SOCK_STREAM | extra) == ALLOW
    assert verdict(machine, pair, socket.AF_UNIX, socket.SOCK_SEQPACKET | extra) == ALLOW
    datagram = verdict(machine, pair, socket.AF_UNIX, socket.SOCK_DGRAM | extra)
    assert datagram == REFUSE | errno.EACCES
