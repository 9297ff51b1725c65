"""A hard link to outside, left in a worktree between two processes, reaches nothing."""

from tests.end_to_end.project import Project, trackside
from tests.end_to_end.scripts import command, done, turn


def test_a_resumed_attempt_writes_only_its_own_files(project: Project) -> None:
    precious = project.folder / "precious"
    precious.write_text("precious\n")
    project.repo.write(".gitignore", "linked\n")
    project.repo.commit()
    project.plan({"id": "T1", "step_mode": True})
    project.script({"T1": [[turn(command("echo more >>linked; cp linked seen")), done()]]})
    assert project.run().code == 3
    (worktree,) = project.cache.glob("trackside/*/T1.1")
    (worktree / "linked").hardlink_to(precious)
    approved = trackside("approve", "run", "T1.1.c1", "--repo", str(project.repo.path))
    assert approved.code == 0
    assert project.resume().code == 0
    assert project.file("seen") == "precious\nmore\n"
    assert precious.read_text() == "precious\n"
