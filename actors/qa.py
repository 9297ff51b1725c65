"""QA: a mailbox around hints. Raw failures come in, at most 20 words go out."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import msgspec

from actors.mailbox import Mailbox
from actors.messages import (
    Advised,
    AskLeave,
    ConductorMessage,
    Consult,
    Down,
    Leave,
    Ping,
    QaMessage,
    Ref,
)
from events.attempt_commands import TakeHint
from events.budget import amount_of
from events.conversation import Completion, Prompt, Usage
from events.diagnosis import asked_again, first_cause, hint_in, hint_prompt, too_long
from events.hint import AskHint, Failure, Hint, HintCommand, HintEvent, RecordHint
from events.ids import AttemptId
from events.payload import KeepText, ReadText
from events.run_commands import ReserveBudget
from models.errors import ModelError, RateLimitError
from store.entity import Entity

HintEntity = Entity[Hint, HintCommand, HintEvent]

LONGEST_WAIT_S = 60.0
"""A limit per minute is over after that; longer than this, no hint keeps a worker waiting."""
MOST_REFUSALS = 6
"""Of one hint: a server may name a delay of next to nothing, again and again."""


@dataclass(frozen=True)
class Means:
    """What QA works with, each a function that any thread may call."""

    hint: Callable[[Failure], HintEntity]
    """Opens the stream of a failure's hint, from the log."""
    submit: Callable[[Prompt], "Future[Completion]"]
    price: Callable[[str, Usage], float | None]
    estimate: Callable[[Prompt], int]
    root: Callable[[AttemptId], str]
    """The folder of an attempt's worktree: paths in outputs are shown relative to it."""
    read: ReadText
    keep: KeepText
    model: str
    budgeted: bool
    """Whether each model call needs leave to spend."""


@dataclass
class _Case:
    """A failure on its way to a hint."""

    failure: Failure
    reply_to: Ref[Any]
    entity: HintEntity
    prompt: Prompt
    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    failed: int = 0
    waited_s: float = 0.0
    """What the server asked to wait, in all."""
    said: str = ""
    """The last answer of the model, whole."""
    too_long: str = ""
    """A hint of too many words, for want of a shorter one."""
    shorter: Prompt | None = None
    """What asks for that one."""
    future: "Future[Completion] | None" = None


