"""Real runs to look back at: a small track on a small repository, played by a scripted model."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from events import approval as gate
from events.approval import Answer, Settle, Verdict
from events.ids import ApprovalId, stream_of
from events.streams import EVENT_TYPES
from replay.archive import Archive
from store.codec import Codec
from store.entity import Entity
from store.head import SUM_BYTES, SUM_DIGITS, SUM_END, SUM_MARK
from store.jsonl import JsonlLog
from store.run_folder import RunFolder
from store.seal import write_seal
from tests.git_repo import GitRepo

CODEC = Codec(EVENT_TYPES)
Json = dict[str, Any]

FILES: dict[str, str | bytes] = {
    "app/greet.py": "def greet(name):\n    return 'hello ' + name\n\n\n# end\n",
    "app/notes.txt": b"one\r\ntwo\r\n",
    "app/old.py": "OLD = 1\n",
    "app/deep/er/still.txt": "deep\n",
    "tool.sh": "#!/bin/sh\necho tool\n",
    "README.md": "# App\n\nFirst.\n\nSecond.\n\nThird.\n",
    ".gitignore": "build/\n",
}

CHECK = "test -f README.md"
TRACK: Json = {
    "id": "bakery",
    "title": "Bake it",
    "description": "A small track in which most things happen once.",
    "check": CHECK,
    "tickets": [
        {"id": "base", "priority": "high", "description": "Lay the base.\nWith care.",
         "target_file": "app/greet.py", "context_requirements": ["app/old.py", "app/none.py"]},
        {"id": "left", "depends_on": ["base"], "description": "Edit the first line."},
        {"id": "right", "depends_on": ["base"], "description": "Edit the third line."},
        {"id": "clash", "depends_on": ["base"], "description": "Edit the first line as well."},
        {"id": "retry", "depends_on": ["base"], "description": "Gives up once, then moves files."},
        {"id": "words", "depends_on": ["base"], "description": "Only talks.", "max_attempts": 2},
        {"id": "stuck", "description": "Fails in the same way.", "max_attempts": 1},
        {"id": "after", "depends_on": ["stuck"], "description": "Waits for the stuck one."},
        {"id": "last", "depends_on": ["after"], "description": "Waits for the one that waits."},
    ],
}  # fmt: skip


def turn(text: str = "", *calls: Json) -> Json:
    """Return a turn of a playbook."""
    return {"text": text, "calls": list(calls)}


def call(tool: str, **args: object) -> Json:
    """Return a call of a playbook's turn."""
    return {"tool": tool, "args": args}


def finish(summary: str = "done") -> Json:
    """Return a turn that finishes."""
    return turn("", call("finish", summary=summary))


def replace(path: str, old: str, new: str) -> Json:
    """Return a call that replaces a text."""
    return call("replace_text", path=path, old=old, new=new)


