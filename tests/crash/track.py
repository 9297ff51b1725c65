"""The track that is killed everywhere: a diamond, effects outside of the worktree, a red check.

    a --+--> b --+--> d
        +--> c --+

Every command of a worker adds a line to the ledger, which no crash takes back: who runs a command
twice is found out. `b` finishes too early once and meets a red check; the first attempt at `c`
gives up; whichever of both is merged last meets a tip that has moved.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_GIT_IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def make_shop(shop: Path) -> None:
    """Make the repository that all trials begin with."""
    shop.mkdir()
    (shop / "base.txt").write_text("base\n")
    git(shop, "init", "-q", "-b", "main", "--template=")
    git(shop, "add", ".")
    git(shop, *_GIT_IDENTITY, "commit", "-q", "-m", "Begin")


def lay_out(home: Path, shop: Path) -> None:
    """Put a copy of `shop`, the track, the playbook, the settings and the ledger below `home`."""
    shutil.copytree(shop, home / "shop")
    ledger = home / "outside" / "ledger"
    for folder in (ledger.parent, home / "config" / "trackside", home / "cache"):
        folder.mkdir(parents=True)
    (home / "config" / "trackside" / "trackside.toml").write_text(
        f'[sandbox]\nwritable = ["{ledger.parent}"]\n'
    )
    (home / "track.json").write_text(json.dumps(_track()))
    (home / "playbook.json").write_text(json.dumps(_playbook(ledger)))


def git(folder: Path, *words: str) -> str:
    """Return what git prints."""
    run = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def _track() -> Json:
    def ticket(name: str, *needs: str) -> Json:
        return {
            "id": name,
            "target_file": f"{name}.txt",
            "description": f"Write {name}.txt.",
            "depends_on": [*needs],
            "check": f"grep -q done {name}.txt",
        }

    tickets = [ticket("a"), ticket("b", "a"), ticket("c", "a"), ticket("d", "b", "c")]
    return {"id": "diamond", "title": "Four files", "tickets": tickets}


def _playbook(ledger: Path) -> Json:
    def effect(name: str) -> Json:
        return _turn("run_command", command=f"echo {name} >> {ledger}; echo {name} >> {name}.log")

    def write(name: str, words: str) -> Json:
        return _turn("write_file", path=f"{name}.txt", content=f"{words}\n")

    done = _turn("finish", summary="so be it")
    return {
        "tickets": {
            "a": [[effect("a-1"), write("a", "done"), effect("a-2"), done]],
            "b": [[write("b", "half"), effect("b-1"), done, write("b", "done"), done]],
            "c": [
                [effect("c-1"), _turn("give_up", reason="not today")],
                [write("c", "done"), effect("c-2"), done],
            ],
            "d": [[effect("d-1"), write("d", "done"), effect("d-2"), done]],
        },
        "qa": [{"match": ".*", "hint": "it is not done"}],
    }


def _turn(tool: str, **arguments: str) -> Json:
    return {"calls": [{"tool": tool, "args": arguments}], "usage": {"input": 10, "output": 5}}