class Qa(Mailbox):
    """Asks the cheap model for a hint; where it cannot, rules extract one. It keeps no memory."""

    def __init__(self, means: Means, conductor: Ref[ConductorMessage]) -> None:
        """Take the ways to the log and to the models; nothing happens yet."""
        super().__init__()
        self._means = means
        self._conductor = conductor
        self._cases: dict[str, _Case] = {}
        """Failures without a hint yet, by attempt and call, as ``T1.2#c5``."""
        self._me: Ref[QaMessage] = Ref(self.actor_ref)

    def on_receive(self, message: QaMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Consult(failure=failure, reply_to=reply_to):
                self._consult(failure, reply_to)
            case Leave(call=call, granted=granted) if call in self._cases:
                self._take_leave(self._cases[call], granted=granted)
            case Advised(call=call) if call in self._cases:
                self._advised(self._cases[call])
            case Leave() | Advised() | Ping():
                return

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell the Conductor; workers that wait will ask again."""
        self.on_stop()
        self._conductor.tell(Down("qa", error, trace))

    def on_stop(self) -> None:
        """Let go of the calls that are out."""
        for case in self._cases.values():
            if case.future is not None:
                case.future.cancel()

    def _consult(self, failure: Failure, reply_to: Ref[Any]) -> None:
        name = _name(failure)
        if name in self._cases:
            self._cases[name].reply_to = reply_to
            return
        entity = self._means.hint(failure)
        case = _Case(failure, reply_to, entity, self._prompt(failure))
        if entity.state.given is not None:
            self._reply(case)
            return
        self._cases[name] = case
        if entity.state.failure is None:
            entity.execute(AskHint(failure))
        self._ask_for_leave(case)

    def _ask_for_leave(self, case: _Case) -> None:
        """Ask the model, once its next call is covered by the budget too, if there is one."""
        if not self._means.budgeted:
            self._ask(case)
            return
        prompt = case.shorter or case.prompt
        most = case.usage + Usage(self._means.estimate(prompt), prompt.max_output_tokens)
        amount = amount_of(most, self._means.price(self._means.model, most))
        request = ReserveBudget(case.failure.attempt, _name(case.failure), amount, park=False)
        self._conductor.tell(AskLeave(request, self._me))

    def _take_leave(self, case: _Case, *, granted: bool) -> None:
        if granted:
            self._ask(case)
        else:
            self._conclude(case, case.too_long, "no budget is left for a model")

    def _ask(self, case: _Case) -> None:
        case.prompt = case.shorter or case.prompt
        case.future = self._means.submit(case.prompt)
        name = _name(case.failure)
        case.future.add_done_callback(lambda _: self._me.tell(Advised(name)))

    def _advised(self, case: _Case) -> None:
        """Take the model's answer; a hint that is too long is asked for once more."""
        if case.future is None or case.future.cancelled():
            return
        try:
            said = case.future.result()
        except ModelError as error:
            case.usage += error.usage
            case.failed += 1
            if _is_worth_waiting_for(case, error):
                case.waited_s += error.retry_after_s or 0.0
                self._ask_for_leave(case)  # the limiter lets no call leave before that
            else:
                self._conclude(case, case.too_long, str(error))
            return
        case.usage += said.usage
        case.calls += 1
        case.said = self._means.read(self._means.keep(said.text))  # whole, without secrets
        hint = hint_in(case.said)
        if hint is None:
            self._conclude(case, case.too_long, "the model's answer holds no hint")
        elif too_long(hint) and case.shorter is None:
            case.too_long, case.shorter = hint, asked_again(case.prompt, case.said)
            self._ask_for_leave(case)
        else:
            self._conclude(case, hint)

    def _conclude(self, case: _Case, hint: str, problem: str = "") -> None:
        """Put the hint on record, or what the rules extract, if the model gave none."""
        failure, asked = case.failure, case.calls + case.failed > 0
        output = self._means.read(failure.outcome.output)
        root = self._means.root(failure.attempt)
        model = self._means.model if asked else ""
        case.entity.execute(
            RecordHint(
                hint or first_cause(output, failure.outcome, root),
                "model" if hint else "extract",
                model,
                case.usage,
                self._means.keep(msgspec.json.encode(case.prompt).decode()) if asked else "",
                problem,
                case.calls,
                case.failed,
                self._means.price(model, case.usage) if asked else None,
                self._means.keep(case.said) if case.said else "",
                root if root in output else "",
            )
        )
        del self._cases[_name(failure)]
        self._reply(case)

    def _reply(self, case: _Case) -> None:
        given = case.entity.state.given
        assert given is not None, "a hint is given before it is passed on"
        case.reply_to.tell(TakeHint(case.failure.call, given.words, given.usage, given.usd))

    def _prompt(self, failure: Failure) -> Prompt:
        outcome = failure.outcome
        return hint_prompt(
            failure,
            self._means.read(outcome.output),
            self._means.model,
            self._means.read(outcome.source),
            self._means.root(failure.attempt),
        )


def _is_worth_waiting_for(case: _Case, error: ModelError) -> bool:
    """Return whether the server has only named a time before which it is not to be asked."""
    if not isinstance(error, RateLimitError) or not error.retry_after_s:
        return False
    waits_s = case.waited_s + error.retry_after_s
    return waits_s <= LONGEST_WAIT_S and case.failed < MOST_REFUSALS


def _name(failure: Failure) -> str:
    return f"{failure.attempt}#{failure.call}"