IGNORED = "mkdir build; printf 'x\\r\\n' | tee build/x.txt >build/y.txt; "
"""Files that are in no tree until a tool names them."""
FAIL = call("run_command", command="echo Error: no luck; exit 3")
PLAYBOOK: Json = {
    "tickets": {
        "base": [[
            turn("I look first.", call("read_file", path="app/greet.py"), call("list_files")),
            turn("Then I write.",
                 call("write_file", path="app/greet.py", content="def greet(name:\n"),
                 call("replace_text", path="app/notes.txt", old="two", new="zwei\ndrei"),
                 call("write_file", path="app/new/made.py", content="MADE = 1\n"),
                 call("write_file", path="tool.sh", content="#!/bin/sh\necho better\n"),
                 call("read_file", path="../outside")),
            turn("That was broken.",
                 call("write_file", path="app/greet.py", content="def greet(name):\n  return 1\n"),
                 call("run_command", command=IGNORED + "seq 999"),
                 call("write_file", path="build/x.txt", content="made by a tool\n"),
                 call("replace_text", path="build/x.txt", old="tool", new="hand"),
                 call("replace_text", path="build/y.txt", old="x", new="y")),
            finish("The base is laid."),
        ]],
        "left": [[turn("", replace("README.md", "First.", "First, left.")), finish()]] * 3,
        "right": [[turn("", replace("README.md", "Third.", "Third, right.")), finish()]] * 3,
        "clash": [[turn("", replace("README.md", "First", "1st")), finish()]] * 3,
        "retry": [
            [turn("", FAIL), turn("", call("give_up", reason="I do not see how."))],
            [turn("", call("move_file", source="app/old.py", target="app/young.py"),
                  call("delete_file", path="app/deep/er/still.txt")),
             turn("All done.")],
        ],
        "words": [[turn("BLOCKED: nobody told me the price.")],
                  [turn("I was BLOCKED before, now I am done.")]],
        "stuck": [[turn(f"Try {n}.", FAIL) for n in range(1, 5)]],
    },
    "qa": [{"match": "no luck", "hint": "the command has no luck"},
           {"match": ".", "hint": "a bracket is missing"}],
}  # fmt: skip


ASKING_TRACK: Json = {
    "id": "asking",
    "title": "Ask first",
    "tickets": [
        {"id": "bold", "description": "Writes what a person edits."},
        {"id": "shy", "description": "Is never let start."},
        {"id": "keen", "description": "Is not let run a command.", "max_attempts": 1},
        {"id": "slow", "description": "Waits for its merge."},
        {"id": "later", "depends_on": ["shy"], "description": "Needs the shy one."},
    ],
}
ASKING_PLAYBOOK: Json = {
    "tickets": {
        "bold": [[turn("", call("write_file", path="bold.txt", content="as I like it\n"),
                       call("delete_file", path="README.md")),
                  finish()]],
        "shy": [[finish()]],
        "keen": [[turn("", call("run_command", command="rm -rf app")),
                  turn("", call("give_up", reason="They did not let me."))]],
        "slow": [[turn("", call("write_file", path="slow.txt", content="slow\n")), finish()]],
    },
}  # fmt: skip
POLICY = """\
[[rule]]
name = "spawns of the shy"
verdict = "ask"
kind = "spawn"
ticket = "shy"

[[rule]]
name = "writes of the bold"
verdict = "ask"
tool = "write_file"
ticket = "bold"

[[rule]]
name = "no deletions"
verdict = "deny"
reason = "files are dear"
tool = "delete_file"

[[rule]]
name = "commands"
verdict = "ask"
effect = "command"

[[rule]]
name = "merges of the slow"
verdict = "ask"
kind = "merge"
ticket = "slow"

[[rule]]
verdict = "allow"
"""


CRASHING_TRACK: Json = {
    "id": "crashing",
    "setup": "mkdir -p build && touch build/ready",
    "check": "test -f made.txt",
    "tickets": [{"id": "slow", "description": "Is cut short in its command."}],
}
CRASHING_PLAYBOOK: Json = {
    "tickets": {
        "slow": [[
            turn("", call("run_command", command="echo half >half.txt")),
            finish("Too early."),
            turn("", call("write_file", path="made.txt", content="made\n")),
            finish(),
        ]],
    },
}  # fmt: skip


def make_repository(path: Path) -> GitRepo:
    """Return a repository with `FILES` in its only commit."""
    repo = GitRepo(path)
    for name, content in FILES.items():
        repo.write(name, content, 0o755 if name.endswith(".sh") else 0o644)
    repo.commit()
    return repo


