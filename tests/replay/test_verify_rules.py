"""Logs of other rules, and events that no rule answers for."""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from events import (
    attempt_endings,
    lesson,
    run_rules,
    run_terms,
)
from store.run_folder import RunFolder
from tests.replay.recorded import Json, copy_of, forge
from tests.replay.verdicts import first_of, verdict_on


@pytest.fixture
def copy(baked: RunFolder, tmp_path: Path) -> RunFolder:
    return copy_of(baked, tmp_path)


def blobs_of(folder: RunFolder) -> list[Path]:
    return [path for path in folder.blobs.rglob("*") if path.is_file()]


def mutated(module: ModuleType, name: str, old: str, new: str) -> Callable[..., object]:
    """Return a function of `module` with one change in its source."""
    source = inspect.getsource(getattr(module, name))
    assert source.count(old) >= 1, f"{old!r} is not in {name}"
    scope: dict[str, Callable[..., object]] = {}
    changed = "from __future__ import annotations\n" + source.replace(old, new)
    exec(compile(changed, f"<mutant of {name}>", "exec"), vars(module), scope)
    return scope[name]


def swap(kind: str, **facts: object) -> Callable[[Json], None]:
    """Return a change of every event of a type, the first one only."""
    done: list[int] = []

    def change(record: Json) -> None:
        if record["event"]["type"] == kind and not done:
            done.append(record["position"])
            record["event"].update(facts)

    return change


def of_other_rules(record: Json) -> None:
    for part in (record["event"], record["cause"] or {}):
        if "start" in part:
            part["start"]["rules"] = 99


def test_another_version_of_the_rules_may_have_decided_otherwise(
    copy: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge(copy, of_other_rules)
    assert verdict_on(copy).code == "verified"
    changed = mutated(lesson, "lesson_of", "hint: {hint}", "note: {hint}")
    monkeypatch.setattr(attempt_endings, "lesson_of", changed)
    verdict = verdict_on(copy)
    assert (verdict.code, verdict.divergences, verdict.first) == ("other_rules", (), None)
    assert verdict.differences
    assert (verdict.rules, verdict.installed_rules) == (99, run_terms.RULES_VERSION)
    blobs_of(copy)[0].unlink()
    assert verdict_on(copy).code == "diverged"


def test_an_event_that_no_state_can_follow_ends_the_verification_there(copy: RunFolder) -> None:
    forge(copy, swap("ticket.completed", ticket="nobody"))
    verdict = verdict_on(copy)
    fold = verdict.divergences[-1]
    assert fold.kind == "fold"
    assert "nobody" in fold.got
    assert verdict.counts.records == verdict.position


def test_an_unknown_event_cannot_be_decided_again(copy: RunFolder) -> None:
    forge(copy, swap("run.delivered", type="run.teleported"))
    divergence = first_of(copy)
    assert divergence.kind == "decision"
    assert "run.teleported" in divergence.got


def test_a_decision_without_a_command_that_is_known_is_noticed(copy: RunFolder) -> None:
    def change(record: Json) -> None:
        if record["event"]["type"] == "run.ended":
            record["cause"] = {"type": "run.wish"}

    forge(copy, change)
    divergence = first_of(copy)
    assert (divergence.kind, divergence.expected) == ("decision", "a command that the rules know")
    assert "run.wish" in divergence.got


def test_a_stream_without_rules_is_noticed(copy: RunFolder) -> None:
    def change(record: Json) -> None:
        if record["event"]["type"] == "run.delivered":
            record["stream"], record["version"] = "gossip", 1

    forge(copy, change)
    divergence = first_of(copy)
    assert (divergence.expected, divergence.got) == ("a stream that has rules", "gossip")


def test_a_rule_that_fails_on_what_was_decided_is_noticed(
    baked: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_rules, "_ending", lambda state: 1 // 0)
    divergence = first_of(baked)
    assert divergence.expected.startswith("ZeroDivisionError")
    assert "run.ended" in divergence.got
