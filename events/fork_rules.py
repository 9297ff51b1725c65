"""How a run answers the wish to be forked: which attempts go on, and which begin anew."""

from collections.abc import Iterator

from events.errors import CommandRefusedError
from events.fork_words import ForkRun, Rebound, RunForked
from events.ladder import model_for
from events.run import Active, Run
from events.run_events import RunEvent, TicketRequeued
from events.run_fold import changed
from events.ticket import DONE

_GOES_ON = frozenset({"running", "paused"})


def fork(command: ForkRun, state: Run) -> list[RunEvent]:
    """Return the fork, and the end of each attempt whose ticket was edited under it.

    An attempt that another model or policy concerns goes on under the new terms: what it has
    learnt stays. An edited ticket asks for another context, so its attempt begins anew, and the
    old one counts neither as a try nor as a rung of the ladder.

    Raises:
        CommandRefusedError: the run has that name already, or an edited ticket is not there, is
            done, or has other dependencies.
    """
    _check(command, state)
    edited = {ticket.id for ticket in command.changes.tickets}
    active = sorted(state.active.values(), key=lambda one: one.attempt)
    forked = RunForked(
        run=command.run,
        origin=command.origin,
        changes=command.changes,
        rebound=tuple(_rebound(command, state, active)),
        workers=command.workers,
        qa=command.qa,
        inherited=command.inherited,
        program=command.program,
    )
    if state.standing not in _GOES_ON:
        return [forked]
    return [
        forked,
        *(_called_off(command, state, one) for one in active if one.ticket in edited),
    ]


def _check(command: ForkRun, state: Run) -> None:
    if command.run == state.facts.run:
        raise CommandRefusedError(command, f"the run is {command.run} already")
    for edited in command.changes.tickets:
        ticket = state.plan[edited.id]
        if ticket.status in DONE:
            reason = f'ticket "{ticket.id}" is {ticket.status}; fork before that to edit it'
            raise CommandRefusedError(command, reason)
        if ticket.depends_on != edited.depends_on:
            reason = f'the dependencies of ticket "{ticket.id}" cannot change in a fork'
            raise CommandRefusedError(command, reason)


def _rebound(command: ForkRun, state: Run, active: list[Active]) -> Iterator[Rebound]:
    after, policy = changed(state, command.changes), command.changes.policy
    edited = {ticket.id for ticket in command.changes.tickets}
    for one in active:
        model = model_for(after, after.plan[one.ticket], one.number)
        other = model != one.model or policy not in {None, state.facts.policy}
        if other and one.ticket not in edited:
            yield Rebound(one.attempt, model)


def _called_off(command: ForkRun, state: Run, active: Active) -> TicketRequeued:
    return TicketRequeued(
        active.ticket,
        active.attempt,
        "cancelled",
        f"its ticket is another one in the fork {command.run}",
        state.plan[active.ticket].lesson,
    )
