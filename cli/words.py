"""One short line for each kind of event: what a person reads in `trackside log` and as progress.

The stream says whom a line is about, so a line names only what the stream does not.
"""

import re

import msgspec

from events import approval as gate
from events import attempt_events as attempt
from events import attempt_terms, journal
from events import fork_words as fork
from events import hint as qa
from events import run_events as run
from events.action import Action, Outcome
from events.base import Event, UnknownEvent
from events.conversation import Usage
from events.counted import counted
from events.payload import BlobRef, Text
from events.run import Run
from events.ticket import OPEN, Block, TicketState

CALLED_OFF = "called off"
"""What became of a ticket that was not settled when its run was cancelled."""
SHORT_ID = 10
"""Characters of a commit or digest that a line shows."""


def words_of(event: Event) -> str:
    """Return what an event says beyond its type: unescaped, possibly long, possibly nothing."""
    return (
        _of_run(event)
        or _of_ticket(event)
        or _of_attempt(event)
        or _of_others(event)
        or _as_it_stands(event)
    )


def _as_it_stands(event: Event) -> str:
    """Return the JSON of an event that has no words here yet, or is of a later program."""
    if isinstance(event, UnknownEvent):
        return event.original
    facts = msgspec.to_builtins(event)
    del facts["type"]
    return msgspec.json.encode(facts).decode() if facts else ""


def _of_run(event: Event) -> str:
    match event:
        case run.RunStarted(start=start):
            track = f"track {start.track.id} ({counted(start.tickets, 'ticket')})"
            return f"{start.run}: {track} on {start.base[:SHORT_ID]}"
        case run.TicketsPlanned(tickets=tickets):
            return counted(len(tickets), "ticket")
        case run.MergeQueued(attempt=name):
            return f"{name} asks to be merged"
        case run.MergeGranted(attempt=name, onto=onto):
            return f"{name} may merge onto {onto.commit[:SHORT_ID]}"
        case run.RunSandboxed(level=level, description=description):
            return level if level != "none" else f"nothing, so each one asks: {description}"
        case run.RunContinued(by=by):
            return f"by {by}"
        case run.RunPaused(by=by, reason=reason):
            return _because(f"by {by}", reason)
        case run.RunCancelled(by=by, reason=reason):
            return _because(f"by {by}", reason)
        case fork.RunForked(run=name, origin=origin):
            return f"{name} goes its own way from {origin.run} at position {origin.position}"
        case run.RunEnded(ending=ending, commit=commit):
            return f"{ending} at {commit[:SHORT_ID]}"
        case run.RunDelivered(commit=commit, how=how, branch=branch, problem=problem):
            where = _DELIVERED.get(how, "{commit} by {how}")
            words = where.format(commit=commit[:SHORT_ID], branch=branch, how=how)
            return _because(words, problem)
        case run.BudgetReserved(call=call, amount=amount):
            return f"{call} may take {counted(amount.tokens, 'token')}, ${amount.usd:,.4f}"
        case run.BudgetExceeded(call=call, shortfall=shortfall):
            return f"{call} waits for budget: {shortfall.words}"
        case run.BudgetSettled(attempt=name, total=total):
            return f"{name} has used {counted(total.tokens, 'token')}, ${total.usd:,.4f}"
        case run.BudgetRaised(by=by):
            return f"by {by}"
        case run.PolicyAmended(ticket=ticket, amendment=amendment):
            return f"{ticket}: {amendment.by} allows what asks by the rule {amendment.rule}"
        case run.ActorCrashed(actor=actor, error=error):
            return f"{actor}: {error}"
    return ""


