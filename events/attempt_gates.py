"""What an attempt must be allowed before it goes on, and how a person is asked."""

from events.action import Action
from events.attempt import Attempt
from events.attempt_events import ToolGated
from events.ids import ApprovalId, CallId, Digest
from events.policy import Judgement, judge


def judgement_of(state: Attempt, action: Action) -> Judgement:
    """Return what the policy of the attempt says to an action, as it stands now."""
    terms = state.bound
    return judge(
        terms.policy,
        action,
        ticket=terms.ticket.id,
        archetype=terms.ticket.assigned_to,
        step=terms.step,
        amendments=state.amendments,
    )


def merge_was_asked(state: Attempt) -> bool:
    """Return whether a person said yes to this merge alone, and not to more of the kind."""
    merge = Action(kind="merge", digest=Digest(state.tree))
    return bool(state.gates) and judgement_of(state, merge).verdict == "ask"


def question_id(state: Attempt, what: str, asked_before: int) -> ApprovalId:
    """Return the id of a question; asked again about the same thing, it has another one."""
    again = f".{asked_before + 1}" if asked_before else ""
    return ApprovalId(f"{state.id}.{what}{again}")


def gated(state: Attempt, action: Action, what: str, asks: Judgement) -> ToolGated:
    """Return the wait for a person's word; `what` is the call, or ``spawn`` or ``merge``."""
    call = CallId(what) if action.kind in {"tool", "in_doubt"} else CallId("")
    return ToolGated(question_id(state, what, state.gates), action, call, asks.rule, asks.expiry)
