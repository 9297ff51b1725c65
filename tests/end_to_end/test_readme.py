"""The README's first screen is what really happens."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[2]
TIME = re.compile(r"^\d\d:\d\d:\d\d ")
IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}
COMMIT = re.compile(r"\b[0-9a-f]{7,10}\b")
LEVEL = re.compile(r"(?<=confined by ).*")
"""What differs from run to run and from machine to machine."""


def plain(line: str) -> str:
    return LEVEL.sub("LEVEL", COMMIT.sub("COMMIT", TIME.sub("", line)))


def test_the_session_of_the_readme_can_be_typed(tmp_path: Path) -> None:
    page = (HOME / "README.md").read_text("utf-8")
    typed, *shown = next(
        block.splitlines()
        for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL)
        if block.startswith("$ trackside run")
    )
    shutil.copytree(HOME / "examples", tmp_path / "examples")
    for line in re.findall(r"^\$ (cp .*|git -C shop commit .*)$", page, re.MULTILINE):
        subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, env=os.environ | IDENTITY, check=True)
    program = [
        sys.executable,
        "-P",
        "-c",
        "import sys; from cli.main import main; sys.exit(main())",
    ]
    words = typed.removeprefix("$ trackside ").split()
    ran = subprocess.run(
        [*program, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    said = [plain(line) for line in ran.stdout.splitlines()]
    log = ["git", "-C", "shop", "log", "--oneline", "trackside/demo"]
    said += [
        plain(line) for line in subprocess.check_output(log, cwd=tmp_path, text=True).splitlines()
    ]
    for line in shown:
        beginning = plain(line).removesuffix("...")
        assert COMMIT.search(line) or TIME.match(line) or line.startswith(("$", "...", "run ")), (
            line
        )
        expected = line.startswith("$") or any(one.startswith(beginning) for one in said)
        assert expected, line
