"""A policy on trial: what it would have said to every action that a past run was judged for.

Nothing is run and nothing is asked: the actions stand in the log, as they were judged in their
time. What a person allowed for the rest of a ticket is left out: it answered another policy.
"""

from collections.abc import Iterator
from typing import NamedTuple

from events.action import Action
from events.attempt import Attempt
from events.attempt_commands import RecordAnswer, RecordContext, RequestTool, ReviewDoubt
from events.attempt_events import (
    AttemptEnded,
    AttemptSubmitted,
    PermitVoided,
    ToolFinished,
    ToolGated,
)
from events.attempt_rules import FINISH, GIVE_UP, action_in_doubt
from events.base import Command, Event
from events.ids import AttemptId, Digest
from events.policy import Policy, Verdict, judge
from events.streams import kind_of
from events.world import World
from replay.archive import Archive
from replay.decisions import after, command_of, decisions


class Judged(NamedTuple):
    """One action, as it was judged and as the policy on trial judges it."""

    position: int
    attempt: AttemptId
    action: Action
    was: Verdict
    would_be: Verdict
    rule: str
    """The rule of the policy on trial."""


def trial(archive: Archive, policy: Policy) -> Iterator[Judged]:
    """Give every action of a run that its policy judged, once, in order.

    Raises:
        DamageError: the log cannot be trusted.
        LogUnusableError: there is none.
    """
    world = World()
    for decision in decisions(archive.records()):
        command = command_of(decision) if kind_of(decision.stream) == "attempt" else None
        if command is not None:
            state = world.states.get(decision.stream, Attempt())
            for action, was in _judged(command, decision.events, state):
                terms = state.bound
                found = judge(
                    policy,
                    action,
                    ticket=terms.ticket.id,
                    archetype=terms.ticket.assigned_to,
                    step=terms.step,
                )
                yield Judged(
                    decision.position, terms.attempt, action, was, found.verdict, found.rule
                )
        world = after(world, decision)


def _judged(
    command: Command, events: list[Event], state: Attempt
) -> Iterator[tuple[Action, Verdict]]:
    """Give the actions that a decision judged, each with what the policy of the run said."""
    match command:
        case RecordContext(digest=digest):
            yield Action(kind="spawn", digest=digest), _verdict(events, "spawn")
        case RequestTool(action=Action() as action) if state.pending[0].tool in {FINISH, GIVE_UP}:
            del action  # no effect: what it asks for is the merge
        case RequestTool(action=Action() as action) if _is_first(events, state):
            yield action, _verdict(events, "tool")
        case ReviewDoubt():
            doubted = action_in_doubt(command, state)
            if doubted is not None:
                yield doubted, _verdict(events, "in_doubt")
        case RecordAnswer():
            return
        case _:
            pass
    tree = _tree_to_merge(events, state)
    if tree is not None:
        yield Action(kind="merge", digest=tree), _verdict(events, "merge")


def _is_first(events: list[Event], state: Attempt) -> bool:
    """Return whether a call is judged for the first time, and not after an answer about it."""
    return state.permit is None and not state.gates and not isinstance(events[0], PermitVoided)


def _tree_to_merge(events: list[Event], state: Attempt) -> Digest | None:
    for event in events:
        match event:
            case AttemptSubmitted(tree=tree):
                return Digest(tree)
            case ToolGated(action=Action(kind="merge", digest=digest)):
                return digest
            case AttemptEnded(result="rejected") if state.stage in {"turns", "checking"}:
                return Digest(state.tree)
    return None


def _verdict(events: list[Event], kind: str) -> Verdict:
    """Return what the policy of the run said about the action of a `kind`."""
    for event in events:
        match event:
            case ToolGated(action=action) if action.kind == kind:
                return "ask"
            case ToolFinished(refused=True) | AttemptEnded(result="rejected"):
                return "deny"
    return "allow"