def _of_ticket(event: Event) -> str:
    match event:
        case run.TicketUnlocked(ticket=ticket, by=by):
            return f"{ticket} can start: {by} is done"
        case run.TicketAssigned(attempt=name, model=model, gated=gated):
            return f"{name} is worked on by {model_words(model)}" + (
                ", once approved" if gated else ""
            )
        case run.TicketParked(ticket=ticket, approval=approval):
            return f"{ticket} waits for approval {approval}"
        case run.TicketUnparked(ticket=ticket):
            return f"{ticket} goes on"
        case run.TicketCompleted(ticket=ticket, commit=commit, usage=usage):
            return f"{ticket} is merged as {commit[:SHORT_ID]}{_tokens(usage)}"
        case run.TicketRequeued(attempt=name, result=result, reason=reason):
            return _because(f"{name} {_ENDED[result]} and will be tried again", reason)
        case run.TicketBlocked(ticket=ticket, block=block):
            return f"{ticket} is blocked: {block_words(block)}"
        case run.BlockerChanged(ticket=ticket, by=by):
            return f"{ticket} is now held by {by}"
        case run.TicketReleased(ticket=ticket, to=to, by=by):
            return f"{ticket} is released by {by} and is {to}"
        case run.TicketSkipped(ticket=ticket, by=by, reason=reason):
            return _because(f"{ticket} is skipped by {by}", reason)
    return ""


_DELIVERED = {
    "branch": "{commit} to branch {branch}",
    "apply": "{commit} to the checkout",
    "none": "nothing, {commit} stays in the run",
}


_ENDED: dict[attempt_terms.Result, str] = {
    "completed": "is done",
    "failed": "failed",
    "gave_up": "gave up",
    "stuck": "is stuck",
    "budget": "ran out of budget",
    "rejected": "was rejected",
    "cancelled": "was cancelled",
}


def _of_attempt(event: Event) -> str:
    match event:
        case attempt.AttemptStarted(terms=terms):
            return f"{terms.ticket.title} ({model_words(terms.model)})"
        case attempt.ContextAssembled(views=views):
            return counted(len(views), "view")
        case attempt.SetupRan(outcome=outcome):
            return f"setup {outcome_words(outcome)}"
        case attempt.CallBegun(turn=turn, number=number, estimate=estimate):
            return f"turn {turn}, call {number}, about {counted(estimate, 'token')}"
        case attempt.ReplyRecorded(turn=turn, calls=calls, text=text, usage=usage):
            said = ", ".join(f"{call.call} {call.tool}" for call in calls) or text_words(text)
            return f"turn {turn}{_tokens(usage)}: {said}"
        case attempt.CallFailed(kind=kind, message=message, delay_s=delay_s):
            again = f"; again in {delay_s:g} s" if delay_s else ""
            return f"model call failed ({kind}): {message}{again}"
        case attempt.ToolGated(approval=approval, action=action):
            return f"asks for approval {approval}: {action_words(action)}"
        case attempt.AnswerTaken(answer=answer):
            return answer_words(answer)
        case attempt.PermitVoided(approval=approval):
            return f"approval {approval} is void: the action has changed"
        case attempt.ToolStarted(call=call, action=action):
            return f"{call} {action_words(action)}"
        case attempt.ToolFinished(call=call, outcome=outcome, refused=refused):
            return f"{call} {'refused' if refused else outcome_words(outcome)}{_said(outcome)}"
        case attempt.ToolDoubted(call=call):
            return f"{call} was cut short"
        case attempt.WorkFinished(summary=summary):
            return _because("says that it is done", summary)
        case attempt.HintTaken(call=call, words=words):
            return f"{call} failed: {words}"
        case attempt.CheckRan(outcome=outcome, merged=merged):
            return f"check{' of the merged tree' if merged else ''} {outcome_words(outcome)}"
        case attempt.AttemptSubmitted(tree=tree):
            return f"hands over tree {tree[:SHORT_ID]}"
        case attempt.MergeBegun(onto=onto):
            return f"merges onto {onto.commit[:SHORT_ID]}"
        case attempt.TreeMerged(tree=tree, recheck=recheck):
            return f"merged tree {tree[:SHORT_ID]}" + (", to be checked again" if recheck else "")
        case attempt.CommitMade(commit=commit):
            return f"commit {commit[:SHORT_ID]}"
        case attempt.AttemptRebound(terms=terms):
            return f"goes on under other terms ({model_words(terms.model)})"
        case attempt.AttemptEnded(result=result, reason=reason):
            return _because(_ENDED[result], reason)
    return ""


