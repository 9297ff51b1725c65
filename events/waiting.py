"""Which questions a run waits for, and why an answer to another one means nothing."""

from events.approval import Approval, Question, standing_of
from events.ids import ApprovalId
from events.world import World


def waiting(world: World) -> tuple[Question, ...]:
    """Return the questions that a person can answer now, first asked first."""
    asked = [
        (approval.asked.wall_s if approval.asked else 0.0, name, approval.question)
        for name, approval in world.approvals.items()
        if approval.question is not None and _is_live(world, approval)
    ]
    return tuple(question for _, _, question in sorted(asked, key=lambda one: one[:2]))


def no_answer_because(world: World, name: ApprovalId) -> str | None:
    """Return why the question `name` takes no answer; None if it waits for one."""
    approval = world.approval(name)
    if approval.question is not None and approval.is_open and not _is_live(world, approval):
        return f"ticket {approval.question.ticket} no longer waits for it"
    return None if approval.is_open else standing_of(approval)


def answered(world: World) -> bool:
    """Return whether an attempt waits for an answer that is on record: it can go on."""
    gates = (world.attempt(attempt).gate for attempt in world.run.active)
    return any(gate and world.approval(gate.approval).answer is not None for gate in gates)


def _is_live(world: World, approval: Approval) -> bool:
    """Return whether the attempt that asked still waits; it may have been skipped, or cancelled."""
    question = approval.question
    if question is None or not approval.is_open or question.attempt not in world.run.active:
        return False
    gate = world.attempt(question.attempt).gate
    going = world.run.standing in {"running", "paused"}
    return going and gate is not None and gate.approval == question.approval
