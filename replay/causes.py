"""Whether a command says what the streams that it comes from had said before it."""

from collections.abc import Iterator

import msgspec

from events.approval import Approval, Ask, amendment_of
from events.assignment import terms_of
from events.attempt import Attempt
from events.attempt_commands import BeginMerge, RecordAnswer, StartAttempt, TakeHint
from events.attempt_terms import Onto, Terms
from events.base import Command
from events.conversation import Usage
from events.fork_words import RunForked
from events.hint import AskHint
from events.ids import AttemptId
from events.run_commands import AmendPolicy, GrantMerge, ParkTicket, RecordResult
from events.run_events import MergeGranted
from events.streams import RUN, name_of
from events.world import World
from replay.decisions import Decision, Scene
from replay.divergence import Divergence


class CauseCheck:
    """Follows a log and knows what each stream could have told another one.

    Only what is for good is held against a command: an answer, a hint, a grant, a result. What may
    have changed between the telling and the hearing is compared with all that it has been.
    """

    def __init__(self) -> None:
        """Stand before the first decision."""
        self._terms: dict[AttemptId, list[Terms]] = {}
        """Of attempts that are assigned and not started: all that they could have been told."""
        self._granted: dict[AttemptId, Onto] = {}
        self._ahead: list[tuple[int, Divergence]] = []
        """Grants that name a position which the log had not reached, and what to say of each."""

    def follow(self, decision: Decision, world: World) -> None:
        """Take note of a decision; `world` is the one after it."""
        if decision.stream != RUN:
            return
        for event in decision.events:
            match event:
                case MergeGranted():
                    self._granted[event.attempt] = event.onto
                case RunForked(origin=origin):  # its past counts as the log of its parent did
                    self._ahead = [one for one in self._ahead if one[0] >= origin.position]
        for attempt, active in world.run.active.items():
            if world.attempt(attempt).stage == "new":
                told = self._terms.setdefault(attempt, [])
                terms = terms_of(world.run, active)
                if terms not in told:
                    told.append(terms)

    def problems(self, scene: Scene) -> Iterator[Divergence]:
        """Give what a command says otherwise than the log before it, at most one."""
        if scene.command is None:
            return
        expected = self._expected(scene.command, scene)
        if expected is None or expected == scene.command:
            return
        differs = scene.decision.differs("cause", _json(expected), _json(scene.command))
        if isinstance(scene.command, GrantMerge):
            self._ahead.append((scene.command.position, differs))
        else:
            yield differs

    def left(self) -> list[Divergence]:
        """Return, behind the last decision, what no later one has made plain."""
        return [differs for _, differs in self._ahead]

    def _expected(self, command: Command, scene: Scene) -> Command | None:
        """Return the command as the log would give it; None if the log cannot tell."""
        world, to = scene.world, msgspec.structs.replace
        match command:
            case StartAttempt(terms=terms):
                told = self._terms.pop(terms.attempt, [])
                return None if terms in told or not told else to(command, terms=told[-1])
            case BeginMerge():
                attempt = AttemptId(name_of(scene.decision.stream))
                onto = self._granted.get(attempt)
                return None if onto is None else to(command, onto=onto)
            case TakeHint(call=call):
                given = world.hint(f"{name_of(scene.decision.stream)}.{call}").given
                words, usage = ("", Usage()) if given is None else (given.words, given.usage)
                return to(command, words=words, usage=usage)
            case RecordAnswer(approval=approval):
                answer = world.approval(approval).answer
                return None if answer is None else to(command, answer=answer)
            case AskHint(failure=failure):
                put = world.attempt(failure.attempt).failure
                return None if put is None else to(command, failure=put)
            case Ask(question=question):
                gate = world.attempt(question.attempt).gate
                if gate is None:
                    return None
                asked = to(
                    question,
                    approval=gate.approval,
                    action=gate.action,
                    call=gate.call,
                    rule=gate.rule,
                    expiry=gate.expiry,
                )
                return to(command, question=asked)
            case AmendPolicy(amendment=amendment):
                return _amendment_of(world.approval(amendment.approval))
            case ParkTicket(approval=approval):
                asked_of = world.approval(approval).question
                return None if asked_of is None else to(command, attempt=asked_of.attempt)
            case GrantMerge(position=position):
                return to(command, position=min(position, scene.decision.position - 1))
            case RecordResult(attempt=attempt):
                return _result_of(world.attempt(attempt), command)
        return None


def _amendment_of(state: Approval) -> AmendPolicy | None:
    if state.question is None or state.answer is None:
        return None
    amendment = amendment_of(state.question, state.answer)
    return None if amendment is None else AmendPolicy(state.question.attempt, amendment)


def _result_of(state: Attempt, command: RecordResult) -> RecordResult | None:
    if state.result is None:
        return None
    return msgspec.structs.replace(
        command,
        result=state.result,
        reason=state.reason,
        lesson=state.lesson,
        usage=state.usage,
        commit=state.commit,
        tree=state.merged,
    )


def _json(command: Command) -> str:
    return msgspec.json.encode(command).decode()
