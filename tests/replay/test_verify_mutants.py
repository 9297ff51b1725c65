"""Each changed rule is noticed on a golden run: the run is decided again by other rules."""

import inspect
from collections.abc import Callable
from types import ModuleType

import pytest

from events import (
    approval,
    assignment,
    attempt_endings,
    attempt_fold,
    attempt_rules,
    hint,
    ladder,
    lesson,
    model_calls,
    policy,
    run_rules,
)
from events import prompts as prompts_module
from events.run_terms import RULES_VERSION
from store.run_folder import RunFolder
from tests.replay.golden import GOLDEN, restored
from tests.replay.verdicts import first_of
from workspace import context as context_module


def mutated(module: ModuleType, name: str, old: str, new: str) -> Callable[..., object]:
    """Return a function of `module` with one change in its source."""
    source = inspect.getsource(getattr(module, name))
    assert source.count(old) >= 1, f"{old!r} is not in {name}"
    scope: dict[str, Callable[..., object]] = {}
    changed = "from __future__ import annotations\n" + source.replace(old, new)
    exec(compile(changed, f"<mutant of {name}>", "exec"), vars(module), scope)
    return scope[name]


MUTANTS = [
    (model_calls, "begin_call", ">= limits.turns", ">= 3", "decision"),
    (attempt_rules, "_take_hint", ">= state.bound.limits.stuck_after", "> 3", "decision"),
    (attempt_rules, "_take_hint", "failures.count(failures[-1])", "1", "decision"),
    (attempt_rules, "_reply", "state.tool_calls + 1", "state.tool_calls", "decision"),
    (attempt_rules, "_reply", 'or "no reason given"', 'and "no reason given"', "decision"),
    (attempt_rules, "_request_tool", '"gave_up", command.words', '"failed", command.words',
     "decision"),
    (attempt_rules, "_finished", "if state.bound.check", "if not state.bound.check", "decision"),
    (attempt_rules, "_submit", "AttemptSubmitted(state.tree)",
     "AttemptSubmitted(state.bound.base_tree)", "decision"),
    (attempt_rules, "_merge", "recheck=moved and", "recheck=not moved and", "decision"),
    (attempt_rules, "_merge", "named(command.conflicts)", "named(())", "decision"),
    (lesson, "lesson_of", "hint: {hint}", "note: {hint}", "decision"),
    (attempt_rules, "_check", "if outcome.ok", "if not outcome.ok", "decision"),
    (ladder, "model_for", "min(number, len(ladder)) - 1", "0", None),
    (assignment, "assign", "if not free:", "if events:", "decision"),
    (run_rules, "_result", "ticket.tries < ticket.max_attempts", "ticket.tries < 1", "decision"),
    (run_rules, "_held", "state.plan.held_by(ticket.id)", "state.plan.held_by(ticket.id)[::-1]",
     "decision"),
    (run_rules, "_unlocked", "unlocked_by(ticket)", "unlocked_by(ticket)[::-1]", "decision"),
    (run_rules, "_queue", "*_unpark(active, state), ", "", None),
    (run_rules, "decide", "state.queue[0]", "state.queue[-1]", "decision"),
    (run_rules, "_ending", '"blocked" if', '"cancelled" if', "decision"),
    (assignment, "terms_of", "lesson=ticket.lesson", "lesson=''", "cause"),
    (hint, "cut", "[:MAX_WORDS]", "[:2]", "decision"),
    (attempt_fold, "told_of", "QA hint: ", "Hint of QA: ", "prompt"),
    (attempt_fold, "_after_red_check", "finish was called", "finish came", None),
    (prompts_module, "_messages_of", "done.ok", "True", None),
    (context_module, "assemble", '"# Task"', '"# Ticket"', "context"),
]  # fmt: skip
"""A rule, a change of it, and how the change is noticed; None: this run does not meet the rule."""


AT_THE_GATE = [
    (
        attempt_rules,
        "_open",
        '[assembled, gated(state, spawn, "spawn", judgement)]',
        "[assembled]",
    ),
    (attempt_rules, "_answer", "Not run: {words}", "Refused: {words}"),
    (attempt_rules, "_answer", "[taken, AttemptSubmitted(state.tree)]", "[taken]"),
    (attempt_rules, "_answer", '[taken, ended(state, "rejected", words)]', "[taken]"),
    (attempt_rules, "_use_permit", ", permit.arguments)", ")"),
    (attempt_rules, "_request_tool", "The policy denies this call", "Denied"),
    (attempt_rules, "_submit", '[gated(state, merge, "merge", judgement)]', "[]"),
    (run_rules, "_park", "[TicketParked(active.ticket, command.approval)]", "[]"),
    (run_rules, "_unpark", "if parked", "if not parked"),
    (policy, "_judgement", "rule.reason or", "rule.name or"),
    (
        approval,
        "_settled",
        "ApprovalAnswered(answer)",
        "ApprovalAnswered(Answer(verdict=answer.verdict, by='me', via='command'))",
    ),
]
"""Likewise, in a run that asks."""

AFTER_A_CRASH = [
    (
        attempt_rules,
        "_review_doubt",
        "[ToolDoubted(command.call),",
        "[*[ToolDoubted(command.call)] * 2,",
    ),
    (attempt_rules, "_check", "if outcome.ok", "if outcome"),
]
"""Likewise, in a run with a red check that was cut short in a command."""


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    """Return the golden runs of the installed rules by name."""
    golden = GOLDEN / f"rules-{RULES_VERSION}"
    return {one.name: restored(one, tmp_path_factory.mktemp(one.name)) for one in golden.iterdir()}


@pytest.mark.parametrize(
    ("run", "module", "name", "old", "new", "kind"),
    [
        *(("baked", *mutant) for mutant in MUTANTS if mutant[-1]),
        *(("asking", *mutant, "decision") for mutant in AT_THE_GATE),
        *(("crashed", *mutant, "decision") for mutant in AFTER_A_CRASH),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_every_changed_rule_is_noticed(
    kept: dict[str, RunFolder],
    monkeypatch: pytest.MonkeyPatch,
    run: str,
    module: ModuleType,
    name: str,
    old: str,
    new: str,
    kind: str,
) -> None:
    rule, changed = getattr(module, name), mutated(module, name, old, new)
    for place in (module, attempt_rules, attempt_endings, run_rules):
        if getattr(place, name, None) is rule:
            monkeypatch.setattr(place, name, changed)
    if name == "decide":
        decider = run_rules.DECIDER
        monkeypatch.setattr(
            "replay.decisions.DECIDERS",
            {"run": type(decider)(decider.initial, changed, decider.evolve, decider.command_type)},  # type: ignore[arg-type]
        )
    if name == "assemble":
        monkeypatch.setattr("replay.remade.assemble", changed)
    if name == "terms_of":
        monkeypatch.setattr("replay.causes.terms_of", changed)
    divergence = first_of(kept[run])
    assert divergence.kind == kind
    assert divergence.expected != divergence.got
