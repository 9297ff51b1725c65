"""Golden runs: whole runs as a version of the rules wrote them, kept for ever.

They stand in ``tests/golden/rules-N/RUN``: the log with its seal and its payloads, and one pack of
all objects of its trees. ``python -m tests.replay.golden`` writes those of the installed rules, and
is needed whenever `RULES_VERSION` was raised, and never else once a version is released.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from events.run_terms import RULES_VERSION
from store.run_folder import RunFolder
from tests.git_repo import GitRepo
from tests.replay.recorded import (
    ASKING_PLAYBOOK,
    ASKING_TRACK,
    CRASHING_PLAYBOOK,
    CRASHING_TRACK,
    PLAYBOOK,
    POLICY,
    TRACK,
    answer_all,
    cut_after,
    play,
    trackside,
)
from workspace.tree import Repository

GOLDEN = Path(__file__).parents[1] / "golden"
KEPT = ("events.jsonl", "seal.json")
PACK = "trees.pack"


def restored(golden: Path, home: Path) -> RunFolder:
    """Return a golden run as it lay on disk, in a repository that is made below `home`."""
    repo = GitRepo(home / "repo")
    with (golden / PACK).open("rb") as pack:
        subprocess.run(["git", "unpack-objects", "-q"], cwd=repo.path, stdin=pack, check=True)
    folder = RunFolder(repo.path / ".trackside" / "runs" / golden.name)
    folder.path.mkdir(parents=True)
    for name in KEPT:
        shutil.copy(golden / name, folder.path / name)
    if (golden / "blobs").exists():  # git keeps no empty folder
        shutil.copytree(golden / "blobs", folder.blobs, dirs_exist_ok=True)
    Repository.create(folder.git, repo.path)
    return folder


def keep(folder: RunFolder, golden: Path) -> None:
    """Keep a run that is over."""
    golden.mkdir(parents=True)
    for name in KEPT:
        shutil.copy(folder.path / name, golden / name)
    shutil.copytree(folder.blobs, golden / "blobs")
    (golden / PACK).write_bytes(_pack(folder))


def _pack(folder: RunFolder) -> bytes:
    """Return all objects of a run and of what it borrows from, in one pack."""

    def git(*words: str, given: bytes = b"") -> bytes:
        done = subprocess.run(
            ["git", *words], cwd=folder.git, input=given, capture_output=True, check=True
        )
        return done.stdout

    names = git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return git("pack-objects", "--quiet", "--stdout", given=names)


def record(home: Path, golden: Path) -> None:
    """Play the runs in the folder `home`, whose path stands in them, and keep them."""
    cache = home / "cache"
    baked = play(home / "1", "baked", "--workers", "3", track=TRACK, playbook=PLAYBOOK)
    crashed = play(home / "2", "crashed", track=CRASHING_TRACK, playbook=CRASHING_PLAYBOOK)
    cut_after(crashed, "attempt.tool_started")
    trackside("resume", "--repo", crashed.path.parents[2], cache=cache)
    policy = home / "policy.toml"
    policy.write_text(POLICY)
    words = ("--policy", str(policy))
    asking = play(home / "3", "asking", *words, track=ASKING_TRACK, playbook=ASKING_PLAYBOOK)
    answer_all(asking)
    trackside("resume", "--repo", asking.path.parents[2], cache=cache)
    for folder in (baked, crashed, asking):
        keep(folder, golden / folder.run)


def main() -> None:
    """Write the golden runs of the installed rules anew."""
    home, golden = Path(tempfile.gettempdir(), "golden"), GOLDEN / f"rules-{RULES_VERSION}"
    shutil.rmtree(golden, ignore_errors=True)
    home.mkdir()
    try:
        record(home, golden)
    finally:
        shutil.rmtree(home)
    sys.stdout.write(f"{golden}: {', '.join(sorted(path.name for path in golden.iterdir()))}\n")


if __name__ == "__main__":
    main()
