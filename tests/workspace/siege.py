"""A command that tries all attacks at one level of the sandbox, among things worth attacking."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from events.settings import SandboxSettings
from tests.workspace.attacks import ATTACKS, NOT_UNCONFINED, WON
from tests.workspace.levels import CONFINING, Level, level_for
from workspace.command import CommandRunner
from workspace.environment import command_environment
from workspace.hard_links import part_from_outside
from workspace.seccomp import MACHINES, REFUSED

_PATIENCE_S = 50.0
_SESSION_KEYRING = -3
_UNLINK_KEY = 9
_LIBC = ctypes.CDLL(None, use_errno=True)


def escapes(level: Level, folder: Path) -> set[str]:
    """Return the attacks that get out at this level; all are tried in one command."""
    tried = [name for name in ATTACKS if level != "none" or name not in NOT_UNCONFINED]
    with ExitStack() as ends:
        fields = _prizes(folder, ends)
        worktree = Path(fields["worktree"])
        scripts, made = {}, {}
        for number, name in enumerate(tried):
            outside = folder / f"outside{number}"
            outside.mkdir()
            (outside / "precious").write_text("precious")
            own = {**fields, "outside": str(outside)}
            scripts[name] = worktree / f"attack{number:02}"
            scripts[name].write_text(_filled(ATTACKS[name].script, own))
            made[name] = Path(_filled(ATTACKS[name].makes, own) or outside / "new")
            if name == "write a file by a hard link that was there":
                (worktree / "linked").hardlink_to(outside / "precious")
            if name == "bring in what a protected name links to":
                (worktree / ".idea").symlink_to(outside)
        if level in CONFINING:  # as an attempt does when it is taken up
            assert part_from_outside(worktree) == 1
        before = [_state(folder / f"outside{number}") for number in range(len(tried))]
        _run(level, worktree, fields)
        for path in made.values():
            if path.exists():
                ends.callback(path.unlink)
        return {
            name
            for number, name in enumerate(tried)
            if WON in scripts[name].with_suffix(".out").read_text(errors="replace")
            or made[name].exists()
            or _state(folder / f"outside{number}") != before[number]
        }


def _run(level: Level, worktree: Path, fields: Mapping[str, str]) -> None:
    home, shared = Path(fields["home"]), Path(fields["shared"])
    settings = SandboxSettings(read_only=(str(shared),))
    ours = {**os.environ, "HOME": fields["user_home"]}
    sandbox = level_for(level, settings, [shared / "repo"], ours)
    runner = CommandRunner(sandbox)
    try:
        result = runner.run(
            "for each in attack??; do timeout 10 sh $each > $each.out 2>&1; done",
            worktree,
            {**command_environment(worktree, home, ours=ours), "WON": WON},
            _PATIENCE_S,
            "siege",
        ).result(_PATIENCE_S)
    finally:
        runner.close()
    assert not result.timed_out
    assert result.output == b""


def _filled(text: str, fields: Mapping[str, str]) -> str:
    for name, value in fields.items():
        text = text.replace("{" + name + "}", value)
    return text


def _state(folder: Path) -> object:
    found = [(each.name, each.read_text(), each.stat()) for each in sorted(folder.iterdir())]
    return [(name, text, facts.st_mode, facts.st_mtime_ns) for name, text, facts in found]


def _prizes(folder: Path, ends: ExitStack) -> dict[str, str]:
    """Put down what is worth attacking; `ends` takes it away again."""
    unique = f"trackside-{uuid4().hex}"
    names = ("worktree", "home", "other", "user_home", "shared", "cwd")
    places = {name: folder / name for name in names}
    for path in (*places.values(), places["user_home"] / ".ssh", places["shared"] / "repo"):
        path.mkdir()
    for path in (
        *(places["user_home"] / ".ssh/id", places["other"] / "file", places["cwd"] / "precious"),
        *(places["shared"] / "file", places["shared"] / "repo/file", Path("/dev/shm", unique)),
    ):
        path.write_text("precious")
    ends.callback(Path("/dev/shm", unique).unlink)
    for name in (".vscode", ".git"):
        (places["worktree"] / name).mkdir()
    victim = ends.enter_context(_victim(places["cwd"]))
    disk = Path("/").stat().st_dev
    return {
        **{name: str(path) for name, path in places.items()},
        **_sockets(folder, unique, ends),
        "unique": unique,
        "victim": str(victim.pid),
        "segment": str(ends.enter_context(_segment())),
        "keyctl": str(ends.enter_context(_key(unique))),
        "network": str(Path("/proc/self/ns/net").readlink()),
        "disk": f"{os.major(disk)} {os.minor(disk)}",
    }


def _sockets(folder: Path, unique: str, ends: ExitStack) -> dict[str, str]:
    def listening(kind: socket.AddressFamily, address: str | tuple[str, int]) -> int:
        one = ends.enter_context(socket.socket(kind))
        one.bind(address)
        one.listen()
        return int(one.getsockname()[1]) if kind == socket.AF_INET else 0

    udp = ends.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    journal = ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    journal.bind(str(folder / "journal"))
    listening(socket.AF_UNIX, str(folder / "daemon"))
    listening(socket.AF_UNIX, f"\0{unique}")
    run_daemon = folder / "daemon"
    if os.access("/run", os.W_OK):
        run_daemon = Path("/run", unique)
        listening(socket.AF_UNIX, str(run_daemon))
        ends.callback(run_daemon.unlink)
    return {
        "tcp": str(listening(socket.AF_INET, ("127.0.0.1", 0))),
        "udp": str(udp.getsockname()[1]),
        "daemon": str(folder / "daemon"),
        "run_daemon": str(run_daemon),
        "journal": str(folder / "journal"),
    }


@contextmanager
def _victim(cwd: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "1000"], cwd=cwd, env={"PLANTED": "secret"}) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _segment() -> Iterator[int]:
    """Give the number of a segment of System V shared memory."""
    number = _LIBC.shmget(0, 4096, 0o600)
    assert number >= 0
    try:
        yield number
    finally:
        _LIBC.shmctl(number, 0, None)


@contextmanager
def _key(name: str) -> Iterator[int]:
    """Put a key on the session's keyring; give the number of the call that would find it."""
    column = MACHINES[os.uname().machine][1]
    add_key, keyctl = REFUSED["add_key"][column], REFUSED["keyctl"][column]
    key = _LIBC.syscall(add_key, b"user", name.encode(), b"secret", 6, _SESSION_KEYRING)
    assert key > 0, os.strerror(ctypes.get_errno())
    try:
        yield keyctl
    finally:
        _LIBC.syscall(keyctl, _UNLINK_KEY, key, _SESSION_KEYRING)
