"""How an attempt answers its commands: every decision of one Worker, as a table of small rules."""

import re
from collections.abc import Sequence
from typing import assert_never

import msgspec

from events.action import Action, Outcome
from events.attempt import (
    MERGE_CHECK,
    SETUP,
    Attempt,
    Permit,
    owes_setup,
)
from events.attempt_commands import (
    AttemptCommand,
    BeginCall,
    BeginMerge,
    EndAttempt,
    RebindAttempt,
    RecordAnswer,
    RecordCallFailure,
    RecordCheck,
    RecordCommit,
    RecordContext,
    RecordMerge,
    RecordReply,
    RecordSetup,
    RecordToolResult,
    ReportWorktreeLost,
    RequestTool,
    ReviewDoubt,
    StartAttempt,
    TakeHint,
)
from events.attempt_endings import ended
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    AttemptEvent,
    AttemptRebound,
    AttemptStarted,
    AttemptSubmitted,
    CheckRan,
    CommitMade,
    ContextAssembled,
    HintTaken,
    MergeBegun,
    PermitVoided,
    ReplyRecorded,
    SetupRan,
    ToolDoubted,
    ToolFinished,
    ToolStarted,
    TreeMerged,
    WorkFinished,
    WorktreeLost,
)
from events.attempt_fold import DRAFTS, evolve
from events.attempt_gates import gated, judgement_of, merge_was_asked, question_id
from events.attempt_terms import Call, Terms
from events.decider import Decider
from events.errors import CommandRefusedError
from events.ids import ApprovalId, CallId, Digest
from events.lesson import named
from events.model_calls import (
    begin_call,
    call_failure,
)
from events.payload import Text

BLOCKED = re.compile(r"\s*BLOCKED\b[\s:.-]*")
"""product.md, section 4.4: a text that starts so gives up; the word elsewhere means nothing."""


FINISH, GIVE_UP = "finish", "give_up"


def decide(command: AttemptCommand, state: Attempt) -> Sequence[AttemptEvent]:
    """Return what happens when `command` meets `state`.

    Raises:
        CommandRefusedError: the attempt is not at the step that `command` answers.
    """
    match command:
        case StartAttempt(terms=terms) if state.stage == "new":
            return [AttemptStarted(terms)]
        case EndAttempt(result="completed"):
            raise CommandRefusedError(command, "only the commit of its ticket completes an attempt")
        case EndAttempt(result=result, reason=reason) if state.stage not in {"new", "over"}:
            return [ended(state, result, reason)]
        case RebindAttempt(terms=terms) if state.stage not in {"new", "over"}:
            return [_rebound(command, terms, state)]
        case ReportWorktreeLost() if state.stage not in {"new", "opening", "over"}:
            return [WorktreeLost()]
        case RecordContext() if state.stage == "opening" and state.gate is None:
            return _open(command, state)
        case RecordAnswer(approval=approval) if _waits_for(state, approval):
            return _answer(command, state)
        case TakeHint(call=call) if state.failure is not None and state.failure.call == call:
            return _take_hint(command, state)
        case _ if state.gate is not None or state.failure is not None:
            pass
        case RecordSetup(outcome=outcome, tree=tree) if owes_setup(state):
            return [SetupRan(outcome, tree)]
        case BeginCall() if _between_turns(state) and state.call is None:
            return [begin_call(command, state)]
        case RecordReply() if state.call is not None:
            return _reply(command, state)
        case RecordCallFailure() if state.call is not None:
            return call_failure(command, state)
        case RequestTool(call=call) if not _runs(state) and _is_next(state, call):
            return _request_tool(command, state)
        case ReviewDoubt(call=call) if _runs(state) and _is_next(state, call):
            return _review_doubt(command, state)
        case RecordToolResult(call=call) if _runs(state) and _is_next(state, call):
            return _finish_tool(ToolFinished(call, command.outcome, command.tree), state)
        case RecordCheck(outcome=outcome) if state.stage in {"checking", "merge_checking"}:
            return _check(outcome, state)
        case BeginMerge(onto=onto) if state.stage == "submitted":
            return [MergeBegun(onto)]
        case RecordMerge() if state.stage == "merging" and state.onto is not None:
            return _merge(command, state)
        case RecordCommit(commit=commit) if state.stage == "committing":
            return [CommitMade(commit), AttemptEnded("completed", "merged")]
        case _:
            pass
    raise CommandRefusedError(command, f"the attempt is {_standing(state)}")


def _standing(state: Attempt) -> str:
    if state.gate is not None:
        return f"waiting for approval {state.gate.approval}"
    if state.failure is not None:
        return f"waiting for a hint on {state.failure.call}"
    return f"at the stage {state.stage}"


