"""One attempt at a ticket: its state, what it believes of each event, and what it still owes.

How a command is answered stands in `attempt_rules`, the words in `attempt_words`. The stages::

    new -> opening -> turns -> checking -> submitted -> merging -> merge_checking -> committing
                        ^_________|  red check, turns left

and from each of them to ``over``. A wait for a person or for QA can lie over any stage: `due` asks
for that first.
"""

from typing import Final, Literal, assert_never

import msgspec
from rpds import HashTrieMap

from events.action import Action, Outcome
from events.attempt_words import (
    AnswerTaken,
    AttemptEnded,
    AttemptEvent,
    AttemptRebound,
    AttemptStarted,
    AttemptSubmitted,
    Call,
    CallBegun,
    CallFailed,
    CheckRan,
    CommitMade,
    ContextAssembled,
    HintTaken,
    MergeBegun,
    Onto,
    PermitVoided,
    ReplyRecorded,
    Result,
    SetupRan,
    Terms,
    ToolDoubted,
    ToolFinished,
    ToolGated,
    ToolStarted,
    TreeMerged,
    WorkFinished,
    WorktreeLost,
)
from events.budget import NOTHING, Amount, amount_of
from events.conversation import Usage, View, digest_of
from events.hint import Failure
from events.ids import ApprovalId, AttemptId, CallId, CommitId, Digest, TreeId
from events.payload import Text
from events.policy import Amendment, Expiry, amendment_for

Stage = Literal[
    "new", "opening", "turns", "checking", "submitted", "merging", "merge_checking", "committing",
    "over",
]  # fmt: skip

HOLDING = frozenset({"quota", "auth"})
"""Kinds of failed model calls that no attempt can cure: the run holds until a person has acted."""
RATE_LIMIT = "rate_limit"
"""The kind of a call that only came too soon: it is no failed try, see `Limits.rate_wait_s`."""
SETUP = CallId("setup")
MERGE_CHECK = CallId("merge_check")


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tool call with what the model is told of it."""

    call: Call
    text: Text
    ok: bool = True
    note: str = ""
    """What trackside adds to it."""


class Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer of the model and all that came of it."""

    text: Text
    calls: tuple[Call, ...] = ()
    native: Text = ""
    native_model: str = ""
    done: tuple[Done, ...] = ()
    """Results in the order of `calls`; complete before the next turn."""
    note: str = ""
    """Words of trackside after a turn without calls: a red check."""


class Gate(msgspec.Struct, frozen=True, omit_defaults=True):
    """An action that waits for a person."""

    approval: ApprovalId
    action: Action
    call: CallId = CallId("")
    rule: str = ""
    expiry: Expiry | None = None


class Permit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person's yes, good for one use of exactly one action."""

    approval: ApprovalId
    digest: Digest | None
    """Of the action that was approved; None: of whatever the edited arguments come to."""
    arguments: Text | None = None
    """The edited arguments, if a person changed them."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of one attempt."""

    terms: Terms | None = None
    stage: Stage = "new"
    tree: TreeId = TreeId("")
    """The worktree as the last recorded effect left it."""
    setup_due: bool = False
    system: Text = ""
    message: Text = ""
    tools: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    turns: tuple[Turn, ...] = ()
    pending: tuple[Call, ...] = ()
    """Calls of the last answer that have no result yet, in order."""
    running: ToolStarted | None = None
    gate: Gate | None = None
    permit: Permit | None = None
    amendments: tuple[Amendment, ...] = ()
    """What a person allowed for the rest of the ticket, earlier attempts included."""
    failure: Failure | None = None
    """What waits for QA's hint."""
    changed: tuple[str, ...] = ()
    """Paths that finished edits have touched, in order; what commands touched is in the tree."""
    call: CallBegun | None = None
    """The model call that may be out."""
    model_calls: int = 0
    """Model calls with a recorded end, failed ones included."""
    fallen_back: bool = False
    """Whether the fallback is asked instead of the model of the terms."""
    tries: int = 0
    """Failed model calls since the last answer; those that came too soon are not counted."""
    too_soon: int = 0
    """Model calls since the last answer that met a rate limit."""
    rate_waited_s: float = 0.0
    """What those have had to wait."""
    held: str = ""
    """Why the run holds on account of the last model call; empty if it does not."""
    delay_s: float = 0.0
    tool_calls: int = 0
    checks: int = 0
    gates: int = 0
    """How often a person was asked about what is next."""
    usage: Usage = Usage()
    """Of the worker's own calls, failed ones included."""
    spent: Amount = NOTHING
    """Of all calls for this attempt, QA's included; what has no known price counts as free."""
    hints: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    """What failed, with its fingerprint; equal words mean the same failure again."""
    last_result: Digest = Digest("")
    """`sameness` of the last tool call that QA had no part in."""
    repeats: int = 0
    """How often in a row that call was made with that result."""
    outputs: "HashTrieMap[CallId, Text]" = msgspec.field(default_factory=HashTrieMap)
    """Whole outputs, for `read_output`."""
    onto: Onto | None = None
    merged: TreeId | None = None
    commit: CommitId | None = None
    result: Result | None = None
    reason: str = ""
    lesson: str = ""

    @property
    def id(self) -> AttemptId:
        """The id of an attempt that was started."""
        return self.bound.attempt

    @property
    def model(self) -> str:
        """The model that is asked next."""
        return self.bound.fallback if self.fallen_back else self.bound.model

    @property
    def bound(self) -> Terms:
        """The terms of an attempt that was started."""
        assert self.terms is not None, "the attempt was never started"
        return self.terms


