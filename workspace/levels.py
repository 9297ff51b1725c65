"""Chooses how commands are confined: the strongest level that this machine has, by trying it."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Literal, assert_never

from msgspec.structs import replace

from events.settings import SandboxSettings
from workspace.bubblewrap import bubblewrap
from workspace.confine import abi
from workspace.environment import command_path
from workspace.errors import SandboxPathError, SandboxUnavailableError
from workspace.folders import temporary_folder
from workspace.landlock import LEAST_ABI, landlock
from workspace.places import Places, system_places
from workspace.sandbox import NO_SANDBOX, Sandbox
from workspace.seccomp import MACHINES
from workspace.toolchains import toolchains

PROBE_S = 30.0
_SYSTEM_FOLDERS = "/usr/bin:/usr/local/bin:/bin"
"""Looked at first: where AppArmor limits namespaces, it knows bwrap by this place."""
_SEE = "see docs/sandbox.md"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the levels are built from."""

    places: Places
    network: bool
    path: str
    """Where programs are, as in PATH."""


def choose(
    wanted: Literal["auto", "bwrap", "landlock", "none"],
    settings: SandboxSettings,
    hidden: Iterable[Path],
    environment: Mapping[str, str] = os.environ,
) -> Sandbox:
    """Return the level `wanted`, after a command has really run in it and was kept from a file.

    ``auto`` is bwrap, else landlock, else `NO_SANDBOX`; `Sandbox.not_stronger` then says why.

    Args:
        wanted: The level; whatever `settings` says of it.
        settings: What commands may reach beyond their worktree.
        hidden: What they must not see even where its surroundings are visible, but for their
            worktree: the user's repository, the folder of all worktrees. The user's home is
            always hidden.
        environment: The user's. It says where programs are.

    Raises:
        SandboxUnavailableError: the level cannot be had here; `auto` never raises it.
        SandboxPathError: a path of `settings` is not absolute, or not there.
        OSError: there is no place where a command could be tried.
    """
    if wanted == "none":
        return NO_SANDBOX
    facts = _facts(settings, hidden, environment)
    match wanted:
        case "bwrap":
            return _tried(_bubblewrap(facts))
        case "landlock":
            return _tried(_landlock(facts))
        case "auto":
            return _strongest(facts)
        case _:
            assert_never(wanted)


def _strongest(facts: _Facts) -> Sandbox:
    reasons: list[str] = []
    for level in (_bubblewrap, _landlock):
        try:
            found = _tried(level(facts))
        except SandboxUnavailableError as error:
            reasons.append(str(error))
        else:
            return replace(found, not_stronger="; ".join(reasons))
    return replace(NO_SANDBOX, not_stronger="; ".join(reasons))


def _bubblewrap(facts: _Facts) -> Sandbox:
    for folder in f"{_SYSTEM_FOLDERS}:{facts.path}".split(os.pathsep):
        program = Path(folder, "bwrap")
        if os.access(program, os.X_OK):
            return bubblewrap(program, facts.places, network=facts.network)
    raise SandboxUnavailableError("bwrap", "bwrap is not here; install the package bubblewrap")


def _landlock(facts: _Facts) -> Sandbox:
    version, machine = abi(), os.uname().machine
    if version < LEAST_ABI:
        reason = f"it needs Landlock {LEAST_ABI} (Linux 6.2), and this kernel offers {version}"
        raise SandboxUnavailableError("landlock", f"{reason}; install the package bubblewrap")
    if machine not in MACHINES:
        known = " and ".join(MACHINES)
        reason = f"its filter is written for {known}, and this is {machine}"
        raise SandboxUnavailableError("landlock", f"{reason}; install the package bubblewrap")
    return landlock(version, machine, facts.places, network=facts.network)


def _tried(sandbox: Sandbox) -> Sandbox:
    """Return `sandbox` if a command runs in it, and cannot read a file that is not its own."""
    with temporary_folder() as made:
        folder = made.resolve()
        worktree, home, secret = (folder / part for part in ("tree", "home", "secret"))
        worktree.mkdir()
        home.mkdir()
        secret.write_text("not to be read")
        command = f"echo > file && ! (: < {quote(str(secret))}) 2>/dev/null"
        try:
            tried = subprocess.run(
                sandbox.argv(command, worktree, home),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=worktree,
                env={"PATH": os.defpath},
                timeout=PROBE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandboxUnavailableError(sandbox.level, f"{error}; {_SEE}") from error
    if tried.returncode:
        words = tried.stderr.decode(errors="replace").strip() or "it confines nothing"
        raise SandboxUnavailableError(sandbox.level, f"it does not work here: {words}; {_SEE}")
    return sandbox


def _facts(
    settings: SandboxSettings, hidden: Iterable[Path], environment: Mapping[str, str]
) -> _Facts:
    home = Path(environment.get("HOME") or Path.home())
    path = command_path(environment.get("PATH", ""))
    kept = [home, Path.home(), *hidden]
    places = system_places().adding("hidden", kept)
    tools = toolchains(path, kept, lambda place: places.access(place) == "read")
    places = (
        places.adding("read", tools)
        .adding("read", _asked("read_only", settings.read_only, home))
        .adding("write", _asked("writable", settings.writable, home))
    )
    if settings.network:
        places = places.adding("read", [Path("/etc/resolv.conf").resolve()])
    return _Facts(places, settings.network, path)


def _asked(key: str, paths: Iterable[str], home: Path) -> list[Path]:
    found = []
    for text in paths:
        path = Path(home, text[2:]) if text.startswith("~/") else Path(text)
        if not path.is_absolute():
            raise SandboxPathError(key, text, "is not absolute")
        if not os.path.exists(path):  # noqa: PTH110 - pathlib may raise
            raise SandboxPathError(key, text, "is not there")
        found.append(path)
    return found
