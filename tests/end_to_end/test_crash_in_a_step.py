"""What a crash left of an edit or of a command is taken away before it is done again."""

import signal

import pytest

from events.attempt_events import ToolDoubted, ToolFinished, ToolStarted
from tests.end_to_end.project import Project, ended, hear, started
from tests.end_to_end.scripts import call, command, done, turn

COMPLETED = 0
BEFORE, AFTER = "A = 1\nB = 2\nC = 3\n", "A = 1\nA = 1\nB = 2\nC = 3\n"
DOUBLE = call("replace_text", path="app.py", old="A = 1\n", new="A = 1\nA = 1\n")


@pytest.mark.parametrize("left", [BEFORE, AFTER, "something else\n"])
def test_an_edit_that_a_crash_cut_short_is_done_once(project: Project, left: str) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(DOUBLE), done()]]})
    assert project.run(run="whole").code == COMPLETED
    records = project.records("whole")
    (begun,) = [each.position for each in records if isinstance(each.event, ToolStarted)]
    failpoint = {"TRACKSIDE_FAILPOINT": f"after-position:{begun}"}
    with started(*project.words(), environment=failpoint) as process:
        assert ended(process).code == -signal.SIGKILL
    (worktree,) = project.cache.glob("trackside/*/A.1")
    (worktree / "app.py").write_text(left)
    (worktree / ".trackside-0123456789abcdef").write_text(AFTER)  # not yet put in its place
    assert project.resume().code == COMPLETED
    (result,) = project.events(ToolFinished)
    assert result.outcome.ok, result.outcome.text
    assert project.file("app.py") == AFTER
    assert project.tree() == project.tree("whole")


def test_a_command_that_a_crash_cut_short_begins_again_with_the_files_before_it(
    project: Project,
) -> None:
    running, go = project.fifo("running"), project.fifo("go")
    wait = f"echo more >>app.py; echo up >{running}; cat {go}"
    project.plan({"id": "A"})
    project.script({"A": [[turn(command(wait)), done()]]})
    with started(*project.words()) as process:
        hear(running, process)
        process.kill()
        process.wait()
    with started("resume", "--repo", str(project.repo.path)) as process:
        hear(running, process)
        go.write_text("go\n")
        assert ended(process).code == COMPLETED
    assert len(project.events(ToolDoubted)) == 1
    assert project.file("app.py") == f"{BEFORE}more\n"
