"""A fault of the machine ends a run with one line; mended, it goes on, and no attempt is lost."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from events import attempt_events as attempt
from events import run_events as run
from tests.end_to_end.project import (
    TRACKSIDE,
    UNMEASURED,
    Ended,
    Project,
    ended,
    hear,
    started,
    trackside,
)
from tests.end_to_end.scripts import command, done, turn, write
from tests.workspace.levels import level_here

COMPLETED, BAD_INPUT, DAMAGED, DISK = 0, 2, 4, 74


@pytest.fixture
def planned(project: Project) -> Project:
    """A project with one ticket that has one attempt."""
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[turn(write("a.txt", "a\n")), done()]]})
    return project


def within(mounts: list[str], *words: str) -> Ended:
    """Run the program in a view of this machine that bubblewrap makes."""
    level_here("bwrap")
    around = [str(shutil.which("bwrap")), "--dev-bind", "/", "/", *mounts, "--"]
    said = subprocess.run(
        [*around, str(TRACKSIDE), *words], capture_output=True, text=True, check=False
    )
    return Ended(said.returncode, said.stdout, said.stderr)


def stopped_with(ended: Ended, code: int, *words: str) -> None:
    """Hold the end of a run to one line, which has these words, and its exit code."""
    assert ended.code == code, ended.err
    said = [line for line in ended.err.splitlines() if line.startswith("trackside: ")]
    assert len(said) == 1, ended.err
    assert all(word in said[0] for word in words), said


def goes_on(project: Project) -> None:
    """Hold a run that was stopped to its completion, with nothing lost."""
    assert project.events(run.ActorCrashed) == []
    assert list(project.folder_of().glob("bug-*")) == []
    resumed = project.resume()
    assert resumed.code == COMPLETED, resumed.err
    assert project.ticket("A").attempts == 1


def a_file(place: Path) -> Path:
    place.touch()
    return place


def below_a_file(place: Path) -> Path:
    return a_file(place) / "cache"


def nowhere(_: Path) -> Path:
    return Path("/proc/nowhere")


@pytest.mark.parametrize("place", [a_file, below_a_file, nowhere], ids=lambda each: each.__name__)
def test_a_cache_folder_that_cannot_be_is_refused_before_anything_is_written(
    planned: Project, monkeypatch: pytest.MonkeyPatch, place: Callable[[Path], Path]
) -> None:
    with monkeypatch.context() as elsewhere:
        cache = place(planned.folder / "elsewhere")
        elsewhere.setenv("XDG_CACHE_HOME", str(cache))
        stopped_with(planned.run(), DISK, f"the cache folder {cache}/trackside cannot be used")
    assert not planned.folder_of().exists()
    assert planned.run().code == COMPLETED


def test_a_cache_folder_without_permission_is_refused_before_anything_is_written(
    planned: Project,
) -> None:
    shut = planned.cache / "trackside"
    shut.mkdir(parents=True)
    shut.chmod(0o500)
    ordinary = ["--unshare-user", "--cap-drop", "ALL"]
    stopped_with(within(ordinary, *planned.words()), DISK, str(shut), os.strerror(13))
    assert not planned.folder_of().exists()
    shut.chmod(0o700)
    assert planned.run().code == COMPLETED


def test_a_full_disk_under_the_worktrees_stops_the_run_and_costs_no_attempt(
    planned: Project,
) -> None:
    planned.repo.write("big.txt", "x" * 60_000)
    planned.repo.commit()
    planned.cache.mkdir(exist_ok=True)
    small = ["--size", str(40_960), "--tmpfs", str(planned.cache)]
    stopped_with(within(small, *planned.words()), DISK, "git read-tree cannot write", "big.txt")
    goes_on(planned)


def test_a_cache_folder_that_goes_away_stops_the_run_and_costs_no_attempt(
    planned: Project,
) -> None:
    running, go = planned.fifo("running"), planned.fifo("go")
    planned.script({"A": [[turn(command(f"echo up >{running}; cat {go}")), done()]]})
    away = planned.folder / "away"
    with started(*planned.words()) as process:
        hear(running, process)
        planned.cache.rename(away)
        planned.cache.touch()
        go.write_text("go\n")
        stopped_with(ended(process), DISK, "the worktree", "was deleted", "resume")
    planned.cache.unlink()
    away.rename(planned.cache)
    with started("resume", "--repo", str(planned.repo.path)) as process:
        hear(running, process)
        go.write_text("go\n")
        assert ended(process).code == COMPLETED
    assert planned.events(run.ActorCrashed) == []
    assert planned.ticket("A").attempts == 1


def killed(project: Project, position: int = 12) -> None:
    """Kill a run in the middle of its first attempt."""
    failpoint = {"TRACKSIDE_FAILPOINT": f"after-position:{position}"}
    with started(*project.words(), environment=failpoint) as process:
        assert ended(process).code == -signal.SIGKILL


def untouched(project: Project) -> None:
    """Hold a run to its having lost no attempt."""
    assert project.events(run.ActorCrashed, run.TicketRequeued) == []
    assert project.ticket("A").status == "in_progress"
    assert list(project.folder_of().glob("bug-*")) == []


def test_a_checkout_onto_a_full_disk_leaves_no_half_of_it(planned: Project) -> None:
    planned.repo.write("big.txt", "x" * 60_000)
    planned.repo.commit()
    assert planned.run().code == COMPLETED
    room = planned.folder / "room"
    room.mkdir()
    script = 'shift; "$@"; code=$?; ls -A "$(dirname "${@: -1}")" >&2; exit $code'
    words = ["checkout", "run", "--repo", str(planned.repo.path), str(room / "out")]
    small = ["--size", str(40_960), "--tmpfs", str(room)]
    said = within([*small, "--", "bash", "-c", script, "bash"], *words)
    stopped_with(said, DISK, "cannot write", "big.txt")
    assert len(said.err.splitlines()) == 1, said.err


@pytest.mark.parametrize(
    "words",
    [["resume", "run"], ["pause", "run"], ["recover", "run", "--truncate-at", "1"]],
    ids=lambda each: each[0],
)
def test_a_read_only_repository_is_told_as_such(planned: Project, words: list[str]) -> None:
    killed(planned)
    place = str(planned.repo.path)
    if words[0] == "recover":
        log = planned.folder_of() / "events.jsonl"
        log.write_bytes(log.read_bytes().replace(b'"epoch":1', b'"epoch":7'))
    read_only = ["--ro-bind", place, place]
    stopped_with(within(read_only, *words, "--repo", place), DISK, os.strerror(30))


def test_a_read_only_repository_can_be_looked_back_at(planned: Project) -> None:
    assert planned.run().code == COMPLETED
    place, out = str(planned.repo.path), planned.folder / "out"
    read_only = ["--ro-bind", place, place]
    for words in (["checkout", "run", str(out)], ["verify", "run"], ["diff", "run@5", "run"]):
        said = within(read_only, *words, "--repo", place)
        assert (said.code, said.err) == (COMPLETED, ""), words
    assert (out / "a.txt").read_text() == "a\n"
    stopped_with(
        within(read_only, "checkout", "run", f"{place}/out", "--repo", place),
        *(DISK, f"{place}/out: ", os.strerror(30)),
    )


def test_a_machine_without_a_folder_for_temporary_files_is_told_as_such(project: Project) -> None:
    project.plan({"id": "A"}, {"id": "B"})
    project.script({name: [[turn(write(name, name)), done()]] for name in "AB"})
    assert project.run("--workers", "2").code == COMPLETED
    unmeasured = [word for name in UNMEASURED for word in ("--unsetenv", name)]
    read_only = ["--ro-bind", "/", "/", "--dev", "/dev", *unmeasured]
    place = str(project.repo.path)
    lack = "there is no folder for temporary files that can be written"
    stopped_with(within(read_only, "verify", "run", "--repo", place), DISK, lack, "TMPDIR")
    ill = within(read_only, "doctor", "--repo", place)
    assert (ill.code, ill.err) == (BAD_INPUT, "")
    assert lack in ill.out
    elsewhere = [*read_only, "--setenv", "TMPDIR", "/dev/shm"]
    assert within(elsewhere, "verify", "run", "--repo", place).code == COMPLETED


def test_a_checkout_without_permission_is_told_that_the_place_is_wrong(planned: Project) -> None:
    assert planned.run().code == COMPLETED
    closed = planned.folder / "closed"
    closed.mkdir(mode=0o500)
    ordinary = ["--unshare-user", "--cap-drop", "ALL"]
    for place in (str(closed), str(closed / "out")):
        said = within(ordinary, "checkout", "run", place, "--repo", str(planned.repo.path))
        stopped_with(said, BAD_INPUT, f"{place}: ", os.strerror(13), "name an empty folder")


@pytest.mark.parametrize("name", ["events.jsonl", "seal.json"])
def test_a_log_without_permission_is_told_as_such(planned: Project, name: str) -> None:
    assert planned.run().code == COMPLETED
    log = planned.folder_of() / name
    log.chmod(0)
    ordinary = ["--unshare-user", "--cap-drop", "ALL"]
    words = ["status", "run", "--repo", str(planned.repo.path)]
    stopped_with(within(ordinary, *words), DISK, str(log), os.strerror(13))
    log.chmod(0o600)
    assert trackside(*words).code == COMPLETED


@pytest.mark.parametrize("lost", ["git", "git/objects"])
def test_lost_trees_are_damage_and_a_resume_goes_on_when_they_are_back(
    planned: Project, lost: str
) -> None:
    killed(planned)
    place = planned.folder_of() / lost
    kept = place.rename(planned.folder / "kept")
    repository = ["run", "--repo", str(planned.repo.path)]
    stopped_with(planned.resume(), DAMAGED, "the run has no git repository")
    untouched(planned)
    words = ["checkout", *repository, str(planned.folder / "out")]
    stopped_with(trackside(*words), DAMAGED, "the run has no git repository")
    fork = ["fork", *repository, "--at", "12", "--run-id", "second"]
    stopped_with(trackside(*fork), DAMAGED, "the run has no git repository")
    assert not planned.folder_of("second").exists()
    stopped_with(trackside("verify", *repository), DAMAGED, "the run has no git repository")
    if place.exists():
        place.rmdir()
    kept.rename(place)
    goes_on(planned)
    assert trackside("verify", *repository).code == COMPLETED


@pytest.mark.parametrize("kind", ["blob", "tree"])
@pytest.mark.parametrize("position", [12, 25], ids=["for-the-worktree", "for-the-delivery"])
def test_an_object_that_is_lost_is_damage_wherever_it_is_needed(
    planned: Project, kind: str, position: int
) -> None:
    planned.script({"A": [[turn(write("d/a.txt", "a\n")), turn(write("d/b.txt", "b\n")), done()]]})
    killed(planned, position)
    shutil.rmtree(planned.cache)
    home = planned.folder_of() / "git"
    (tip,) = planned.events(attempt.ToolFinished)[-1:]
    path = "d" if kind == "tree" else "d/a.txt"
    lost = planned.repo.git(f"--git-dir={home}", "rev-parse", f"{tip.tree}:{path}")
    place = home / "objects" / lost[:2] / lost[2:]
    kept = place.rename(planned.folder / "kept")
    stopped_with(planned.resume(), DAMAGED, lost)
    kept.rename(place)
    goes_on(planned)
    assert planned.world().run.delivery is not None


def test_a_base_that_is_pruned_away_is_damage_at_once(planned: Project) -> None:
    killed(planned)
    before = planned.repo.git("rev-parse", "HEAD")
    shutil.copytree(planned.repo.path / ".git" / "objects", planned.folder / "objects")
    shutil.rmtree(planned.cache)
    planned.repo.write("other.txt", "other\n")
    planned.repo.git("add", "other.txt")
    planned.repo.git("commit", "-q", "--amend", "-m", "another")
    planned.repo.git("reflog", "expire", "--expire=now", "--all")
    planned.repo.git("gc", "-q", "--prune=now")
    stopped_with(planned.resume(), DAMAGED, before, "is missing")
    untouched(planned)
    shutil.copytree(
        planned.folder / "objects", planned.repo.path / ".git" / "objects", dirs_exist_ok=True
    )
    goes_on(planned)


def test_an_ended_run_whose_log_is_lost_is_damaged_and_can_have_it_back(planned: Project) -> None:
    assert planned.run().code == COMPLETED
    log = planned.folder_of() / "events.jsonl"
    kept = log.read_bytes()
    lack = f"it lacks {len(planned.records())} records at its end"
    repository = ["--repo", str(planned.repo.path)]
    for words in (["resume", "run"], ["verify", "run"], ["why", "run", "A"], ["report", "run"]):
        log.unlink()
        stopped_with(trackside(*words, *repository), DAMAGED, lack)
        assert not log.exists()
        log.write_bytes(b"")
        stopped_with(trackside(*words, *repository), DAMAGED, lack)
    stopped_with(planned.run(), BAD_INPUT, "there is a run run already")
    log.write_bytes(kept)
    assert trackside("verify", "run", *repository).code == COMPLETED


@pytest.mark.parametrize(
    "spoil",
    [Path.unlink, lambda file: file.write_text("{")],
    ids=["gone", "unreadable"],
)
def test_a_playbook_that_is_lost_is_missed_before_anything_is_asked(
    planned: Project, spoil: Callable[[Path], object]
) -> None:
    killed(planned)
    kept = planned.playbook_file.read_bytes()
    spoil(planned.playbook_file)
    stopped_with(planned.resume(), BAD_INPUT, str(planned.playbook_file))
    untouched(planned)
    planned.playbook_file.write_bytes(kept)
    goes_on(planned)
    planned.playbook_file.unlink()
    assert planned.resume().code == COMPLETED, "nothing is asked any more"


def test_paths_go_on_record_in_their_plain_form(
    planned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = planned.folder / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    winding = f"scripted:../below/.././{planned.playbook_file.name}"
    assert trackside(*planned.words_by(winding)).code == COMPLETED
    facts = planned.world().run.facts
    plain = f"scripted:{planned.playbook_file}"
    assert (facts.settings.models.ladder, facts.settings.models.qa) == ((plain,), plain)
    assert ".." not in planned.repo.git("log", "-1", "--format=%B", "trackside/run")
