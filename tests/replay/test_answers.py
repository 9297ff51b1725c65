"""What commands really print with `--json` is what `trackside schema` says, no more and no less."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from cli.schema import SCHEMAS
from store.run_folder import RunFolder
from tests.json_schema import Schema, accepts
from tests.replay.recorded import (
    PLAYBOOK,
    TRACK,
    archive_of,
    copy_of,
    position_of,
)


def closed(value: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
    """Return a schema that accepts no field that it does not name."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    parts = {key: closed(item) for key, item in value.items()}
    if "properties" in parts and isinstance(parts.get("type"), str):
        parts.setdefault("additionalProperties", False)
    return parts


ANSWERS: Schema = closed(SCHEMAS["answers"]())
LINE: Schema = closed(SCHEMAS["log"]())

PAST: list[tuple[str, str]] = [
    ("show", "show baked --at {at} --json"),
    ("show", "show baked --ticket stuck --json"),
    ("context", "context baked base --turn 2 --json"),
    ("context --hint", "context baked stuck --hint last --json"),
    ("why", "why baked last --json"),
    ("why", "why baked 5 --json"),
    ("diff", "diff baked@{at} baked --json"),
    ("diff", "diff baked@5 baked@{at} baked --json"),
    ("diff", "diff baked@{at} baked --files --json"),
    ("verify", "verify baked --json"),
    ("checkout", "checkout baked {tmp}/out --at {at} --json"),
    ("report", "report baked -o {tmp}/out.html --json"),
    ("recover", "recover baked --json"),
    ("export --format state", "export baked --format state"),
    ("status", "status baked --json"),
    ("usage", "usage baked --json"),
    ("runs", "runs --json"),
    ("approvals", "approvals --json"),
    ("budget", "budget baked --json"),
    ("policy", "policy test baked --policy ask --json"),
    ("doctor", "doctor --json"),
    ("check", "check {tmp}/track.json --json"),
    ("check", "check {tmp}/playbook.json --json"),
    ("failure", "show baked --at 99999 --json"),
    ("failure", "why baked nobody --json"),
    ("failure", "pause baked --json"),
]
"""Which shape, and what is typed; nothing of it changes the run."""

GATE: list[tuple[str, str]] = [
    ("approvals", "approvals asking --json"),
    ("status", "status asking --json"),
    ("show", "show asking --json"),
    ("approvals --follow", "approvals asking --follow --json"),
    ("approve", "approve asking bold.1.c1 --json"),
    ("reject", "reject asking shy.1.spawn --reason no --json"),
    ("pause", "pause asking --json"),
    ("fork", "fork asking --at {last} --run-id other --json"),
    ("status", "status other --json"),
    ("show", "show other --json"),
    ("resume", "resume asking --json"),
    ("skip", "skip asking slow --json"),
    ("cancel", "cancel asking --json"),
    ("failure", "unblock asking slow --json"),
]
"""Likewise, one after the other on a run that waits for a person."""


def told(capfd: pytest.CaptureFixture[str], words: str, home: Path, **places: object) -> list[Any]:
    typed = [word.format(tmp=home.parent, **places) for word in words.split()]
    where = [] if typed[0] == "doctor" else ["--repo", str(home)]
    main([*typed, *where])
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def is_answer(shape: str, value: object) -> bool:
    return accepts(ANSWERS["properties"][shape] | {"$defs": ANSWERS["$defs"]}, value)


@pytest.mark.parametrize(("shape", "words"), PAST)
def test_an_answer_about_the_past_has_its_documented_shape(
    shape: str,
    words: str,
    checkout: Path,
    baked: RunFolder,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "track.json").write_text(json.dumps(TRACK))
    (tmp_path / "playbook.json").write_text(json.dumps(PLAYBOOK))
    at = position_of(baked, "merge.queued")
    typed = words.replace("{tmp}", str(tmp_path)).replace("{at}", str(at))
    (answer,) = told(capfd, typed, checkout)
    assert is_answer(shape, answer)
    assert not is_answer(shape, answer | {"undocumented": 1})
    assert not is_answer(shape, {key: answer[key] for key in list(answer)[1:]})


def test_every_event_is_printed_in_its_documented_shape(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for record in told(capfd, "log baked --json", checkout):
        assert accepts(LINE, record), record
    lines = told(capfd, "export baked", checkout)
    assert len(lines) > 100
    event = LINE["properties"]["event"] | {"$defs": LINE["$defs"]}
    for line in lines:
        assert is_answer("export", line)
        assert accepts(event, line["event"]), line


def test_an_answer_at_the_gate_has_its_documented_shape(
    waiting: RunFolder,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    copy = copy_of(waiting, tmp_path)
    last = sum(1 for _ in archive_of(copy).records())
    for shape, words in GATE:
        answers = told(capfd, words.replace("{last}", str(last)), copy.path.parents[2])
        assert answers, words
        for answer in answers:
            assert is_answer(shape, answer), (words, answer)
            assert not is_answer(shape, answer | {"undocumented": 1})


def test_every_shape_is_held_against_an_answer() -> None:
    held = {shape for shape, _ in [*PAST, *GATE]} | {"export"}
    alike = {"run": "resume", "retry": "skip", "unblock": "skip", "view": "check"}
    assert {*ANSWERS["properties"]} - {*alike} == held
