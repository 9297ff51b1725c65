"""What the world around does to a run is no bug of a worker, and costs no attempt."""

import errno
import os
from pathlib import Path

import pytest

from events import run_events as run
from events.ids import Digest
from store.errors import BlobMissingError, LogUnusableError
from tests.actors.faults import break_log
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import done, turn, write
from workspace.errors import (
    CommandNotStartedError,
    GitDiskError,
    GitUnusableError,
    ObjectDamagedError,
    TreeMissingError,
    WorktreeBusyError,
    WorktreeUnusableError,
)

COMPLETED, BAD_INPUT, DAMAGED, HELD, DISK = 0, 2, 4, 5, 74


def refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number), "/cache")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (refusal(errno.EACCES), DISK),
        (refusal(errno.EPERM), DISK),
        (refusal(errno.EROFS), DISK),
        (refusal(errno.EMFILE), DISK),
        (CommandNotStartedError("make", refusal(errno.EMFILE)), DISK),
        (GitDiskError("read-tree", "unable to write file x"), DISK),
        (WorktreeUnusableError("/cache/w", refusal(errno.ENOSPC)), DISK),
        (TreeMissingError("4b825dc", "/r/git"), DAMAGED),
        (ObjectDamagedError("4b825dc", "/r/git"), DAMAGED),
        (BlobMissingError(Path("/r/blobs/x"), Digest("0" * 64)), DAMAGED),
        (WorktreeBusyError("/cache/w: held by another process"), HELD),
        (GitUnusableError("git is not on the PATH"), BAD_INPUT),
        (LogUnusableError(Path("/r/events.jsonl"), "there is no log here"), BAD_INPUT),
    ],
    ids=str,
)
def test_a_fault_of_the_world_around_ends_the_run_and_costs_no_attempt(
    project: Project, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    with monkeypatch.context() as broken:
        break_log(broken, {"attempt/A.1": [4]}, error=error)
        ended = project.run("--json")
    assert ended.code == code, ended.err
    (line,) = ended.err.splitlines()
    assert str(error) in line or str(getattr(error, "strerror", None)) in line
    assert project.events(run.ActorCrashed) == []
    assert list(project.folder_of().glob("bug-*")) == []
    assert project.resume().code == COMPLETED
    assert project.ticket("A").attempts == 1
