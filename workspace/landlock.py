"""The second level: Landlock and seccomp, where bubblewrap is missing or not allowed to work."""

import sys
from collections.abc import Iterator
from pathlib import Path

from workspace import confine, seccomp
from workspace.places import Places
from workspace.sandbox import FILE_BYTES, OPEN_FILES, PROCESSES, Sandbox

LEAST_ABI = 3
"""Linux 6.2. Before it, any file of the user could be cut to nothing."""
TCP_FROM_ABI, DEVICES_FROM_ABI, SCOPES_FROM_ABI = 4, 5, 6
"""Linux 6.7, 6.10, 6.12."""

# Rights, as in linux/landlock.h.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHARACTER_DEVICE, _MAKE_BLOCK_DEVICE = 1 << 6, 1 << 11
_TRUNCATE, _CONTROL_DEVICE = 1 << 14, 1 << 15
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _CONTROL_DEVICE
_CONNECT_AND_BIND_TCP = 0b11
_SIGNALS_AND_ABSTRACT_SOCKETS = 0b11

_READING = _EXECUTE | _READ_FILE | _READ_FOLDER
_NOBODYS = _MAKE_CHARACTER_DEVICE | _MAKE_BLOCK_DEVICE | _CONTROL_DEVICE
_DEVICES = tuple(f"/dev/{name}" for name in ("full", "null", "random", "urandom", "zero"))


class Landlock(Sandbox, frozen=True, kw_only=True):
    """Runs commands below a script that confines itself and then becomes the shell."""

    abi: int
    network: bool
    filter: str
    """The program of `workspace.seccomp`, in hexadecimal."""
    rights: tuple[str, ...]
    """For `workspace.confine`; without worktree and home folder."""

    @property
    def profile(self) -> str:
        """All that decides what a command may do."""
        facts = (self.level, str(self.abi), self.filter, *self.rights)
        return "\n".join(facts)

    def argv(self, command: str, worktree: Path, home: Path) -> tuple[str, ...]:
        """Return the words for `workspace.confine`."""
        files = _handled(self.abi)
        no_tcp = self.abi >= TCP_FROM_ABI and not self.network
        scoped = self.abi >= SCOPES_FROM_ABI
        return (
            *(sys.executable, "-I", "-S", confine.__file__),
            str(files),
            str(_CONNECT_AND_BIND_TCP if no_tcp else 0),
            str(_SIGNALS_AND_ABSTRACT_SOCKETS if scoped else 0),
            self.filter,
            *map(str, (PROCESSES, OPEN_FILES, FILE_BYTES)),
            *self.rights,
            *(_writing(self.abi, path) for path in (worktree, home)),
            *("--", "/bin/sh", "-c", command),
        )


def landlock(abi: int, machine: str, places: Places, *, network: bool) -> Landlock:
    """Return the sandbox for a kernel with this version of Landlock on this machine.

    Raises:
        KeyError: the machine is none of `seccomp.MACHINES`.
    """
    reach = "They can use the network." if network else "They have no network."
    signals = "" if abi >= SCOPES_FROM_ABI else ", and send signals to your processes"
    return Landlock(
        level="landlock",
        confines=True,
        description=(
            "Commands change the contents of files only in the worktree and in a home folder of"
            " their own, and read only those, the programs of this machine and your toolchains."
            f" {reach} Weaker than bwrap: they can change modes and times of your files, learn that"
            f" files exist and how processes were started{signals}, and change what steers other"
            " programs in the worktree. Memory and the disk as a whole are not limited."
        ),
        abi=abi,
        network=network,
        filter=seccomp.program(machine, network=network).hex(),
        rights=tuple(_rights(abi, places)),
    )


def _handled(abi: int) -> int:
    """Return all rights over files that this version knows of."""
    return (_CONTROL_DEVICE if abi < DEVICES_FROM_ABI else 2 * _CONTROL_DEVICE) - 1


def _rights(abi: int, places: Places) -> Iterator[str]:
    """Go through what is given back; Landlock adds rights up and takes none away further down."""
    yield f"{_READING}:/proc"
    for device in _DEVICES:
        yield f"{_READ_FILE | _WRITE_FILE | _TRUNCATE}:{device}"
    for path, access in places.rows():
        if access == "write":
            yield _writing(abi, path)
        elif access == "read":
            yield from (_right(_READING, part) for part in places.parts(path))


def _writing(abi: int, path: Path) -> str:
    return _right(_handled(abi) & ~_NOBODYS, path)


def _right(bits: int, path: Path) -> str:
    return f"{bits if path.is_dir() else bits & _OF_A_FILE}:{path}"
