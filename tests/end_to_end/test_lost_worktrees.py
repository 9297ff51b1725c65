"""A cache that is deleted while a run works in it costs no file: the run ends, and goes on."""

import shutil
from typing import Any

import pytest

from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, done, turn, write
from workspace import files

COMPLETED, DISK = 0, 74


@pytest.mark.parametrize("tool", ["read", "write"])
@pytest.mark.parametrize("late", [False, True], ids=["before a tool", "behind a tool"])
def test_files_that_are_gone_are_not_taken_for_deleted(
    project: Project, monkeypatch: pytest.MonkeyPatch, tool: str, late: bool
) -> None:
    project.plan({"id": "A"})
    turns = [turn(write("a.txt", "a\n")), turn(call("read_file", path="a.txt"))]
    project.script({"A": [[*turns, turn(write("b.txt", "b\n")), done()]]})
    wanted = {"read": "a.txt", "write": "b.txt"}[tool]
    real = getattr(files, tool)

    def work(*args: Any) -> Any:  # noqa: ANN401 - whatever it is given
        if wanted not in args:
            return real(*args)
        if late:
            answer = real(*args)
            shutil.rmtree(project.cache)
            return answer
        shutil.rmtree(project.cache)
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(files, tool, work)
        lost = project.run()
    assert lost.code == DISK, lost.err
    assert "was deleted, or the index beside it; resume makes it again" in lost.err
    assert project.resume().code == COMPLETED
    listed = project.repo.git("ls-tree", "-r", "--name-only", "trackside/run").split()
    assert {"a.txt", "b.txt"} <= set(listed)
