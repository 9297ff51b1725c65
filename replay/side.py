"""One side of a comparison: a run up to one moment, ticket by ticket."""

from collections.abc import Sequence

import msgspec

from events.attempt_events import (
    AttemptStarted,
    CallFailed,
    HintTaken,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
)
from events.base import Event
from events.conversation import Usage
from events.ids import AttemptId, CommitId, Digest, RunId, TicketId, TreeId, attempt_id, ticket_of
from events.run import Standing
from events.run_terms import Ending
from events.state_digest import state_digest
from events.streams import kind_of, name_of
from events.ticket import TicketState
from replay.answers import Tokens, tokens_of
from replay.archive import Archive
from replay.moment import Moment
from replay.show import planned
from replay.steps import Change, Step, key_of
from replay.timeline import frame_at
from store.log import Recorded
from workspace.objects import Objects, differing


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A run at the moment at which it is compared."""

    run: RunId
    position: int
    last: int
    """The last position of its log."""
    digest: Digest
    """Of the state at `position`."""
    standing: Standing
    ending: Ending | None
    waits: bool
    """Whether nothing of it moves before a person answers."""
    commit: CommitId
    tree: TreeId
    """The code at the run's tip."""


class TicketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a ticket on one side."""

    state: TicketState
    attempts: int
    models: tuple[str, ...]
    """Of its attempts, in order."""
    turns: int
    """Answers of models, over all attempts."""
    tokens: Tokens
    """Of its workers and of QA."""
    usd: float | None
    """Null if a price was not known."""
    files: tuple[str, ...]
    """Paths that it changed, if it was merged."""


class _Spent:
    """Sums over all attempts at one ticket."""

    def __init__(self) -> None:
        self.turns, self.usage, self.usd = 0, Usage(), 0.0
        self.models: list[str] = []
        self.unpriced = False

    def take(self, event: Event) -> None:
        match event:
            case AttemptStarted(terms=terms):
                self.models.append(terms.model)
            case ReplyRecorded(usage=usage, usd=usd):
                self.turns += 1
                self._add(usage, usd)
            case CallFailed(usage=usage, usd=usd) | HintTaken(usage=usage, usd=usd):
                self._add(usage, usd)

    def _add(self, usage: Usage, usd: float | None) -> None:
        self.usage += usage
        self.usd += usd or 0.0
        self.unpriced = self.unpriced or (usd is None and usage.total > 0)


class Side:
    """A run up to one moment, read once."""

    def __init__(self, archive: Archive, at: Moment | None, objects: Objects) -> None:
        """Read it.

        Args:
            archive: The run.
            at: Up to where; None: to its end.
            objects: Its trees.

        Raises:
            MomentUnknownError: the log has no such moment.
            NotInHistoryError: the run was not planned by then.
            DamageError: the log cannot be trusted.
            TreeMissingError, ObjectDamagedError: a tree is lost or damaged.
        """
        frame = frame_at(archive, at)
        self._archive, self.objects, self.world = archive, objects, frame.world
        self.run = planned(frame.world)
        self.compared = Compared(
            run=self.run.facts.run,
            position=frame.world.position,
            last=frame.last,
            digest=state_digest(frame.world),
            standing=self.run.standing,
            ending=self.run.ending,
            waits=self.run.standing == "running" and self.run.waits,
            commit=self.run.commit,
            tree=self.run.tree,
        )
        self._steps: dict[AttemptId, list[Step]] = {}
        self._trees: dict[AttemptId, TreeId] = {}
        """As the last event left each worktree."""
        self._spent: dict[TicketId, _Spent] = {}
        for recorded in archive.records():
            if recorded.position <= frame.world.position and kind_of(recorded.stream) == "attempt":
                self._take(recorded)

    @property
    def tickets(self) -> tuple[TicketId, ...]:
        """All tickets, in file order."""
        return self.run.plan.plan.order

    def steps(self, attempt: AttemptId) -> Sequence[Step]:
        """Return the steps of an attempt; none if it was not begun."""
        return self._steps.get(attempt, ())

    def facts(self, name: TicketId) -> TicketFacts | None:
        """Return what became of a ticket; None if the run has no such ticket.

        Raises:
            TreeMissingError, ObjectDamagedError: the files that it changed cannot be told.
        """
        ticket = self.run.plan.tickets.get(name)
        if ticket is None:
            return None
        spent = self._spent.get(name) or _Spent()
        return TicketFacts(
            state=ticket.status,
            attempts=ticket.attempts,
            models=tuple(spent.models),
            turns=spent.turns,
            tokens=tokens_of(spent.usage),
            usd=None if spent.unpriced else round(spent.usd, 9),
            files=self._files(attempt_id(name, ticket.attempts)),
        )

    def record(self, position: int) -> Recorded:
        """Return the record at a position that the side has."""
        return next(one for one in self._archive.records() if one.position == position)

    def _files(self, name: AttemptId) -> tuple[str, ...]:
        attempt = self.world.attempt(name)
        if attempt.commit is None or attempt.onto is None or attempt.merged is None:
            return ()
        pairs = differing(self.objects, attempt.onto.tree, self.objects, attempt.merged)
        return tuple(pair.path for pair in pairs)

    def _take(self, recorded: Recorded) -> None:
        attempt = AttemptId(name_of(recorded.stream))
        ticket, _ = ticket_of(attempt)
        self._spent.setdefault(ticket, _Spent()).take(recorded.event)
        key = key_of(recorded.event, self._changes(attempt, recorded.event))
        if key is not None:
            self._steps.setdefault(attempt, []).append(Step(recorded.position, key))

    def _changes(self, attempt: AttemptId, event: Event) -> list[Change]:
        """Return what an event did to the worktree of its attempt."""
        match event:
            case AttemptStarted(terms=terms):
                self._trees[attempt] = terms.base_tree
            case SetupRan(tree=tree) | ToolFinished(tree=tree):
                before, self._trees[attempt] = self._trees[attempt], tree
                pairs = differing(self.objects, before, self.objects, tree)
                return [(pair.path, pair.after) for pair in pairs]
        return []