def _of_others(event: Event) -> str:
    match event:
        case qa.HintAsked(failure=failure):
            return outcome_words(failure.outcome)
        case qa.HintGiven(words=words, source=source, model=model, usage=usage):
            by = model_words(model) if source == "model" and model else source
            return f"{words} (by {by}){_tokens(usage)}"
        case gate.ApprovalAsked(question=question):
            return action_words(question.action)
        case gate.ApprovalAnswered(answer=answer):
            return answer_words(answer)
        case gate.ApprovalVoided(reason=reason):
            return reason
        case journal.LogOpened(epoch=epoch, pid=pid, program=program):
            return f"epoch {epoch}, by process {pid} of trackside {program}"
        case journal.LogRecovered(bytes=size, reason=reason, kept=kept):
            return f"dropped {counted(size, 'byte')} at the end ({reason}), kept in {kept}"
    return ""


def action_words(action: Action) -> str:
    """Return what an action would do: ``write_file shop/cart.py``, ``run_command: make test``."""
    if action.kind in {"spawn", "merge"}:
        return {"spawn": "start of the worker", "merge": "merge"}[action.kind]
    doubt = " (cut short before)" if action.kind == "in_doubt" else ""
    told = f": {action.command}" if action.command else " ".join(["", *action.paths])
    return f"{action.tool}{doubt}{told}"


def answer_words(answer: gate.Answer) -> str:
    """Return an answer in one line: what, by whom, and why."""
    edited = ", edited" if answer.arguments is not None else ""
    return _because(f"{answer.verdict} by {answer.by}{edited}", answer.reason)


def block_words(block: Block) -> str:
    """Return why a ticket stands still, as far as it knows itself."""
    if block.cause == "dependency":
        return f"it needs {block.by}"
    return _because(block.cause.replace("_", " "), block.reason)


def state_words(state: TicketState, *, cancelled: bool) -> str:
    """Return the state of a ticket; nothing of a run that was cancelled goes on.

    >>> state_words("step_paused", cancelled=False), state_words("step_paused", cancelled=True)
    ('step paused', 'called off')
    """
    return CALLED_OFF if cancelled and state in OPEN else state.replace("_", " ")


def outcome_words(outcome: Outcome) -> str:
    """Return how a tool or command ended."""
    if outcome.ok and not outcome.finding:
        return "ok"
    if outcome.finding:
        return f"does not compile: {outcome.finding}"
    if outcome.timed_out:
        return "timed out"
    if outcome.signal is not None:
        return f"ended by signal {outcome.signal}"
    return "failed" if outcome.exit_code is None else f"exit {outcome.exit_code}"


def paused_words(run: Run) -> str:
    """Return by whom a run was paused, and why."""
    return _because(f"by {run.paused_by}", run.paused_because)


def model_words(model: str) -> str:
    """Return the name of a model; of a file or a run that it names, only the name.

    >>> model_words("scripted:/home/ann/playbook.json")
    'scripted:playbook.json'
    >>> model_words("recorded:/shop/.trackside/runs/demo+scripted:/home/ann/playbook.json")
    'recorded:demo+scripted:playbook.json'
    """
    return "+".join(map(_short_model, _PARTS.split(model)))


_PARTS = re.compile(r"\+(?=gemini-|scripted:)")


def _short_model(model: str) -> str:
    kind, colon, path = model.partition(":")
    return f"{kind}:{path.rpartition('/')[2]}" if colon else model


def text_words(text: Text) -> str:
    """Return a text, or where it is kept and how long it is."""
    if isinstance(text, BlobRef):
        return f"[{text.size} bytes in blob {text.blob[:SHORT_ID]}]"
    return text


def _said(outcome: Outcome) -> str:
    if outcome.ok or not outcome.text:
        return ""
    return f": {text_words(outcome.text)}"


def _because(what: str, reason: Text) -> str:
    return f"{what}: {text_words(reason)}" if reason else what


def _tokens(usage: Usage) -> str:
    return f" ({counted(usage.total, 'token')})" if usage.total else ""
