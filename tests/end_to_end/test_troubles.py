"""What can be wrong around a run, each with its exit code and its one line: by the real program."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.end_to_end.project import TRACKSIDE, Project, hear, started
from tests.end_to_end.scripts import command, done, turn
from tests.store.logs import reseal
from tests.workspace.levels import level_here

FULL, READ_ONLY = "No space left on device", "Read-only file system"


@dataclass(frozen=True)
class Trouble:
    """How to run into it."""

    words: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()
    """What bubblewrap mounts around trackside; none: it runs as it is."""


def completed(project: Project) -> Path:
    """Complete a run; return its log."""
    assert project.run().code == 0
    return project.folder_of() / "events.jsonl"


def full_disk(project: Project, _: ExitStack) -> Trouble:
    """Put a small file system where runs are kept."""
    place = project.repo.path / ".trackside"
    place.mkdir()
    return Trouble(project.words(), mounts=("--size", str(48 * 1024), "--tmpfs", str(place)))


def read_only_folder(project: Project, _: ExitStack) -> Trouble:
    place = str(project.repo.path)
    return Trouble(project.words(), mounts=("--ro-bind", place, place))


def damaged_log(project: Project, _: ExitStack) -> Trouble:
    log = completed(project)
    written = bytearray(log.read_bytes())
    written[len(written) // 2] ^= 1
    log.write_bytes(written)
    return Trouble(["resume", "run"])


def newer_format(project: Project, _: ExitStack) -> Trouble:
    log = completed(project)
    lines = log.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b'"v":1', b'"v":2')
    log.write_bytes(reseal(lines))
    return Trouble(["show", "run"])


def held_run(project: Project, ends: ExitStack) -> Trouble:
    running, go = project.fifo("running"), project.fifo("go")
    project.script({"A": [[turn(command(f"echo up >{running}; cat {go}")), done()]]})
    hear(running, ends.enter_context(started(*project.words())))
    return Trouble(["resume", "run"])


def missing_git(project: Project, _: ExitStack) -> Trouble:
    return Trouble(project.words(), {"PATH": "/nonexistent"})


def missing_bubblewrap(project: Project, _: ExitStack) -> Trouble:
    """Leave git alone on the PATH, and nothing that runs at the place that is looked at first."""
    programs = project.folder / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(str(shutil.which("git")))
    known = "/usr/bin/bwrap"
    mounts = ("--ro-bind", os.devnull, known) if os.access(known, os.X_OK) else ()
    return Trouble(project.words("--sandbox", "bwrap"), {"PATH": str(programs)}, mounts)


def missing_key(project: Project, _: ExitStack) -> Trouble:
    return Trouble(project.words_by("gemini-2.5-flash"))


def unreachable_model(project: Project, ends: ExitStack) -> Trouble:
    nobody = ends.enter_context(socket.socket())
    nobody.bind(("127.0.0.1", 0))  # and does not listen
    environment = {
        "GEMINI_API_KEY": "k" * 39,
        "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}",
        "TRACKSIDE_LIMITS_MODEL_TRIES": "1",
    }
    return Trouble(project.words_by("gemini-2.5-flash"), environment)


def unreadable_track(project: Project, _: ExitStack) -> Trouble:
    project.track_file.unlink()
    os.mkfifo(project.track_file)
    return Trouble(project.words())


TROUBLES: dict[Callable[[Project, ExitStack], Trouble], tuple[int, str]] = {
    full_disk: (74, f"^trackside: (/.*: writing failed|git .* cannot write).*{FULL}.*resume"),
    read_only_folder: (74, f"^trackside: the folder of run run cannot be made: .*: {READ_ONLY};"),
    damaged_log: (4, r"^trackside: .*events\.jsonl.*record \d+ .*byte \d+.*trackside recover"),
    newer_format: (4, "^trackside: .*events.jsonl.* is of format 2, and .* up to format 1"),
    held_run: (5, r"^trackside: .*process \d+"),
    missing_git: (2, "^trackside: git is not on the PATH; install git"),
    missing_bubblewrap: (2, "^trackside: sandbox bwrap: bwrap is not here; install the package"),
    missing_key: (2, '^trackside: model "gemini-2.5-flash" needs a key: set GEMINI_API_KEY$'),
    unreachable_model: (1, "^  A  failed: .* gemini-2.5-flash: the connection broke"),
    unreadable_track: (2, r"^trackside: .*track\.json: is a pipe or a device, not a file"),
}
"""What was met, the exit code, and the one line that says it."""


@pytest.mark.parametrize("met", TROUBLES, ids=lambda met: met.__name__)
def test_a_trouble_has_its_exit_code_and_one_line(
    project: Project, met: Callable[[Project, ExitStack], Trouble]
) -> None:
    code, line = TROUBLES[met]
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[turn(command("head -c 99999 /dev/urandom >x")), done()]]})
    with ExitStack() as ends:
        trouble = met(project, ends)
        around: list[str] = []
        if trouble.mounts:
            level_here("bwrap")
            around = [str(shutil.which("bwrap")), "--dev-bind", "/", "/", *trouble.mounts, "--"]
        place = [] if "--repo" in trouble.words else ["--repo", str(project.repo.path)]
        said = subprocess.run(
            [*around, str(TRACKSIDE), *trouble.words, *place],
            env={**os.environ, **trouble.environment},
            capture_output=True,
            text=True,
            check=False,
        )
    told = said.stdout + said.stderr
    assert said.returncode == code, told
    assert len([each for each in told.splitlines() if re.search(line, each)]) == 1, told
    assert sum(each.startswith("trackside: ") for each in told.splitlines()) == (code != 1), told
    assert "Traceback" not in told
