"""One hint as it came to be: what QA was asked about a failure, and what it answered."""

from typing import Literal

import msgspec

from events.conversation import Prompt
from events.counted import counted
from events.hint import Failure, HintAsked, HintGiven, Source
from events.ids import CallId, Digest, RunId, StreamId, TicketId, ticket_of
from events.state_digest import state_digest
from events.world import World, fold
from replay.answers import Tokens, tokens_of
from replay.archive import Archive
from replay.errors import NotInHistoryError
from replay.show import planned, require_attempt, require_ticket
from store.log import Recorded


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    position: int
    at: str
    words: str
    """The hint that the worker was given."""
    source: Source
    model: str
    """Who was asked; empty for nobody."""
    reply: str
    """The last answer of the model, whole; empty if there was none, or if it was not kept."""
    problem: str
    """Why it is not the model's own hint, if it is not."""
    calls: int
    """Answers of the model: 2 if its first hint was too long."""
    failed: int
    """Calls of it that came to nothing."""
    usage: Tokens


class Consultation(msgspec.Struct, frozen=True, kw_only=True):
    """What `context --hint` answers."""

    code: Literal["exact", "not_asked", "waiting"]
    """``exact``: the prompt is the one that was sent; ``not_asked``: no model was; ``waiting``:
    there is no hint yet, and the prompt goes on record with it."""
    position: int
    """The last one of the log."""
    digest: Digest
    """Of the state at the end of the log."""
    run: RunId
    ticket: TicketId
    attempt: int
    hint: int
    """1, 2, ... over the failures of the attempt."""
    hints: int
    """How many the attempt has had."""
    call: CallId
    """What failed: a tool call, or ``check1``, ``setup``, ``merge_check``."""
    command: str
    """The command that failed; empty for a file tool."""
    asked: int
    """Position at which the failure was put to QA."""
    asked_at: str
    prompt: Prompt | None
    """What the model was asked last: where its first hint was too long, that is part of it."""
    sent: Digest | None
    """The digest of the prompt."""
    advice: Advice | None


class Consultations:
    """All hints of all attempts at one ticket, in the order of its attempts and their failures."""

    def __init__(self, archive: Archive, ticket: TicketId) -> None:
        """Read them.

        Raises:
            NotInHistoryError: the run has no such ticket.
            DamageError: the log cannot be trusted.
        """
        self._archive = archive
        self._ticket = ticket
        self._world = World()
        self._asked: dict[tuple[int, int], tuple[Recorded, Failure]] = {}
        self._given: dict[StreamId, tuple[Recorded, HintGiven]] = {}
        for batch, _ in archive.batches():
            self._world = fold(batch, self._world)
            for recorded in batch:
                self._take(recorded)
        require_ticket(planned(self._world), ticket)

    def _take(self, recorded: Recorded) -> None:
        match recorded.event:
            case HintAsked(failure=failure):
                ticket, attempt = ticket_of(failure.attempt)
                if ticket == self._ticket:
                    self._asked[attempt, failure.number] = recorded, failure
            case HintGiven() as event:
                self._given[recorded.stream] = recorded, event

    def consultation(self, attempt: int | None = None, hint: int | None = None) -> Consultation:
        """Return one hint; by default the last one of the attempt, or of all.

        Raises:
            NotInHistoryError: there was no such attempt, or hint.
            BlobMissingError, BlobDamagedError: a text of it is lost.
        """
        if attempt is not None:
            require_attempt(self._world.run, self._ticket, attempt)
        places = [place for place in sorted(self._asked) if attempt in {None, place[0]}]
        wanted = [place for place in places if hint in {None, place[1]}]
        if not wanted:
            whose = f"attempt {self._ticket}.{attempt}" if attempt else f'ticket "{self._ticket}"'
            missing = f", so no hint {hint}" if hint is not None else ""
            raise NotInHistoryError(f"{whose} has had {counted(len(places), 'hint')}{missing}")
        return self._consultation(wanted[-1])

    def before(self, consultation: Consultation) -> Consultation | None:
        """Return the hint before, of the same attempt or of an earlier one, if there was one."""
        here = (consultation.attempt, consultation.hint)
        earlier = [place for place in sorted(self._asked) if place < here]
        return self._consultation(earlier[-1]) if earlier else None

    def _consultation(self, place: tuple[int, int]) -> Consultation:
        recorded, failure = self._asked[place]
        given = self._given.get(recorded.stream)
        prompt = None if given is None else self._prompt(given[1])
        return Consultation(
            code=_code(given=given is not None, asked=prompt is not None),
            position=self._world.position,
            digest=state_digest(self._world),
            run=self._world.run.facts.run,
            ticket=self._ticket,
            attempt=place[0],
            hint=place[1],
            hints=sum(attempt == place[0] for attempt, _ in self._asked),
            call=failure.call,
            command=failure.outcome.command,
            asked=recorded.position,
            asked_at=recorded.at,
            prompt=prompt,
            sent=None if prompt is None else prompt.digest,
            advice=None if given is None else self._advice(*given),
        )

    def _prompt(self, event: HintGiven) -> Prompt | None:
        kept = self._archive.text(event.prompt)
        return msgspec.json.decode(kept, type=Prompt) if kept else None

    def _advice(self, recorded: Recorded, event: HintGiven) -> Advice:
        return Advice(
            position=recorded.position,
            at=recorded.at,
            words=event.words,
            source=event.source,
            model=event.model,
            reply=self._archive.text(event.reply),
            problem=event.problem,
            calls=event.calls,
            failed=event.failed,
            usage=tokens_of(event.usage),
        )


def _code(*, given: bool, asked: bool) -> Literal["exact", "not_asked", "waiting"]:
    if not given:
        return "waiting"
    return "exact" if asked else "not_asked"
