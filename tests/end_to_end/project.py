"""A user's repository with a track and a playbook, and the ways to run trackside on it."""

import io
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.main import main
from cli.wiring import CODEC
from events.base import Event
from events.ids import TicketId, TreeId
from events.ticket import Block, Ticket
from events.world import World, evolve
from store.log import Recorded
from store.reader import LogReader
from tests.git_repo import GitRepo

TRACKSIDE = Path(sys.executable).with_name("trackside")

UNMEASURED = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
"""For a process whose imports and files count: coverage brings along many of both."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """What a command said and returned."""

    code: int
    out: str
    err: str


class Project:
    """One user, one repository, one home; all below one folder."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        shutil.copytree(template, folder / "repo", symlinks=True)
        self.repo = GitRepo(folder / "repo")
        self.repo.git("update-index", "-q", "--refresh")
        self.outside = folder / "outside"
        """A folder that commands may write to, besides their worktree."""
        self.outside.mkdir()
        self.track_file = folder / "track.json"
        self.playbook_file = folder / "playbook.json"
        self.cache = folder / "cache"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that keep the program away from the person who runs the tests."""
        return {
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }

    def configure(self, text: str) -> None:
        """Write the user's own configuration."""
        file = self.folder / "config" / "trackside" / "trackside.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{text}\n[sandbox]\nwritable = ["{self.outside}"]\n')

    def plan(self, *tickets: Json, **track: object) -> None:
        """Write the track; a ticket without a description gets one."""
        named = [{"description": f"Do {ticket['id']}.", **ticket} for ticket in tickets]
        self.track_file.write_text(json.dumps({"id": "test", **track, "tickets": named}))

    def script(self, tickets: Mapping[str, Sequence[Sequence[Json]]], *qa: Json) -> None:
        """Write the playbook."""
        self.playbook_file.write_text(json.dumps({"tickets": tickets, "qa": qa}))

    def words(self, *options: str, run: str = "run") -> list[str]:
        """The arguments of a run of the track by the playbook."""
        return self.words_by(f"scripted:{self.playbook_file}", *options, run=run)

    def words_by(self, model: str | None, *options: str, run: str = "run") -> list[str]:
        """The arguments of a run of the track by a model, or by the configured ones."""
        asked = ["--model", model] if model else []
        place = ["--repo", str(self.repo.path), "--run-id", run]
        return ["run", str(self.track_file), *place, *asked, *options]

    def run(self, *options: str, run: str = "run") -> Ended:
        """Run the track by the playbook, in this process."""
        return trackside(*self.words(*options, run=run))

    def resume(self, run: str = "run", *options: str) -> Ended:
        """Resume a run, in this process."""
        return trackside("resume", run, "--repo", str(self.repo.path), *options)

    def answer(self, *words: str) -> Json:
        """Run a command about the run, in this process, and return its JSON."""
        answer: Json = json.loads(trackside(*words, "--repo", str(self.repo.path), "--json").out)
        return answer

    def folder_of(self, run: str = "run") -> Path:
        return self.repo.path / ".trackside" / "runs" / run

    def records(self, run: str = "run") -> list[Recorded]:
        """Everything on record, verified; a torn end is left out."""
        with closing(LogReader(self.folder_of(run) / "events.jsonl", CODEC)) as reader:
            return list(reader)

    def events(self, *kinds: type[Event], run: str = "run") -> list[Any]:
        """The events of these types, in order."""
        return [each.event for each in self.records(run) if isinstance(each.event, kinds)]

    def world(self, run: str = "run") -> World:
        world = World()
        for each in self.records(run):
            world = evolve(world, each.stream, each.event, each.position)
        return world

    def ticket(self, name: str, run: str = "run") -> Ticket:
        """A ticket as it stands."""
        return self.world(run).run.plan[TicketId(name)]

    def block(self, name: str, run: str = "run") -> Block:
        """Why a ticket stands still."""
        block = self.ticket(name, run).block
        assert block is not None
        return block

    def tree(self, run: str = "run") -> TreeId:
        """The tree of the run's tip."""
        return self.world(run).run.tree

    def file(self, path: str, run: str = "run") -> str:
        """A file as the run's tip has it."""
        tree = self.tree(run)
        done = subprocess.run(
            ["git", "cat-file", "blob", f"{tree}:{path}"],
            cwd=self.folder_of(run) / "git",
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def fifo(self, name: str) -> Path:
        """A new pipe in the file system, where a command and its test meet."""
        path = self.outside / name
        os.mkfifo(path)
        return path


def trackside(*words: str) -> Ended:
    """Run the program in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def started(
    *words: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the program as its users do, in a process of its own, which does not outlive the block.

    Its standard output and error are pipes.
    """
    with subprocess.Popen(
        [TRACKSIDE, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: "subprocess.Popen[bytes]") -> Ended:
    """Wait for the end of a process that was started, and return what it said."""
    out, err = process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


def hear(fifo: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return the line that a command writes to a pipe; fail if the process ends before."""
    fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    end = os.pidfd_open(process.pid)
    try:
        readable, _, _ = select.select([fd, end], [], [])
        if fd not in readable:
            _, err = process.communicate()
            raise AssertionError(f"the process has ended: {err.decode()}")
        return os.read(fd, 4096).decode().strip()
    finally:
        os.close(fd)
        os.close(end)
