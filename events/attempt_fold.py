"""What an attempt believes of each event."""

from typing import assert_never

import msgspec

from events.action import Outcome
from events.attempt import (
    _NO_TRIES,
    MERGE_CHECK,
    RATE_LIMIT,
    SETUP,
    Attempt,
    Done,
    Gate,
    Permit,
    Turn,
    falls_back,
)
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    AttemptEvent,
    AttemptRebound,
    AttemptStarted,
    AttemptSubmitted,
    CallBegun,
    CallFailed,
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
    ToolGated,
    ToolStarted,
    TreeMerged,
    WorkFinished,
    WorktreeLost,
)
from events.attempt_terms import Call
from events.budget import amount_of
from events.conversation import digest_of
from events.hint import Failure
from events.ids import CallId, Digest
from events.payload import Text
from events.policy import amendment_for


def evolve(state: Attempt, event: AttemptEvent) -> Attempt:
    """Return the attempt after `event`."""
    to = msgspec.structs.replace
    match event:
        case AttemptStarted(terms=terms):
            return Attempt(
                terms=terms,
                stage="opening",
                tree=terms.base_tree,
                setup_due=bool(terms.setup),
                amendments=terms.amendments,
            )
        case ContextAssembled():
            return to(
                state,
                stage="turns",
                system=event.system,
                message=event.message,
                tools=event.tools,
                views=event.views,
            )
        case SetupRan(outcome=outcome, tree=tree):
            after = to(state, setup_due=False, tree=tree)
            return after if outcome.ok else _to_qa(after, SETUP, outcome)
        case WorktreeLost():
            return to(state, setup_due=bool(state.bound.setup))
        case CallBegun():
            return to(state, call=event, held="")
        case ReplyRecorded():
            return _after_reply(state, event)
        case CallFailed():
            return _after_failed_call(state, event)
        case ToolGated():
            gate = Gate(event.approval, event.action, event.call, event.rule, event.expiry)
            return to(state, gate=gate, permit=None, gates=state.gates + 1)
        case AnswerTaken():
            return _after_answer(state, event)
        case PermitVoided():
            return to(state, permit=None)
        case ToolStarted():
            return to(state, running=event, permit=None)
        case ToolFinished():
            return _after_tool(state, event)
        case ToolDoubted():
            return state
        case WorkFinished():
            return to(state, stage="checking")
        case HintTaken():
            return _after_hint(state, event)
        case CheckRan(outcome=outcome, merged=merged):
            after = to(state, checks=state.checks + 1)
            name = MERGE_CHECK if merged else CallId(f"check{after.checks}")
            if not outcome.ok:
                return _to_qa(after, name, outcome)
            return to(after, stage="committing") if merged else after
        case AttemptSubmitted(tree=tree):
            return to(state, stage="submitted", tree=tree, gate=None)
        case MergeBegun(onto=onto):
            return to(state, stage="merging", onto=onto)
        case TreeMerged(tree=tree, recheck=recheck):
            return to(state, merged=tree, stage="merge_checking" if recheck else "committing")
        case CommitMade(commit=commit):
            return to(state, commit=commit)
        case AttemptRebound(terms=terms):
            return to(state, terms=terms, call=None, held="", **_NO_TRIES)
        case AttemptEnded(result=result, reason=reason, lesson=lesson):
            return to(
                state, stage="over", result=result, reason=reason, lesson=lesson, gate=None,
                failure=None, running=None, call=None,
            )  # fmt: skip
        case _:
            assert_never(event)


def _after_failed_call(state: Attempt, event: CallFailed) -> Attempt:
    after = msgspec.structs.replace(
        state,
        call=None,
        model_calls=state.model_calls + 1,
        usage=state.usage + event.usage,
        spent=state.spent + amount_of(event.usage, event.usd),
    )
    if event.holds:
        return msgspec.structs.replace(after, held=event.message or event.kind, **_NO_TRIES)
    if falls_back(state, event.kind):
        return msgspec.structs.replace(after, fallen_back=True, **_NO_TRIES)
    soon = event.kind == RATE_LIMIT
    return msgspec.structs.replace(
        after,
        tries=state.tries + (not soon),
        too_soon=state.too_soon + soon,
        rate_waited_s=state.rate_waited_s + (event.delay_s if soon else 0.0),
        delay_s=event.delay_s,
    )


def _after_reply(state: Attempt, event: ReplyRecorded) -> Attempt:
    turn = Turn(event.text, event.calls, event.native, state.model)
    return msgspec.structs.replace(
        state,
        turns=(*state.turns, turn),
        pending=event.calls,
        call=None,
        model_calls=state.model_calls + 1,
        **_NO_TRIES,
        tool_calls=state.tool_calls + len(event.calls),
        usage=state.usage + event.usage,
        spent=state.spent + amount_of(event.usage, event.usd),
    )