def _waits_for(state: Attempt, approval: ApprovalId) -> bool:
    return state.gate is not None and state.gate.approval == approval


def _between_turns(state: Attempt) -> bool:
    return state.stage == "turns" and not state.pending


def _runs(state: Attempt) -> bool:
    """Return whether a tool call has begun, or had; not so once a person allowed it once more."""
    return state.running is not None and state.permit is None


def _is_next(state: Attempt, call: CallId) -> bool:
    return state.stage == "turns" and bool(state.pending) and state.pending[0].call == call


def _rebound(command: RebindAttempt, terms: Terms, state: Attempt) -> AttemptRebound:
    now = state.bound
    if (terms.attempt, terms.base, terms.ticket) != (now.attempt, now.base, now.ticket):
        raise CommandRefusedError(command, "only an attempt begun anew can be about something else")
    return AttemptRebound(terms)


def _open(command: RecordContext, state: Attempt) -> list[AttemptEvent]:
    assembled = ContextAssembled(
        command.system, command.message, command.tools, command.views, command.digest
    )
    spawn = Action(kind="spawn", digest=command.digest)
    judgement = judgement_of(state, spawn)
    match judgement.verdict:
        case "allow":
            return [assembled]
        case "deny":
            return [
                assembled,
                ended(state, "rejected", f"the policy denies it: {judgement.reason}"),
            ]
        case "ask":
            return [assembled, gated(state, spawn, "spawn", judgement)]
        case _:
            assert_never(judgement.verdict)


def _reply(command: RecordReply, state: Attempt) -> list[AttemptEvent]:
    first = state.tool_calls + 1
    calls = tuple(
        Call(CallId(f"c{number}"), call.tool, call.arguments, call.native_id)
        for number, call in enumerate(command.calls, start=first)
    )
    replied = ReplyRecorded(
        state.answers + 1,
        command.text,
        calls,
        command.native,
        command.served_by,
        command.usage,
        command.latency_s,
        command.usd,
    )
    if blocked := BLOCKED.match(command.opening):
        reason = command.opening[blocked.end() :].strip() or "no reason given"
        return [replied, ended(state, "gave_up", reason)]
    if calls:
        return [replied]
    return [replied, *_finished(evolve(state, replied), command.text)]


def _request_tool(command: RequestTool, state: Attempt) -> list[AttemptEvent]:
    call, action = state.pending[0], command.action
    if action is None:
        return _finish_tool(_refused(state, call, command.refusal), state)
    if call.tool == GIVE_UP:
        return [ended(state, "gave_up", command.words or "no reason given")]
    if call.tool == FINISH:
        return _finished(state, command.words)
    judgement = judgement_of(state, action)
    match judgement.verdict:
        case "deny":
            told = f"The policy denies this call: {judgement.reason}"
            return _finish_tool(_refused(state, call, told), state)
        case _ if state.permit is not None:
            return _use_permit(state, state.permit, action)
        case "allow":
            return [ToolStarted(call.call, action, state.tree, judgement.rule)]
        case "ask":
            return [gated(state, action, call.call, judgement)]
        case _:
            assert_never(judgement.verdict)


def _use_permit(state: Attempt, permit: Permit, action: Action) -> list[AttemptEvent]:
    """Return the start of exactly what was approved; else the call is considered anew, unedited."""
    call = state.pending[0].call
    if permit.digest is None or permit.digest == action.digest:
        return [ToolStarted(call, action, state.tree, permit.approval, permit.arguments)]
    void = PermitVoided(permit.approval, permit.digest, action.digest)
    return [void] if state.running is None else [void, *_doubted(_again(action), state)]


def _finish_tool(finished: ToolFinished, state: Attempt) -> list[AttemptEvent]:
    """Return the result; a model that does the same again and again is told once, then stopped."""
    repeats, most = evolve(state, finished).repeats, state.bound.limits.stuck_after
    if finished.outcome.failing or repeats < most:
        return [finished]
    told = f"You have made this call {repeats} times in a row with this result. Do something else."
    noted = msgspec.structs.replace(finished, note=told)
    if repeats == most:
        return [noted]
    reason = f"the same call of {state.pending[0].tool} {repeats} times with the same result"
    return [finished, ended(state, "stuck", reason)]


def _finished(state: Attempt, summary: Text) -> list[AttemptEvent]:
    finished = WorkFinished(summary)
    return [finished] if state.bound.check else [finished, *_submit(state)]


