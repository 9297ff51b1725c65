"""One trial: a run that is killed, once or more often, and taken up again; seen from outside."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from tests.crash.track import Json, git, lay_out

ROOT = Path(__file__).parents[2]
POSITION = "after-position"
KILLED = -9


class Kill(NamedTuple):
    """Where a process ends: at the n-th passing of a place."""

    place: str
    number: int

    def __str__(self) -> str:
        return f"{self.place} #{self.number}"


NEVER = Kill("", 0)


class Program:
    """A process whose forks are trackside; one trial at a time."""

    def __enter__(self) -> Self:
        # Coverage would look at a thousand forks, and learn nothing.
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.crash.program"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def play(self, home: Path, words: Sequence[str], kill: Kill = NEVER) -> int:
        """Return the exit code of trackside with `words`, or minus the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"home": str(home), "words": words, "place": kill.place, "number": kill.number}
        print(json.dumps(job), file=self._process.stdin, flush=True)
        code: int = json.loads(self._process.stdout.readline())
        return code


@dataclass(frozen=True)
class Sight:
    """What there is to see of a run when nobody works on it."""

    lines: list[bytes]
    """Of the log, whole ones only."""
    acknowledged: int
    effects: Counter[str]
    calls: Counter[str]

    @property
    def records(self) -> list[Json]:
        """The log."""
        return [json.loads(line) for line in self.lines]

    def events(self, tag: str) -> list[tuple[str, Json]]:
        """Return the stream and the event of each record with `tag`."""
        found = ((record["stream"], record["event"]) for record in self.records)
        return [(stream, event) for stream, event in found if event["type"] == tag]

    @property
    def commands(self) -> dict[tuple[str, str], str]:
        """The calls of effects that were begun, by their stream and number."""
        return {
            (stream, event["call"]): event["action"]["command"].split()[1]
            for stream, event in self.events("attempt.tool_started")
            if event["action"].get("tool") == "run_command"
        }

    @property
    def finished(self) -> list[tuple[str, str]]:
        """The calls whose outcome is on record."""
        return [(stream, event["call"]) for stream, event in self.events("attempt.tool_finished")]

    @property
    def in_doubt(self) -> set[str]:
        """The effects that were begun and have no outcome: these alone may happen again."""
        done = set(self.finished)
        return {name for call, name in self.commands.items() if call not in done}

    @property
    def answered(self) -> list[str]:
        """The model calls whose answer is on record."""
        return [f"{stream} {event['turn']}" for stream, event in self.events("attempt.replied")]


@dataclass
class Verdict:
    """What is wrong after a trial, by kind; nothing is what we want."""

    kills: tuple[Kill, ...]
    reached: int = 0
    """How many of the kills happened."""
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def accuse(self, kind: str, evidence: object) -> None:
        """Take note of something wrong."""
        self.wrong.setdefault(kind, []).append(str(evidence)[:2000])

    def __str__(self) -> str:
        return f"{' then '.join(map(str, self.kills))}: {self.wrong or 'well'}"


class Trial:
    """A fresh repository, a run, and its end."""

    def __init__(self, program: Program, home: Path, shop: Path) -> None:
        home.mkdir()
        lay_out(home, shop)
        self._program = program
        self.home = home
        self.run = "r1"

    def play(self, *kills: Kill) -> Verdict:
        """Run, be killed, resume as often as it takes; return what is wrong afterwards."""
        verdict, seen = Verdict(kills), list[Sight]()
        began, code = False, KILLED
        for kill in (*kills, NEVER):
            code = self._go_on(kill, began=began)
            self._look_for_tracebacks(verdict)
            if code != KILLED:
                break
            verdict.reached += 1
            began = self._has_begun()
            if began:
                seen.append(self.look())
            else:
                self.run = f"r{verdict.reached + 1}"
        if code != 0:
            verdict.accuse("exit codes", f"{code}: {(self.home / 'stderr').read_text()[-800:]}")
        else:
            judge(verdict, seen, self.look())
        return verdict

    def look(self) -> Sight:
        """Return what there is to see."""
        return Sight(
            lines=self._log.read_bytes().splitlines(keepends=True)[: self._whole],
            acknowledged=max(map(int, _lines(self.home / "acknowledged")), default=0),
            effects=Counter(_lines(self.home / "outside" / "ledger")),
            calls=Counter(_lines(self.home / "calls")),
        )

    def passed(self) -> dict[str, int]:
        """Return how often the last process passed each place, if it was not killed."""
        found: dict[str, int] = json.loads((self.home / "passed.json").read_text())
        return found

    def result(self) -> tuple[str, list[tuple[str, str]]]:
        """Return the tree that was delivered, and which attempt has completed each ticket."""
        states = [
            (event["ticket"], event["attempt"])
            for _, event in self.look().events("ticket.completed")
        ]
        return git(self.home / "shop", "rev-parse", f"trackside/{self.run}^{{tree}}"), sorted(
            states
        )

    @property
    def _log(self) -> Path:
        return self.home / "shop" / ".trackside" / "runs" / self.run / "events.jsonl"

    @property
    def _whole(self) -> int:
        return self._log.read_bytes().count(b"\n")

    def _has_begun(self) -> bool:
        """Whether a plan is on record whole; before that, there is nothing to resume."""
        if not self._log.exists():
            return False
        records = self.look().records
        begun = [each for each in records if each["event"]["type"] == "run.started"]
        return bool(begun) and begun[0]["commit"] <= len(records)

    def _go_on(self, kill: Kill, *, began: bool) -> int:
        words = ["resume", self.run, "--json"]
        if not began:
            words = [
                *("run", str(self.home / "track.json"), "--run-id", self.run, "--workers", "2"),
                *("--model", f"scripted:{self.home / 'playbook.json'}", "--json"),
            ]
        return self._program.play(self.home, words, kill)

    def _look_for_tracebacks(self, verdict: Verdict) -> None:
        said = (self.home / "stderr").read_text(errors="replace")
        if "Traceback" in said:
            verdict.accuse("tracebacks", said)
        for report in self.home.rglob("bug-*.txt"):
            verdict.accuse("tracebacks", report.read_text())
            report.unlink()


def judge(verdict: Verdict, seen: Sequence[Sight], end: Sight) -> None:
    """Compare what was seen at each death with what there is at the end."""
    for sight in seen:
        safe = sight.lines[: sight.acknowledged]
        if len(safe) < sight.acknowledged or end.lines[: len(safe)] != safe:
            verdict.accuse("lost events", f"{sight.acknowledged} acknowledged, {len(safe)} there")
        again = {call for call in sight.answered if end.calls[call] != sight.calls[call]}
        if again:
            verdict.accuse("repeated model calls", again)
    positions = [record["position"] for record in end.records]
    if positions != list(range(1, len(positions) + 1)):
        verdict.accuse("doubled events", "the positions have a gap or come twice")
    recorded: dict[str, list[str]] = {
        "outcome": [f"{stream} {call}" for stream, call in end.finished],
        "answer": end.answered,
        "merge": [event["ticket"] for _, event in end.events("ticket.completed")],
        "delivery": [event["commit"] for _, event in end.events("run.delivered")],
    }
    for what, once in recorded.items():
        if twice := [item for item, count in Counter(once).items() if count > 1]:
            verdict.accuse("doubled events", f"{what} {twice}")
    for name in end.commands.values():
        most = 1 + sum(name in sight.in_doubt for sight in seen)
        if not 1 <= end.effects[name] <= most:
            verdict.accuse("repeated effects", f"{name}: {end.effects[name]} times, not 1..{most}")


def _lines(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1] if path.exists() else []