def _after_answer(state: Attempt, event: AnswerTaken) -> Attempt:
    gate, answer = state.gate, event.answer
    assert gate is not None, "an answer is only recorded at a gate"
    gates = 0 if gate.action.kind == "spawn" else state.gates
    after = msgspec.structs.replace(state, gate=None, gates=gates)
    if answer.verdict != "approved":
        return after
    if answer.ticket_wide:
        amendment = amendment_for(gate.action, gate.rule, gate.approval, answer.by)
        after = msgspec.structs.replace(after, amendments=(*state.amendments, amendment))
    if gate.action.kind == "spawn":
        message = state.message if answer.arguments is None else answer.arguments
        system = state.system if answer.system is None else answer.system
        return msgspec.structs.replace(after, message=message, system=system)
    if gate.action.kind != "tool":
        return after
    edited = answer.arguments is not None
    digest = answer.digest or (None if edited else gate.action.digest)
    return msgspec.structs.replace(after, permit=Permit(gate.approval, digest, answer.arguments))


def _after_tool(state: Attempt, event: ToolFinished) -> Attempt:
    outcome = event.outcome
    after = msgspec.structs.replace(
        state, running=None, permit=None, gates=0, tree=event.tree, changed=_changed(state, event)
    )
    if outcome.output:
        outputs = state.outputs.insert(event.call, outcome.output)
        after = msgspec.structs.replace(after, outputs=outputs)
    if outcome.failing:
        return _to_qa(after, event.call, outcome)
    same = sameness(state.pending[0], outcome)
    repeats = state.repeats + 1 if same == state.last_result else 1
    after = msgspec.structs.replace(after, last_result=same, repeats=repeats)
    return _answer_call(after, outcome.text, ok=outcome.ok, note=event.note)


def _changed(state: Attempt, event: ToolFinished) -> tuple[str, ...]:
    """Return the paths that edits have touched so far, this one's last if it was done."""
    started = state.running
    if started is None or started.action.effect != "write" or not event.outcome.ok:
        return state.changed
    return tuple(dict.fromkeys((*state.changed, *started.action.paths)))


def sameness(call: Call, outcome: Outcome) -> Digest:
    """Return a digest that two calls share if they asked the same and learnt the same."""
    return digest_of(call.tool, call.arguments, outcome.ok, outcome.fingerprint or outcome.text)


def _to_qa(state: Attempt, call: CallId, outcome: Outcome) -> Attempt:
    outputs = state.outputs.insert(call, outcome.output)
    number = len(state.hints) + 1
    failure = Failure(attempt=state.id, call=call, outcome=outcome, number=number)
    return msgspec.structs.replace(state, failure=failure, outputs=outputs)


def _after_hint(state: Attempt, event: HintTaken) -> Attempt:
    failure = state.failure
    assert failure is not None, "a hint is only taken for a failure"
    same = failure.outcome.fingerprint or event.words
    failed = f"{failure.outcome.command or failure.outcome.finding}: {same}"
    after = msgspec.structs.replace(
        state,
        failure=None,
        hints=(*state.hints, event.words),
        failures=(*state.failures, failed),
        spent=state.spent + amount_of(event.usage, event.usd),
    )
    if failure.call in {SETUP, MERGE_CHECK}:
        return after
    told = told_of(failure, event.words)
    if state.stage == "checking":
        return _after_red_check(after, told)
    return _answer_call(after, told, ok=failure.outcome.ok)


def _after_red_check(state: Attempt, told: str) -> Attempt:
    """Return the attempt back in its turns, the red check as the result of ``finish``."""
    back = msgspec.structs.replace(state, stage="turns")
    if not back.pending:
        last = msgspec.structs.replace(back.turns[-1], note=told)
        return msgspec.structs.replace(back, turns=(*back.turns[:-1], last))
    back = _answer_call(back, told, ok=False)
    while back.pending:
        back = _answer_call(back, "Not run: finish was called before it.", ok=False)
    return back


def _answer_call(state: Attempt, text: Text, *, ok: bool, note: str = "") -> Attempt:
    """Return the attempt with `text` as the result of the first pending call."""
    call, *rest = state.pending
    turn = state.turns[-1]
    done = msgspec.structs.replace(turn, done=(*turn.done, Done(call, text, ok, note)))
    return msgspec.structs.replace(state, turns=(*state.turns[:-1], done), pending=tuple(rest))


def told_of(failure: Failure, hint: str) -> str:
    """Return all that a worker reads of a failure: how it ended, and QA's hint."""
    outcome = failure.outcome
    note = f"\n{outcome.undone_note}" if outcome.undone else ""
    return (
        f"{_what(failure)} {_how(outcome)}. QA hint: {hint} "
        f'(whole output: read_output with call_id "{failure.call}"){note}'
    )


def _what(failure: Failure) -> str:
    if failure.outcome.finding:
        return f"Written, but {failure.outcome.finding}"
    if failure.call.startswith("check"):
        return "The check"
    return "The command"


def _how(outcome: Outcome) -> str:
    if outcome.finding:
        return "does not compile"
    after = f" after {outcome.duration_s:.1f} s"
    if outcome.timed_out:
        return f"ran into its timeout{after}"
    if outcome.signal is not None:
        return f"was ended by signal {outcome.signal}{after}"
    return f"failed with exit code {outcome.exit_code}{after}"
