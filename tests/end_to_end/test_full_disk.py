"""The disk takes no more: the run stops with one line, and goes on once there is room."""

import resource
import signal

from tests.end_to_end.project import UNMEASURED, Project, ended, hear, started
from tests.end_to_end.scripts import command, done, turn, write

COMPLETED, DISK = 0, 74


def test_a_run_whose_log_cannot_grow_stops_and_goes_on_once_there_is_room(
    project: Project,
) -> None:
    running, go = project.fifo("running"), project.fifo("go")
    project.plan({"id": "A"}, {"id": "B", "depends_on": ["A"]})
    project.script(
        {
            "A": [[turn(command(f"echo up >{running}; cat {go}")), done()]],
            "B": [[turn(write("b.txt", "b\n")), done()]],
        }
    )
    with started(*project.words("--json"), environment=UNMEASURED) as process:
        hear(running, process)
        size = (project.folder_of() / "events.jsonl").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 100, size + 100))
        go.write_text("go\n")
        stopped = ended(process)
    assert stopped.code == DISK
    (line,) = stopped.err.splitlines()
    assert "File too large" in line
    assert '"code":"disk"' in stopped.out
    before = project.records()
    with started("resume", "--repo", str(project.repo.path)) as process:
        hear(running, process)
        go.write_text("go\n")
        assert ended(process).code == COMPLETED
    assert project.records()[: len(before)] == before


def test_a_kill_in_a_write_leaves_a_torn_end_that_is_set_aside(project: Project) -> None:
    project.plan({"id": "A"})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    failpoint = {"TRACKSIDE_FAILPOINT": "after-position:12"}
    with started(*project.words(), environment=failpoint) as process:
        assert ended(process).code == -signal.SIGKILL
    log = project.folder_of() / "events.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-7])
    resumed = project.resume()
    assert resumed.code == COMPLETED
    (torn,) = project.folder_of().glob("torn-*")
    assert whole[:-7].endswith(torn.read_bytes())