class OpenContext(msgspec.Struct, frozen=True):
    """Make the worktree, assemble the context from its base tree."""


class RunSetup(msgspec.Struct, frozen=True):
    """Run the setup command in the new worktree."""

    command: str


class PrepareCall(msgspec.Struct, frozen=True):
    """Build the next prompt and ask for leave to send it."""


class CallModel(msgspec.Struct, frozen=True):
    """Send the prompt, `delay_s` from now."""

    delay_s: float


class ConsiderTool(msgspec.Struct, frozen=True):
    """Validate the next tool call and ask for leave to run it."""

    call: Call


class RunTool(msgspec.Struct, frozen=True):
    """Run the tool call whose intent is on record."""

    call: Call
    started: ToolStarted


class AskApproval(msgspec.Struct, frozen=True):
    """Have a person asked."""

    gate: Gate


class AskForHint(msgspec.Struct, frozen=True):
    """Have QA read a failure."""

    failure: Failure


class RunCheck(msgspec.Struct, frozen=True):
    """Run the check on `tree`."""

    command: str
    tree: TreeId


class MergeTree(msgspec.Struct, frozen=True):
    """Merge the attempt's tree three-way onto the tip."""

    onto: Onto


class MakeCommit(msgspec.Struct, frozen=True):
    """Write the one commit of the ticket."""

    onto: Onto
    tree: TreeId


class Report(msgspec.Struct, frozen=True):
    """Tell the Conductor where the attempt stands: submitted, or over."""


Step = (
    OpenContext
    | RunSetup
    | PrepareCall
    | CallModel
    | ConsiderTool
    | RunTool
    | AskApproval
    | AskForHint
    | RunCheck
    | MergeTree
    | MakeCommit
    | Report
)


def due(state: Attempt) -> Step | None:
    """Return the one thing that the attempt owes the world now; None before it is started."""
    if state.stage == "over":
        return Report()
    if state.gate is not None:
        return AskApproval(state.gate)
    if state.failure is not None:
        return AskForHint(state.failure)
    if owes_setup(state):
        return RunSetup(state.bound.setup)
    match state.stage:
        case "new":
            return None
        case "opening":
            return OpenContext()
        case "turns":
            return _due_in_turn(state)
        case "checking":
            return RunCheck(state.bound.check, state.tree)
        case "submitted":
            return Report()
        case "merging" if state.onto is not None:
            return MergeTree(state.onto)
        case "merge_checking" if state.merged is not None:
            return RunCheck(state.bound.check, state.merged)
        case "committing" if state.onto is not None and state.merged is not None:
            return MakeCommit(state.onto, state.merged)
    msg = f"an attempt cannot be {state.stage} without its facts"
    raise AssertionError(msg)


def owes_setup(state: Attempt) -> bool:
    """Return whether the setup command must run now: something will run in the worktree."""
    return state.setup_due and state.stage in {"turns", "checking", "merge_checking"}


def _due_in_turn(state: Attempt) -> Step:
    if state.running is not None:
        return RunTool(state.pending[0], state.running)
    if state.pending:
        return ConsiderTool(state.pending[0])
    if state.call is not None:
        return CallModel(state.delay_s)
    return PrepareCall()


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


def falls_back(state: Attempt, kind: str) -> bool:
    """Return whether a failed call of this kind makes the attempt go on with its fallback."""
    return kind == "quota" and bool(state.bound.fallback) and not state.fallen_back


_NO_TRIES: Final = {"tries": 0, "too_soon": 0, "rate_waited_s": 0.0, "delay_s": 0.0}


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
    return (
        f"{_what(failure)} {_how(outcome)}. QA hint: {hint} "
        f'(whole output: read_output with call_id "{failure.call}")'
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
