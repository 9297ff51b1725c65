"""Every command of docs/replay.md says what the page says."""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.misled import misled
from tests.git_repo import GitRepo

ROOT = Path(__file__).parents[2]
PAGE, STORY = (ROOT / "docs" / "replay.md").read_text().split("\n## A wrong run, ")
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ trackside (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
EXAMPLES, TOLD = (
    [found for block in BLOCK.findall(text) for found in COMMAND.findall(block)]
    for text in (PAGE, STORY)
)
FIRST_HINT = 146
"""The position that the story names; it may be another one today."""
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def trackside(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=folder,
        env=os.environ | {"XDG_CACHE_HOME": str(folder.parent), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    example = ROOT / "examples" / "shop"
    repo = GitRepo(tmp_path_factory.mktemp("page") / "shop")
    for path in (example / "repo").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            repo.write(str(path.relative_to(example / "repo")), path.read_bytes())
    repo.commit()
    (repo.path / "playbook.json").write_bytes((example / "playbook.json").read_bytes())
    (repo.path / "misled.json").write_text(json.dumps(misled()))
    (better,) = re.findall(r"`better.json` holds `({.*?})`", STORY, re.DOTALL)
    (repo.path / "better.json").write_text(better.replace("\n", " "))
    for model, run, code in (("playbook", "demo", 0), ("misled", "misled", 1)):
        words = ("--model", f"scripted:{model}.json", "--run-id", run, "--workers", "1")
        trackside(repo.path, "run", str(example / "track.toml"), *words, code=code)
    return repo.path


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 8


@pytest.mark.parametrize(("words", "expected"), EXAMPLES, ids=[words for words, _ in EXAMPLES])
def test_a_command_says_what_the_page_says(shop: Path, words: str, expected: str) -> None:
    said = trackside(shop, *words.split())
    assert doctest.OutputChecker().check_output(expected, said, SAME), said


def test_the_story_of_a_wrong_run_is_true_from_its_symptom_to_its_cure(shop: Path) -> None:
    assert len(TOLD) == 7
    found = trackside(shop, "log", "misled", "--attempt", "stock.1", "--type", "hint.given")
    moved = int(found.split()[0]) - FIRST_HINT

    def today(text: str) -> str:
        places = {str(FIRST_HINT + near): str(FIRST_HINT + near + moved) for near in (-1, 0, 1)}
        return re.sub("|".join(places), lambda place: places[place[0]], text)

    for words, expected in TOLD:
        said = trackside(shop, *today(words).split())
        assert doctest.OutputChecker().check_output(today(expected), said, SAME), said
    unknown = "return self._levels.get(sku, 0)"
    assert unknown in (shop / "then" / "shop" / "stock.py").read_text()
    assert "run mended: everything agrees" in trackside(shop, "verify", "misled", "mended")
