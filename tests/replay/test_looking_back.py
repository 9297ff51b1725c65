"""What looking back never does, and what it does not depend on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.log_texts import texts_of
from cli.main import main
from events.base import UnknownEvent
from store.run_folder import RunFolder
from tests.replay.recorded import copy_of, position_of

WATCH = """\
import sys
import os
def hook(name, args):
    if name == "subprocess.Popen":
        assert os.path.basename(str(args[0])) == "git" or str(args[1][0]).endswith("/git"), args
    elif name.startswith("socket.") and name not in {"socket.gethostname"}:
        raise AssertionError(name)
    elif name in {"os.system", "os.exec", "os.posix_spawn", "os.fork"}:
        raise AssertionError(name)
sys.addaudithook(hook)
def check():
    heavy = ("pykka", "google.genai", "actors", "models.gemini", "opentelemetry", "structlog")
    for module in heavy:
        assert module not in sys.modules, module
"""
TYPED = """\
import json
from cli.main import main
for words in json.loads(sys.argv[1]):
    assert main(words) == 0, words
    check()
"""
IMPORTED = """\
import importlib, pkgutil
import replay
names = [one.name for one in pkgutil.walk_packages(replay.__path__, "replay.")]
assert len(names) > 30, names
for name in names:
    importlib.import_module(name)
check()
"""


def watched(script: str, *words: str) -> None:
    """Run a script in a process in which a socket, or a process other than git, is an error."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + script, *words],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_looking_back_starts_no_process_but_git_and_opens_no_socket(
    baked: RunFolder, tmp_path: Path
) -> None:
    folder = copy_of(baked, tmp_path)
    beside = folder.path.parents[2]
    words = looked_back(folder, tmp_path)
    watched(TYPED, json.dumps([[*one, "--repo", str(beside)] for one in words]))


def looked_back(folder: RunFolder, tmp_path: Path) -> list[tuple[str, ...]]:
    """Return the words of every command that looks back at a run."""
    at = str(position_of(folder, "merge.queued"))
    return [
        ("status",),
        ("show", "--at", "5"),
        ("verify",),
        ("context", "base"),
        ("why", "base"),
        ("diff", "baked@5", "baked", "--files"),
        ("checkout", str(tmp_path / "out")),
        ("context", "retry", "--hint", "last"),
        ("log", "--full"),
        ("replay", "--speed", "inf"),
        ("report", "-o", str(tmp_path / "out.html")),
        *(("export", "--format", name) for name in ("jsonl", "otel", "state")),
        ("fork", "--at", at, "--model", "recorded:baked", "--run-id", "fork"),
    ]


def contents_of(folder: Path) -> dict[Path, bytes | int]:
    """Return the bytes of every file in a folder, and when each folder last changed."""
    return {
        path: path.stat().st_mtime_ns if path.is_dir() else path.read_bytes()
        for path in (folder, *folder.rglob("*"))
    }


def test_looking_back_writes_nothing_into_the_folder_of_a_run(
    baked: RunFolder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = copy_of(baked, tmp_path)
    beside = folder.path.parents[2]
    for path in (folder.path, *folder.path.rglob("*")):
        os.utime(path, (0, 0))  # so that whatever is written there shows, however soon
    before = contents_of(folder.path)
    for words in looked_back(folder, tmp_path):
        assert main([*words, "--repo", str(beside)]) == 0, (words, capfd.readouterr().err)
        assert contents_of(folder.path) == before, words


def test_no_part_of_the_historian_brings_along_actors_or_a_provider() -> None:
    watched(IMPORTED)


@pytest.mark.parametrize(
    "done",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['true'])",
        "os.system('true')",
        "import pykka; check()",
    ],
)
def test_the_watch_notices_what_it_is_there_for(done: str) -> None:
    with pytest.raises(AssertionError):
        watched(done)


ASKED = [
    ("show", "--json"),
    ("show", "--at", "50", "--json"),
    ("context", "base", "--json"),
    ("why", "last", "--json"),
    ("diff", "baked@50", "baked", "--files", "--json"),
    ("verify", "--json"),
    ("log", "--full"),
]
ASKING = """\
import json, sys
from cli.main import main
for words in json.loads(sys.argv[1]):
    assert main(words) == 0
"""


def test_the_past_is_the_same_whatever_the_seed_the_zone_and_the_language(
    checkout: Path, tmp_path: Path
) -> None:
    commands = json.dumps([[*one, "--repo", str(checkout)] for one in ASKED])
    said = set()
    for seed, zone, language in (("0", "UTC", "C"), ("77", "Asia/Tokyo", "tr_TR.UTF-8")):
        own = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language}
        root = {"PYTHONPATH": str(Path(__file__).parents[2]), "XDG_CACHE_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", ASKING, commands],
            env=os.environ | root | own,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)
    assert len(said) == 1


def test_what_needs_no_tree_is_answered_without_a_repository(
    baked: RunFolder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone"
    home = alone / ".trackside" / "runs" / "baked"
    shutil.copytree(baked.path, home, ignore=shutil.ignore_patterns("git"))
    for words in (["show"], ["why", "last"], ["context", "base"], ["log"]):
        assert main([*words, "--repo", str(alone)]) == 0, words
    for words in (["verify"], ["diff", "baked@5", "baked"], ["checkout", str(tmp_path / "out")]):
        assert main([*words, "--repo", str(alone)]) == 4, words
        assert "the run has no git repository" in capfd.readouterr().err


def test_long_texts_of_unknown_events_are_shown_too() -> None:
    event = UnknownEvent('{"type":"x.y","parts":["a\\nb"],"short":"c"}')
    assert list(texts_of(event, str)) == ["        parts[0]:", "        | a", "        | b"]


def test_long_tables_are_cut_and_say_so(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.show_text.MOST_ROWS", 2)
    monkeypatch.setattr("cli.diff.MOST_ROWS", 3)
    assert main(["show", "--repo", str(checkout)]) == 0
    assert "... and 7 more; --json has all of them" in capfd.readouterr().out
    assert main(["diff", "baked", "baked", "--repo", str(checkout)]) == 0
    assert "... and 15 more rows; --json has all of them" in capfd.readouterr().out
