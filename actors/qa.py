"""QA: a mailbox around hints. Raw failures come in, at most 20 words go out."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

import msgspec

from actors.mailbox import Mailbox
from actors.messages import Advised, ConductorMessage, Consult, Down, Ping, QaMessage, Ref
from events.attempt_words import TakeHint
from events.conversation import Completion, Prompt
from events.diagnosis import first_cause, hint_in, hint_prompt
from events.hint import AskHint, Failure, Hint, HintCommand, HintEvent, RecordHint
from events.payload import KeepText, ReadText
from models.errors import ModelError
from store.entity import Entity

Hints = Callable[[Failure], "Entity[Hint, HintCommand, HintEvent]"]
"""Opens the stream of a failure's hint, from the log."""
Submit = Callable[[Prompt], "Future[Completion]"]


class _Out(NamedTuple):
    """A model call that is out for a hint."""

    future: "Future[Completion]"
    reply_to: Ref[Any]
    """The worker that asked last."""


class Qa(Mailbox):
    """Asks the cheap model for a hint; where it cannot, rules extract one. It keeps no memory."""

    def __init__(
        self,
        hints: Hints,
        submit: Submit,
        model: str,
        read: ReadText,
        keep: KeepText,
        conductor: Ref[ConductorMessage],
    ) -> None:
        """Take the ways to the log and to the models; nothing happens yet."""
        super().__init__()
        self._hints = hints
        self._submit = submit
        self._model = model
        self._read = read
        self._keep = keep
        self._conductor = conductor
        self._out: dict[str, _Out] = {}
        self._known: dict[str, Entity[Hint, HintCommand, HintEvent]] = {}
        self._me: Ref[QaMessage] = Ref(self.actor_ref)

    def on_receive(self, message: QaMessage) -> None:
        """Take one message; see `actors.messages`."""
        match message:
            case Consult(failure=failure, reply_to=reply_to):
                self._consult(failure, reply_to)
            case Advised(failure=failure):
                self._advised(failure)
            case Ping():
                return

    def on_death(self, error: BaseException, trace: str) -> None:
        """Tell the Conductor; workers that wait will ask again."""
        self.on_stop()
        self._conductor.tell(Down("qa", error, trace))

    def on_stop(self) -> None:
        """Let go of the calls that are out."""
        for out in self._out.values():
            out.future.cancel()

    def _entity(self, failure: Failure) -> "Entity[Hint, HintCommand, HintEvent]":
        name = _name(failure)
        if name not in self._known:
            self._known[name] = self._hints(failure)
        return self._known[name]

    def _consult(self, failure: Failure, reply_to: Ref[Any]) -> None:
        entity = self._entity(failure)
        if entity.state.given is not None:
            reply_to.tell(TakeHint(failure.call, entity.state.given.words))
            return
        if entity.state.failure is None:
            entity.execute(AskHint(failure))
        if out := self._out.get(_name(failure)):  # the one that asked first has died
            self._out[_name(failure)] = _Out(out.future, reply_to)
            return
        future = self._submit(self._prompt(failure))
        self._out[_name(failure)] = _Out(future, reply_to)
        future.add_done_callback(lambda _: self._me.tell(Advised(failure)))

    def _advised(self, failure: Failure) -> None:
        out = self._out.pop(_name(failure))
        if out.future.cancelled():
            return
        entity = self._entity(failure)
        entity.execute(self._record(failure, out.future))
        assert entity.state.given is not None, "a recorded hint is given"
        out.reply_to.tell(TakeHint(failure.call, entity.state.given.words))

    def _record(self, failure: Failure, future: "Future[Completion]") -> RecordHint:
        prompt = self._keep(msgspec.json.encode(self._prompt(failure)).decode())
        try:
            said = future.result()
        except ModelError as error:
            cause = first_cause(self._read(failure.outcome.output))
            return RecordHint(cause, "extract", prompt=prompt, problem=str(error))
        words = hint_in(said.text)
        if words is None:
            cause = first_cause(self._read(failure.outcome.output))
            problem = "the model's answer holds no hint"
            return RecordHint(cause, "extract", said.served_by, said.usage, prompt, problem)
        return RecordHint(words, "model", said.served_by, said.usage, prompt)

    def _prompt(self, failure: Failure) -> Prompt:
        return hint_prompt(failure, self._read(failure.outcome.output), self._model)


def _name(failure: Failure) -> str:
    return f"{failure.attempt}.{failure.call}"