def trackside(*words: str | Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    """Run the program as a user would, with its caches in a folder of the test."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *map(str, words)],
        env=os.environ | {"XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(cache / "config")},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def play(home: Path, run: str, *words: str, track: Json, playbook: Json) -> RunFolder:
    """Return the folder of a run that was just made in a repository of its own below `home`."""
    repo = make_repository(home / "repo")
    (home / "track.json").write_text(json.dumps(track))
    (home / "playbook.json").write_text(json.dumps(playbook))
    told = trackside(
        *("run", home / "track.json", "--repo", repo.path, "--run-id", run),
        *("--model", f"scripted:{home / 'playbook.json'}", *words),
        cache=home / "cache",
    )
    assert told.returncode in {0, 1, 3}, told.stderr
    return RunFolder(repo.path / ".trackside" / "runs" / run)


def answer(folder: RunFolder, approval: str, verdict: Verdict, **facts: Any) -> None:  # noqa: ANN401
    """Answer a question of a run that rests."""
    with JsonlLog.open(folder.log, CODEC) as log:
        question = stream_of("approval", ApprovalId(approval))
        entity = Entity.load(log, question, gate.DECIDER)
        entity.execute(Settle(Answer(verdict=verdict, by="bob", via="command", **facts)))


def answer_all(folder: RunFolder) -> None:
    """Answer the four questions of the run that asks."""
    edited = '{"path":"bold.txt","content":"as they like it\\n"}'
    answer(folder, "bold.1.c1", "approved", arguments=edited)
    answer(folder, "shy.1.spawn", "rejected", reason="not today")
    answer(folder, "keen.1.c1", "rejected", reason="far too keen")
    answer(folder, "slow.1.merge", "approved")


def copy_of(folder: RunFolder, home: Path) -> RunFolder:
    """Return a copy of a run, in a copy of its repository, for a test that harms it."""
    repository = folder.path.parents[2]
    copy = home / "copy"
    shutil.copytree(repository, copy, symlinks=True)
    return RunFolder(copy / folder.path.relative_to(repository))


def forge(folder: RunFolder, change: Callable[[Json], None]) -> None:
    """Write a log in which `change` was made to every record, with sums and seal that agree."""
    hasher = hashlib.sha256()
    data = b""
    position = 0
    for line in folder.log.read_bytes().split(b"\n")[:-1]:
        record = json.loads(line)
        change(record)
        sealed = record.pop("sum", None)
        body = json.dumps(record, separators=(",", ":")).encode()
        if sealed is None:
            data += body + b"\n"
            hasher.update(body + b"\n")
            continue
        hasher.update(body[:-1])
        digest = hasher.hexdigest()[:SUM_DIGITS]
        mark = SUM_MARK + digest.encode() + SUM_END
        hasher.update(mark)
        data += body[:-1] + mark
        position = record["position"]
    folder.log.write_bytes(data)
    seal = folder.read_seal()
    if seal is not None:
        forged = msgspec.structs.replace(
            seal, position=position, bytes=len(data), sum=data[-SUM_BYTES:][8:40].decode()
        )
        write_seal(folder.seal, forged)


def cut_after(folder: RunFolder, kind: str) -> None:
    """Have a run end, as by a crash, right behind its first event of a type."""
    lines = folder.log.read_bytes().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if f'"{kind}"'.encode() in line)
    folder.log.write_bytes(b"".join(lines[: place + 1]))
    folder.seal.unlink(missing_ok=True)
    GitRepo(folder.path.parents[2]).git("branch", "-D", f"trackside/{folder.run}")


def damage(folder: RunFolder) -> None:
    """Change one letter in the middle of a log."""
    data = bytearray(folder.log.read_bytes())
    place = data.index(b"I do not see how")
    data[place] ^= 0x20
    folder.log.write_bytes(data)


def archive_of(folder: RunFolder) -> Archive:
    """Return the run in a folder, for reading."""
    return Archive(folder, CODEC)


def position_of(folder: RunFolder, kind: str, stream: str = "run", **facts: object) -> int:
    """Return the first position of an event of a type, with these fields."""
    return next(
        one.position
        for one in archive_of(folder).records()
        if one.stream == stream
        and one.event.__struct_config__.tag == kind
        and all(getattr(one.event, name) == value for name, value in facts.items())
    )
