"""Every command of docs/replay.md says what the page says."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git_repo import GitRepo

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "replay.md").read_text()
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ trackside (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
EXAMPLES = [found for block in BLOCK.findall(PAGE) for found in COMMAND.findall(block)]
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def trackside(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=folder,
        env=os.environ | {"XDG_CACHE_HOME": str(folder.parent), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    example = ROOT / "examples" / "shop"
    repo = GitRepo(tmp_path_factory.mktemp("page") / "shop")
    for path in (example / "repo").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            repo.write(str(path.relative_to(example / "repo")), path.read_bytes())
    repo.commit()
    model = f"scripted:{example / 'playbook.json'}"
    words = ("--model", model, "--run-id", "demo", "--workers", "1")
    trackside(repo.path, "run", str(example / "track.toml"), *words)
    return repo.path


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 8


@pytest.mark.parametrize(("words", "expected"), EXAMPLES, ids=[words for words, _ in EXAMPLES])
def test_a_command_says_what_the_page_says(shop: Path, words: str, expected: str) -> None:
    said = trackside(shop, *words.split())
    assert doctest.OutputChecker().check_output(expected, said, SAME), said
