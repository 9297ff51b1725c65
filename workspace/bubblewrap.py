"""The strongest level: bubblewrap gives a command namespaces and a file system of its own."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from events.protected import protected_part
from workspace.places import Places, Row
from workspace.sandbox import FILE_BYTES, OPEN_FILES, PROCESSES, Sandbox

MEMORY_FILE_BYTES = 1024**3
"""What ``/tmp`` and ``/dev/shm`` may hold, each: they are in memory."""

_NAMESPACES = (
    "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    "--disable-userns", "--cap-drop", "ALL", "--new-session", "--die-with-parent",
)  # fmt: skip

_LIMITED = f"""\
{{
ulimit -n {OPEN_FILES}
ulimit -f {FILE_BYTES // 512}
ulimit -u {PROCESSES} || ulimit -p {PROCESSES}
}} 2>/dev/null
exec /bin/sh -c "$1"
"""
"""Sets the limits from inside: only there the kernel counts the processes of the sandbox alone.

One that is tighter already stays. Shells disagree on the letter for processes: ``-u`` in bash,
``-p`` in dash and busybox.
"""


class Bubblewrap(Sandbox, frozen=True, kw_only=True):
    """Runs commands below ``bwrap``."""

    program: Path
    network: bool
    places: Places
    """Without worktree and home folder."""

    @property
    def profile(self) -> str:
        """All that decides what a command may do."""
        return f"{self.level} {self.program} network={self.network}\n{self.places}"

    def argv(self, command: str, worktree: Path, home: Path) -> tuple[str, ...]:
        """Return the arguments that run `command`: mounts in order, namespaces, then a shell."""
        rows = list(self.places.adding("write", [worktree, home]).rows())
        return (
            str(self.program),
            *_devices(),
            *_mounts(rows),
            *_protections(worktree),
            *_shut(rows),
            *_NAMESPACES,
            *(() if self.network else ("--unshare-net",)),
            *("--chdir", str(worktree), "--", "/bin/sh", "-c", _LIMITED, "sh", command),
        )


def bubblewrap(program: Path, places: Places, *, network: bool) -> Bubblewrap:
    """Return the sandbox of this bwrap; that it works here has to be tried."""
    reach = "the network can be used" if network else "there is no network"
    limits = "Memory and the disk as a whole are not limited"
    if os.geteuid() == 0:
        limits += ", nor is the number of processes, because trackside runs as root"
    return Bubblewrap(
        level="bwrap",
        confines=True,
        wraps=True,
        description=(
            "Commands write in the worktree, in a home folder of their own and in a /tmp of their"
            " own. They read the programs of this machine and your toolchains. Nothing else is"
            f" there: no other file, process or socket of yours; {reach}. {limits}."
        ),
        program=program,
        network=network,
        places=places,
    )


def _devices() -> Iterator[str]:
    size = str(MEMORY_FILE_BYTES)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", size, "--tmpfs", "/dev/shm")  # noqa: S108 - nobody else sees it
    yield from ("--size", size, "--tmpfs", "/tmp")  # noqa: S108 - the same


def _mounts(rows: Iterable[Row]) -> Iterator[str]:
    for path, access in rows:
        name = str(path)
        if access == "write":
            yield from ("--bind", name, name)
        elif access == "read":
            yield from ("--ro-bind", name, name)
        elif path.is_dir():
            yield from ("--perms", "0555", "--tmpfs", name)
        else:
            yield from ("--ro-bind", os.devnull, name)


def _shut(rows: Iterable[Row]) -> Iterator[str]:
    """Make read-only what was open for other mounts to be put on.

    The kernel's settings in ``/proc`` would obey root in any sandbox.
    """
    masks = (str(path) for path, access in rows if access == "hidden" and path.is_dir())
    for name in (*masks, "/dev", "/proc", "/"):
        yield from ("--remount-ro", name)


def _protections(worktree: Path) -> Iterator[str]:
    """Make what steers other programs read-only, where the worktree has it at its top.

    No symlinks: bwrap would follow them, and bring in what they lead to.
    """
    with os.scandir(worktree) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if protected_part(entry.name) and not entry.is_symlink():
                yield from ("--ro-bind", entry.path, entry.path)
