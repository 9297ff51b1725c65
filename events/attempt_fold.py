"""What an attempt believes of each event: rules that change its draft in place."""

import msgspec
from rpds import HashTrieMap

from events.action import Outcome
from events.attempt import (
    MERGE_CHECK,
    RATE_LIMIT,
    SETUP,
    Attempt,
    AttemptDraft,
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
from events.attempt_terms import Call, outline_of
from events.budget import amount_of
from events.conversation import digest_of
from events.drafts import Drafts, nothing
from events.hint import Failure
from events.ids import CallId, Digest
from events.payload import Text
from events.policy import amendment_for

_NO_OUTPUTS: "HashTrieMap[CallId, Text]" = HashTrieMap()


def evolve(state: Attempt, event: AttemptEvent) -> Attempt:
    """Return the attempt after `event`."""
    return DRAFTS.evolve(state, event)


def _started(draft: AttemptDraft, event: AttemptStarted) -> None:
    terms = event.terms
    draft.terms = terms
    draft.stage = "opening"
    draft.tree = terms.base_tree
    draft.setup_due = bool(terms.setup)
    draft.amendments = terms.amendments


def _context_assembled(draft: AttemptDraft, event: ContextAssembled) -> None:
    draft.stage = "turns"
    draft.system = event.system
    draft.message = event.message
    draft.tools = event.tools
    draft.views = event.views


def _setup_ran(draft: AttemptDraft, event: SetupRan) -> None:
    draft.setup_due = False
    draft.tree = event.tree
    if not event.outcome.ok:
        _to_qa(draft, SETUP, event.outcome)


def _worktree_lost(draft: AttemptDraft, _event: WorktreeLost) -> None:
    draft.setup_due = bool(draft.bound.setup)


def _call_begun(draft: AttemptDraft, event: CallBegun) -> None:
    draft.call = event
    draft.held = ""


def _replied(draft: AttemptDraft, event: ReplyRecorded) -> None:
    turn = Turn(event.text, event.calls, event.native, draft.model)
    draft.turns = (*draft.turns, turn)
    draft.answers += 1
    draft.pending = event.calls
    draft.tool_calls += len(event.calls)
    _call_ended(draft, event)
    _begin_tries(draft)


def _call_failed(draft: AttemptDraft, event: CallFailed) -> None:
    _call_ended(draft, event)
    if event.holds:
        draft.held = event.message or event.kind
        _begin_tries(draft)
    elif falls_back(draft, event.kind):
        draft.fallen_back = True
        _begin_tries(draft)
    else:
        if event.kind == RATE_LIMIT:
            draft.too_soon += 1
            draft.rate_waited_s += event.delay_s
        else:
            draft.tries += 1
        draft.delay_s = event.delay_s


def _call_ended(draft: AttemptDraft, event: ReplyRecorded | CallFailed) -> None:
    draft.call = None
    draft.model_calls += 1
    draft.usage += event.usage
    draft.spent += amount_of(event.usage, event.usd)


def _begin_tries(draft: AttemptDraft) -> None:
    """Forget the calls that failed; mostly none did, and a replay comes by each answer."""
    if draft.tries or draft.too_soon:
        draft.tries = draft.too_soon = 0
        draft.rate_waited_s = draft.delay_s = 0.0


def _gated(draft: AttemptDraft, event: ToolGated) -> None:
    draft.gate = Gate(event.approval, event.action, event.call, event.rule, event.expiry)
    draft.permit = None
    draft.gates += 1


def _answered(draft: AttemptDraft, event: AnswerTaken) -> None:
    gate, answer = draft.gate, event.answer
    assert gate is not None, "an answer is only recorded at a gate"
    kind = gate.action.kind
    draft.gate = None
    if kind == "spawn":
        draft.gates = 0
    if answer.verdict != "approved":
        return
    if answer.ticket_wide:
        amendment = amendment_for(gate.action, gate.rule, gate.approval, answer.by)
        draft.amendments = (*draft.amendments, amendment)
    if kind == "spawn":
        draft.message = draft.message if answer.arguments is None else answer.arguments
        draft.system = draft.system if answer.system is None else answer.system
    elif kind == "tool":
        edited = answer.arguments is not None
        digest = answer.digest or (None if edited else gate.action.digest)
        draft.permit = Permit(gate.approval, digest, answer.arguments)
    elif kind == "in_doubt" and draft.running is not None:
        draft.permit = Permit(gate.approval, gate.action.digest, draft.running.arguments)


def _permit_voided(draft: AttemptDraft, _event: PermitVoided) -> None:
    draft.permit = None


def _tool_started(draft: AttemptDraft, event: ToolStarted) -> None:
    draft.running = event
    draft.edited = event.arguments
    draft.permit = None


def _tool_finished(draft: AttemptDraft, event: ToolFinished) -> None:
    outcome = event.outcome
    draft.changed = _changed(draft, event)
    draft.running = draft.permit = None
    draft.gates = 0
    draft.tree = event.tree
    if outcome.output:
        draft.outputs = draft.outputs.insert(event.call, outcome.output)
    if outcome.failing:
        _to_qa(draft, event.call, outcome)
        return
    same = sameness(draft.pending[0], outcome)
    draft.repeats = draft.repeats + 1 if same == draft.last_result else 1
    draft.last_result = same
    _answer_call(draft, outcome.text, ok=outcome.ok, note=event.note)


def _changed(draft: AttemptDraft, event: ToolFinished) -> tuple[str, ...]:
    """Return the paths that edits have touched so far, this one's last if it was done."""
    started = draft.running
    if started is None or started.action.effect != "write" or not event.outcome.ok:
        return draft.changed
    return tuple(dict.fromkeys((*draft.changed, *started.action.paths)))


def sameness(call: Call, outcome: Outcome) -> Digest:
    """Return a digest that two calls share if they asked the same and learnt the same."""
    return digest_of(call.tool, call.arguments, outcome.ok, outcome.fingerprint or outcome.text)


def told_of(failure: Failure, hint: str, *, whole: bool = True) -> str:
    """Return all that a worker reads of a failure: how it ended, and QA's hint.

    Where the `whole` output is, is only told to those who have the tool for it.
    """
    outcome = failure.outcome
    place = f' (whole output: read_output with call_id "{failure.call}")' if whole else ""
    note = f"\n{outcome.undone_note}" if outcome.undone else ""
    return f"{_what(failure)} {_how(outcome)}. QA hint: {hint}{place}{note}"


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


def _to_qa(draft: AttemptDraft, call: CallId, outcome: Outcome) -> None:
    number = len(draft.hints) + 1
    draft.failure = Failure(attempt=draft.id, call=call, outcome=outcome, number=number)
    draft.outputs = draft.outputs.insert(call, outcome.output)


def _work_finished(draft: AttemptDraft, _event: WorkFinished) -> None:
    draft.stage = "checking"


def _hinted(draft: AttemptDraft, event: HintTaken) -> None:
    failure = draft.failure
    assert failure is not None, "a hint is only taken for a failure"
    same = failure.outcome.fingerprint or event.words
    failed = f"{failure.outcome.command or failure.outcome.finding}: {same}"
    draft.failure = None
    draft.hints = (*draft.hints, event.words)
    draft.failures = (*draft.failures, failed)
    draft.spent += amount_of(event.usage, event.usd)
    if failure.call in {SETUP, MERGE_CHECK}:
        return
    told = told_of(failure, event.words, whole="read_output" in draft.tools)
    if draft.stage == "checking":
        _after_red_check(draft, told)
    else:
        _answer_call(draft, told, ok=failure.outcome.ok)


def _after_red_check(draft: AttemptDraft, told: str) -> None:
    """Have the attempt back in its turns, the red check as the result of ``finish``."""
    draft.stage = "turns"
    if not draft.pending:
        last = msgspec.structs.replace(draft.turns[-1], note=told)
        draft.turns = (*draft.turns[:-1], last)
        return
    _answer_call(draft, told, ok=False)
    while draft.pending:
        _answer_call(draft, "Not run: finish was called before it.", ok=False)


def _answer_call(draft: AttemptDraft, text: Text, *, ok: bool, note: str = "") -> None:
    """Make `text` the result of the first pending call."""
    call, *rest = draft.pending
    turn = draft.turns[-1]
    result = Done(call, text, ok, note, draft.edited)
    draft.edited = None
    done = msgspec.structs.replace(turn, done=(*turn.done, result))
    draft.turns = (*draft.turns[:-1], done)
    draft.pending = tuple(rest)


def _check_ran(draft: AttemptDraft, event: CheckRan) -> None:
    draft.checks += 1
    if not event.outcome.ok:
        name = MERGE_CHECK if event.merged else CallId(f"check{draft.checks}")
        _to_qa(draft, name, event.outcome)
    elif event.merged:
        draft.stage = "committing"


def _submitted(draft: AttemptDraft, event: AttemptSubmitted) -> None:
    draft.stage = "submitted"
    draft.tree = event.tree
    draft.gate = None


def _merge_begun(draft: AttemptDraft, event: MergeBegun) -> None:
    draft.stage = "merging"
    draft.onto = event.onto


def _merged(draft: AttemptDraft, event: TreeMerged) -> None:
    draft.merged = event.tree
    draft.stage = "merge_checking" if event.recheck else "committing"


def _committed(draft: AttemptDraft, event: CommitMade) -> None:
    draft.commit = event.commit


def _rebound(draft: AttemptDraft, event: AttemptRebound) -> None:
    draft.terms = event.terms
    draft.call = None
    draft.held = ""
    _begin_tries(draft)


def _ended(draft: AttemptDraft, event: AttemptEnded) -> None:
    draft.stage = "over"
    draft.result = event.result
    draft.reason = event.reason
    draft.lesson = event.lesson
    _forget(draft)


def _forget(draft: AttemptDraft) -> None:
    """Let go of what only turns to come would need; all of it is in the log."""
    draft.terms = outline_of(draft.bound)
    draft.gate = draft.permit = draft.failure = draft.running = draft.call = None
    draft.edited = None
    draft.system = draft.message = ""
    draft.tools = draft.views = draft.turns = draft.pending = ()
    draft.changed = draft.failures = draft.amendments = ()
    draft.outputs = _NO_OUTPUTS
    draft.last_result = Digest("")


DRAFTS = Drafts(
    lambda state: AttemptDraft(*msgspec.structs.astuple(state)),
    {
        AttemptStarted: _started,
        ContextAssembled: _context_assembled,
        SetupRan: _setup_ran,
        WorktreeLost: _worktree_lost,
        CallBegun: _call_begun,
        ReplyRecorded: _replied,
        CallFailed: _call_failed,
        ToolGated: _gated,
        AnswerTaken: _answered,
        PermitVoided: _permit_voided,
        ToolStarted: _tool_started,
        ToolFinished: _tool_finished,
        ToolDoubted: nothing,
        WorkFinished: _work_finished,
        HintTaken: _hinted,
        CheckRan: _check_ran,
        AttemptSubmitted: _submitted,
        MergeBegun: _merge_begun,
        TreeMerged: _merged,
        CommitMade: _committed,
        AttemptRebound: _rebound,
        AttemptEnded: _ended,
    },
    lambda draft: Attempt(*msgspec.structs.astuple(draft)),
)
