"""One line of evidence for a record: what a person would be shown if they asked for proof."""

from typing import assert_never

from events.action import Action, Outcome
from events.approval import Answer, ApprovalAnswered, ApprovalAsked, ApprovalVoided
from events.attempt_events import (
    AttemptEnded,
    AttemptStarted,
    CallFailed,
    CheckRan,
    MergeBegun,
    PermitVoided,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
    ToolGated,
    ToolStarted,
    WorkFinished,
)
from events.attempt_terms import Call
from events.base import Event
from events.diagnosis import first_cause
from events.hint import HintAsked, HintGiven
from events.ids import CallId
from events.payload import ReadText
from events.run_events import (
    ActorCrashed,
    BudgetExceeded,
    RunCancelled,
    RunStarted,
    TicketBlocked,
    TicketRequeued,
    TicketSkipped,
)
from events.ticket import Block

CHARS = 400
"""A line of evidence is no longer; `log`, `show` and `context` have the whole."""


def evidence_of(event: Event, read: ReadText, call: CallId | None = None) -> str:
    """Return the words, the command, the rule or the output that a record rests on; often empty.

    Args:
        event: of the record.
        read: resolves the texts that are kept beside the log.
        call: of an answer with several calls the one that matters.

    Raises:
        DamageError: a kept text is lost.
    """
    return " ".join(_words(event, read, call).split())[:CHARS]


def _words(event: Event, read: ReadText, call: CallId | None) -> str:
    match event:
        case ReplyRecorded():
            return _reply(event, read, call)
        case ToolFinished(outcome=outcome) | CheckRan(outcome=outcome) | SetupRan(outcome=outcome):
            return _outcome(outcome, read)
        case HintAsked(failure=failure):
            return _outcome(failure.outcome, read)
        case HintGiven(words=words, source=source, model=model):
            return f"{model if source == 'model' and model else source}: {words}"
        case ToolStarted(action=action, allowed_by=rule) | ToolGated(action=action, rule=rule):
            return f"{_action(action)}, by rule {rule}" if rule else _action(action)
        case ApprovalAsked(question=question):
            return f"{_action(question.action)}, asked by rule {question.rule}"
        case ApprovalAnswered(answer=answer):
            return _answer(answer)
        case ApprovalVoided(reason=reason):
            return reason
        case PermitVoided(expected=expected, found=found):
            return f"approved was {expected}, found was {found}"
        case AttemptEnded(result=result, reason=reason):
            return f"{result}: {reason}"
        case AttemptStarted(terms=terms):
            limits = terms.limits
            return f"limits: {limits.turns} turns, {limits.wall_s:g} s, model {terms.model}"
        case CallFailed(kind=kind, message=message):
            return f"{kind}: {message}"
        case WorkFinished(summary=summary):
            return read(summary)
        case MergeBegun(onto=onto):
            return f"onto commit {onto.commit}"
        case _:
            return _of_run(event, read)


def _of_run(event: Event, read: ReadText) -> str:
    match event:
        case TicketBlocked(block=block):
            return _block(block, read)
        case TicketRequeued(result=result, reason=reason):
            return f"{result}: {read(reason)}"
        case TicketSkipped(by=by, reason=reason) | RunCancelled(by=by, reason=reason):
            return f"{by}: {reason}" if reason else by
        case ActorCrashed(actor=actor, error=error):
            return f"{actor}: {error}"
        case BudgetExceeded(shortfall=shortfall):
            return shortfall.words
        case RunStarted(start=start):
            return f"track {start.track.id}, policy {start.policy.name}"
    return ""


def _reply(event: ReplyRecorded, read: ReadText, call: CallId | None) -> str:
    asked = [one for one in event.calls if call in {None, one.call}]
    said = read(event.text).strip()
    calls = "; ".join(_call(one, read) for one in asked)
    return " ".join(part for part in (f'"{said}"' if said else "", calls) if part)


def _call(call: Call, read: ReadText) -> str:
    return f"{call.call} {call.tool} {read(call.arguments)}"


def _outcome(outcome: Outcome, read: ReadText) -> str:
    what = f"{outcome.command}: " if outcome.command else ""
    if outcome.ok and not outcome.failing:
        return f"{what}{read(outcome.text)}"
    if outcome.finding:
        return f"{outcome.finding}: {first_cause(read(outcome.output))}"
    ended = "timed out" if outcome.timed_out else f"exit code {outcome.exit_code}"
    if outcome.signal is not None:
        ended = f"signal {outcome.signal}"
    if outcome.exit_code is None and outcome.signal is None and not outcome.timed_out:
        return f"{what}{read(outcome.text)}"
    return f"{what}{ended}: {first_cause(read(outcome.output))}"


def _action(action: Action) -> str:
    words = action.command or " ".join(action.paths)
    return f"{action.tool or action.kind} {words}".rstrip()


def _answer(answer: Answer) -> str:
    edited = ", with other arguments" if answer.arguments is not None else ""
    match answer.verdict:
        case "approved" | "rejected":
            return f"{answer.by} {answer.verdict} it{edited}" + (
                f": {answer.reason}" if answer.reason else ""
            )
        case _:
            assert_never(answer.verdict)


def _block(block: Block, read: ReadText) -> str:
    if block.by is not None:
        return f"it depends on {block.by}"
    return f"{block.cause}: {read(block.reason)}"
