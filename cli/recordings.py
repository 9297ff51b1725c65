"""The recording of a past run: every question that its models were asked, with the answer."""

from pathlib import Path

import msgspec

from cli.history import CODEC
from cli.past import say_torn
from events.attempt_events import AttemptRebound, AttemptStarted, CallBegun, ReplyRecorded
from events.attempt_terms import Terms
from events.base import Event
from events.conversation import Completion, Prompt, RequestedCall, Tier
from events.hint import HintAsked, HintGiven
from events.ids import Digest, StreamId, ticket_of
from models.recorded import Place, Recording
from replay.archive import Archive
from store.run_folder import RunFolder

WORKER: Tier = 3
QA: Tier = 4


def recording_at(folder: str) -> Recording:
    """Return the recording of the run in `folder`.

    Raises:
        DamageError: its log, or a text beside it, cannot be trusted.
        LogUnusableError: there is no run.
    """
    return _Tape(_archive(folder)).recording()


def recording_told(folder: str) -> Recording:
    """Return the same, and say on standard error if the end of that run's log is torn."""
    archive = _archive(folder)
    recording = _Tape(archive).recording()
    say_torn(archive)
    return recording


def _archive(folder: str) -> Archive:
    return Archive(RunFolder(Path(folder)), CODEC)


class _Tape:
    """Goes through a log once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._terms: dict[StreamId, Terms] = {}
        self._asked: dict[StreamId, Digest] = {}
        self._failed: dict[StreamId, Place] = {}
        self._models: dict[str, None] = {}
        self._by_prompt: dict[Digest, dict[Place, Completion]] = {}
        self._by_place: dict[Place, Completion] = {}

    def recording(self) -> Recording:
        for recorded in self._archive.records():
            self._take(recorded.stream, recorded.event)
        return Recording(
            run=self._archive.folder.run,
            models=tuple(self._models),
            by_prompt=self._by_prompt,
            by_place=self._by_place,
        )

    def _take(self, stream: StreamId, event: Event) -> None:
        match event:
            case AttemptStarted(terms=terms) | AttemptRebound(terms=terms):
                self._terms[stream] = terms
                self._models[terms.model] = None
            case CallBegun(prompt=prompt):
                self._asked[stream] = prompt
            case ReplyRecorded():
                terms = self._terms[stream]
                place = Place(WORKER, terms.ticket.id, terms.number, event.turn)
                self._keep(self._asked[stream], place, self._reply(event))
            case HintAsked(failure=failure):
                ticket, number = ticket_of(failure.attempt)
                self._failed[stream] = Place(QA, ticket, number, failure.number)
            case HintGiven() if event.source != "extract":
                place, said = self._failed[stream], self._hint(event)
                self._by_place[place] = said
                if event.prompt:
                    asked = msgspec.json.decode(self._archive.text(event.prompt), type=Prompt)
                    self._models[asked.model] = None
                    self._keep(asked.digest, place, said)

    def _keep(self, prompt: Digest, place: Place, said: Completion) -> None:
        self._by_prompt.setdefault(prompt, {})[place] = said
        self._by_place[place] = said

    def _hint(self, event: HintGiven) -> Completion:
        said = self._archive.text(event.reply)
        return Completion(said or msgspec.json.encode({"hint": event.words}).decode())

    def _reply(self, event: ReplyRecorded) -> Completion:
        read = self._archive.text
        return Completion(
            read(event.text),
            tuple(
                RequestedCall(call.tool, read(call.arguments), call.native_id)
                for call in event.calls
            ),
            native=read(event.native),
            served_by=event.served_by,
        )
