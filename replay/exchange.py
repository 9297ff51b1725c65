"""One turn of an attempt as it crossed the wire: what the model saw, and what it answered."""

from collections.abc import Iterator, Sequence

import msgspec

from events import attempt_rules
from events.attempt import Attempt
from events.attempt_events import CallBegun, CallFailed, ReplyRecorded
from events.conversation import Prompt, RequestedCall, View
from events.counted import counted
from events.ids import AttemptId, Digest, RunId, StreamId, TicketId, attempt_id, stream_of
from events.payload import ReadText
from events.prompts import prompt_of
from events.state_digest import state_digest
from events.streams import kind_of, name_of
from events.world import World, fold
from replay.answers import Tokens, tokens_of
from replay.archive import Archive
from replay.errors import NotInHistoryError
from replay.show import attempts_at, planned, require_attempt
from store.log import Recorded
from workspace.tool_schemas import former_specs, specs

_TOOLS = {spec.name: spec for spec in specs()}
"""Every tool as this program tells models of it."""
_FORMER_TOOLS = {spec.name: spec for spec in former_specs()}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the model answered, whole."""

    position: int
    at: str
    text: str
    calls: tuple[RequestedCall, ...]
    served_by: str
    """The model, as its provider names it."""
    usage: Tokens
    latency_s: float
    native: str
    """The provider's own form, JSON as text; empty if it was not kept."""


class FailedTry(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the same turn that came to nothing."""

    position: int
    kind: str
    message: str


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """What `context` answers."""

    code: str
    """``exact``, or ``diverged``: this program builds another prompt than the one on record."""
    position: int
    """The last one of the log."""
    digest: Digest
    """Of the state at the end of the log."""
    run: RunId
    ticket: TicketId
    attempt: int
    turn: int
    attempts: int
    """How many the ticket has had."""
    turns: int
    """How many the attempt has begun."""
    asked: int
    """Position of the call."""
    asked_at: str
    prompt: Prompt
    sent: Digest
    """The digest of the prompt that was sent, as the log has it."""
    rebuilt: Digest
    """The digest of `prompt`."""
    views: tuple[View, ...]
    failed: tuple[FailedTry, ...]
    reply: Reply | None
    """Null if there was none."""


class Conversation:
    """All turns of all attempts at one ticket."""

    def __init__(self, archive: Archive, ticket: TicketId) -> None:
        """Read them.

        Raises:
            NotInHistoryError: the run has no such ticket, or nobody has begun to work on it.
            DamageError: the log cannot be trusted.
        """
        self._archive = archive
        self._ticket = ticket
        self._streams: dict[StreamId, list[Recorded]] = {}
        self._world = World()
        for batch, _ in archive.batches():
            self._world = fold(batch, self._world)
            for recorded in batch:
                if _is_about(recorded.stream, ticket):
                    self._streams.setdefault(recorded.stream, []).append(recorded)
        self.attempts = attempts_at(planned(self._world), ticket)
        """How many there have been."""

    def turns(self, attempt: int) -> int:
        """Return how many turns the `attempt`-th attempt has begun."""
        begun = (one.event for one in self._records(attempt))
        return max((event.turn for event in begun if isinstance(event, CallBegun)), default=0)

    def exchange(self, attempt: int | None = None, turn: int | None = None) -> Exchange:
        """Return one turn; by default the last one of the last attempt.

        Raises:
            NotInHistoryError: there was no such attempt or turn.
            BlobMissingError, BlobDamagedError: a text of it is lost.
        """
        attempt = self.attempts if attempt is None else attempt
        require_attempt(self._world.run, self._ticket, attempt)
        turns = self.turns(attempt)
        turn = turns if turn is None else turn
        name = self._name(attempt)
        if not 1 <= turn <= turns:
            raise NotInHistoryError(
                f"attempt {name} has begun {counted(turns, 'turn')}, so no turn {turn}"
            )
        records, read = self._records(attempt), self._archive.text
        begun, sent = _last_call(records, turn)
        state = _before(records, begun)
        prompt = prompt_again(state, sent, read)
        return Exchange(
            code="exact" if prompt.digest == sent else "diverged",
            position=self._world.position,
            digest=state_digest(self._world),
            run=self._world.run.facts.run,
            ticket=self._ticket,
            attempt=attempt,
            turn=turn,
            attempts=self.attempts,
            turns=turns,
            asked=begun.position,
            asked_at=begun.at,
            prompt=prompt,
            sent=sent,
            rebuilt=prompt.digest,
            views=state.views,
            failed=tuple(_failures(records, turn)),
            reply=_reply(records, turn, read),
        )

    def before(self, exchange: Exchange) -> Exchange | None:
        """Return the turn before; before a first turn, the first turn of the attempt before."""
        if exchange.turn > 1:
            return self.exchange(exchange.attempt, exchange.turn - 1)
        return self.exchange(exchange.attempt - 1, 1) if exchange.attempt > 1 else None

    def _name(self, attempt: int) -> AttemptId:
        return attempt_id(self._ticket, attempt)

    def _records(self, attempt: int) -> Sequence[Recorded]:
        return self._streams.get(stream_of("attempt", self._name(attempt)), [])


def prompt_again(state: Attempt, sent: Digest, read: ReadText) -> Prompt:
    """Return the prompt of the next turn as this program builds it, or an earlier one that sent it.

    Raises:
        BlobMissingError, BlobDamagedError: a text of it is lost.
    """
    made = prompt_of(state, _TOOLS, read)
    if made.digest == sent:
        return made
    former = prompt_of(state, _FORMER_TOOLS, read)
    return former if former.digest == sent else made


def _is_about(stream: StreamId, ticket: TicketId) -> bool:
    return kind_of(stream) == "attempt" and name_of(stream).rpartition(".")[0] == ticket


def _last_call(records: Sequence[Recorded], turn: int) -> tuple[Recorded, Digest]:
    """Return the last call of a turn, and the digest of what it sent."""
    calls = [
        (recorded, recorded.event.prompt)
        for recorded in records
        if isinstance(recorded.event, CallBegun) and recorded.event.turn == turn
    ]
    return calls[-1]


def _before(records: Sequence[Recorded], last: Recorded) -> Attempt:
    events = (one.event for one in records if one.position < last.position)
    return attempt_rules.DECIDER.fold(events)  # type: ignore[arg-type]  # its own stream


def _failures(records: Sequence[Recorded], turn: int) -> Iterator[FailedTry]:
    begun = 0
    for recorded in records:
        match recorded.event:
            case CallBegun(turn=at):
                begun = at
            case CallFailed(kind=kind, message=message) if begun == turn:
                yield FailedTry(position=recorded.position, kind=kind, message=message)


def _reply(records: Sequence[Recorded], turn: int, read: ReadText) -> Reply | None:
    for recorded in records:
        event = recorded.event
        if isinstance(event, ReplyRecorded) and event.turn == turn:
            calls = (
                RequestedCall(call.tool, read(call.arguments), call.native_id)
                for call in event.calls
            )
            return Reply(
                position=recorded.position,
                at=recorded.at,
                text=read(event.text),
                calls=tuple(calls),
                served_by=event.served_by,
                usage=tokens_of(event.usage),
                latency_s=event.latency_s,
                native=read(event.native),
            )
    return None