def _submit(state: Attempt) -> list[AttemptEvent]:
    merge = Action(kind="merge", digest=Digest(state.tree))
    judgement = judgement_of(state, merge)
    match judgement.verdict:
        case "allow":
            return [AttemptSubmitted(state.tree)]
        case "deny":
            reason = f"the policy denies the merge: {judgement.reason}"
            return [ended(state, "rejected", reason)]
        case "ask":
            return [gated(state, merge, "merge", judgement)]
        case _:
            assert_never(judgement.verdict)


def _review_doubt(command: ReviewDoubt, state: Attempt) -> list[AttemptEvent]:
    action = action_in_doubt(command, state)
    return [ToolDoubted(command.call), *(_doubted(action, state) if action is not None else ())]


def action_in_doubt(command: ReviewDoubt, state: Attempt) -> Action | None:
    """Return what was cut short, if doing it again may do harm: it was not confined, or is not."""
    assert state.running is not None, "only what was started can be in doubt"
    action = state.running.action
    unconfined = action.effect == "command" and not command.confined
    return _again(action) if unconfined or not action.confined else None


def _again(action: Action) -> Action:
    """Return an action as it is when it may have happened already."""
    return msgspec.structs.replace(action, kind="in_doubt", confined=False)


def _doubted(action: Action, state: Attempt) -> list[AttemptEvent]:
    judgement = judgement_of(state, action)
    match judgement.verdict:
        case "allow":
            return []
        case "deny":
            told = f"Cut short by a crash and not run again: {judgement.reason}"
            return [_refused(state, state.pending[0], told)]
        case "ask":
            return [gated(state, action, state.pending[0].call, judgement)]
        case _:
            assert_never(judgement.verdict)


def _answer(command: RecordAnswer, state: Attempt) -> list[AttemptEvent]:
    taken = AnswerTaken(command.approval, command.answer)
    approved, reason = command.answer.verdict == "approved", command.answer.reason
    kind = state.gate.action.kind if state.gate is not None else None
    words = f"{command.answer.by} rejected it" + (f": {reason}" if reason else "")
    match kind, approved:
        case "merge", True:
            return [taken, AttemptSubmitted(state.tree)]
        case _, True:
            return [taken]
        case (("spawn" | "merge"), False):
            return [taken, ended(state, "rejected", words)]
        case "in_doubt", False:
            told = f"Cut short by a crash and not run again: {words}"
            return [taken, _refused(state, state.pending[0], told)]
        case _:
            return [taken, _refused(state, state.pending[0], f"Not run: {words}")]


def _take_hint(command: TakeHint, state: Attempt) -> list[AttemptEvent]:
    taken = HintTaken(command.call, command.words, command.usage, command.usd)
    if command.call == SETUP:
        return [taken, ended(state, "failed", f"the setup command fails: {command.words}")]
    if command.call == MERGE_CHECK:
        reason = f"green alone, but the check is red on the merged tree: {command.words}"
        return [taken, ended(state, "failed", reason)]
    failures = evolve(state, taken).failures
    times = failures.count(failures[-1])
    if times >= state.bound.limits.stuck_after:
        return [taken, ended(state, "stuck", f"the same failure {times} times: {command.words}")]
    if state.stage == "checking" and state.answers >= state.bound.limits.turns:
        return [
            taken,
            ended(state, "failed", f"the check is red at the last turn: {command.words}"),
        ]
    return [taken]


def _check(outcome: Outcome, state: Attempt) -> list[AttemptEvent]:
    if state.stage == "merge_checking":
        return [CheckRan(outcome, merged=True)]
    ran = CheckRan(outcome)
    return [ran, *_submit(state)] if outcome.ok else [ran]


def _merge(command: RecordMerge, state: Attempt) -> list[AttemptEvent]:
    if command.tree is None:
        conflicts = named(command.conflicts)
        reason = f"its changes conflict with tickets merged meanwhile, in: {conflicts}"
        return [ended(state, "failed", reason)]
    if command.altered and merge_was_asked(state):
        approval = question_id(state, "merge", state.gates - 1)
        void = PermitVoided(approval, Digest(state.tree), Digest(command.tree))
        where = named(command.altered)
        reason = f"its changes come out otherwise on the moved tip than approved, in: {where}"
        return [void, ended(state, "failed", reason)]
    terms = state.bound
    moved = state.onto is not None and state.onto.commit != terms.base
    return [TreeMerged(command.tree, recheck=moved and bool(terms.check))]


def _refused(state: Attempt, call: Call, text: str) -> ToolFinished:
    return ToolFinished(call.call, Outcome(ok=False, text=text), state.tree, refused=True)


DECIDER: Decider[Attempt, AttemptCommand, AttemptEvent] = Decider(
    Attempt(), decide, evolve, AttemptCommand, DRAFTS
)
