"""A fork: a new run whose past is another run's, decision by decision, up to one position.

Nothing of the past is made again and no payload is copied: blobs get a second name, trees are
borrowed, and the decisions are put on record once more, at the times at which they were made. What
is different in the fork stands behind them, in decisions of its own.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from events.approval import Void
from events.attempt_commands import EndAttempt, RebindAttempt
from events.base import Command
from events.decider import Decider
from events.fork_words import Changes, ForkRun, Inherited, Origin, RunForked
from events.ids import AttemptId, Digest, RunId, StreamId, stream_of
from events.run_commands import RaiseBudget
from events.run_events import TicketRequeued
from events.secret_patterns import Redact, without_secrets
from events.state_digest import state_digest
from events.streams import DECIDERS, LOG, RUN, kind_of
from events.world import World
from replay.answers import Tokens, tokens_of
from replay.archive import Archive
from replay.decisions import Decision, after, decisions
from replay.errors import DecisionSplitError, MomentUnknownError, NotInHistoryError
from replay.given import Given, answered, command_of, left_at
from replay.payloads import payloads_of
from replay.show import usage_of_qa
from store.blobs import Blobs
from store.disk import RealDisk
from store.encode import encoded
from store.entity import Entity
from store.jsonl import JsonlLog
from store.log import Recorded, utc_now
from store.run_folder import RunFolder
from workspace.tree import Repository


class Forked(msgspec.Struct, frozen=True, kw_only=True):
    """What `fork` answers."""

    code: str = "forked"
    position: int
    """The last one of the fork's log."""
    digest: Digest
    """Of the state there."""
    run: RunId
    parent: RunId
    at: int
    """The parent's position at which the fork left it."""
    sum: str
    """The digest of the parent's log up to there."""
    goes_on: tuple[AttemptId, ...]
    """Attempts under way, as their past left them."""
    rebound: tuple[AttemptId, ...]
    """Those of them that go on with another model or under another policy."""
    begun_anew: tuple[AttemptId, ...]
    """Attempts that were called off, because their tickets were edited."""
    inherited: Tokens
    """What the past took, at the parent's cost; the fork has used nothing yet."""


class Past(NamedTuple):
    """What a fork takes over."""

    decisions: Sequence[Decision]
    """All of them but the store's own diary."""
    world: World
    at: int
    sum: str
    given: Given | None = None
    """What a model is taken to have said there, if not what it did say."""
    answered: StreamId | None = None
    """The attempt, or the hint, that gets this other answer."""


def fork(
    archive: Archive,
    checkout: Path,
    run: RunId,
    past: Past,
    *,
    changes: Changes,
    budget: RaiseBudget | None = None,
    program: str = "",
    redact: Redact = without_secrets,
) -> Forked:
    """Make the run `run` out of the past of another one, whole or not at all; return what it is.

    Args:
        archive: The parent, which is only read.
        checkout: The user's repository, where the new run will be.
        run: Its name.
        past: What it takes over, as `past_of` has it of the parent.
        changes: What is different from there on.
        budget: The limits of the fork, if not those in force there.
        program: The version of trackside.
        redact: Takes the secrets out of what the fork adds; its past stays as it is.

    Raises:
        CommandRefusedError: see `events.fork_rules.fork`; or the run is over, and has no budget.
        RunFolderError: a run of that name exists, or its folder cannot be made.
        DamageError: the parent cannot be trusted.
    """
    with RunFolder.staged(checkout, run) as folder:
        _share_payloads(past, archive, Blobs(folder.blobs))
        Repository.create(folder.git, checkout, archive.folder.git)
        writer = _Writer(archive, folder, past, redact)
        world, forked = writer.write(run, changes, budget, program)
    return _report(past, world, forked)


def past_of(archive: Archive, at: int | None, given: Given | None = None) -> Past:
    """Return what happened up to position `at`; None: right before what is `given`.

    Raises:
        MomentUnknownError, DecisionSplitError: the run cannot be left at that position.
        NotInHistoryError: it was not planned yet, or no such answer was due.
        DamageError: its log cannot be trusted.
    """
    everything = list(decisions(archive.records()))
    said = None if given is None else answered(everything, given)
    if said is not None:
        at = left_at(everything, said, at)
    assert at is not None, "without an answer the position is given"
    if not 1 <= at <= archive.last:
        raise MomentUnknownError(
            f"{archive.folder.run} has no position {at}: its log goes from 1 to {archive.last}"
        )
    kept = [one for one in everything if one.end <= at]
    world = World()
    for decision in kept:
        world = after(world, decision)
    if world.run.track is None:
        raise _unplanned(at, world, everything[len(kept) :])
    if kept[-1].end != at:
        raise DecisionSplitError(at, kept[-1].end, everything[len(kept)].end)
    own = [one for one in kept if one.stream != LOG]
    return Past(own, world, at, kept[-1].records[-1].sum, given, said and said.stream)


def _unplanned(at: int, world: World, later: Sequence[Decision]) -> NotInHistoryError:
    """Return why a run cannot be left at `at`, and from where on it can."""
    for decision in later:
        world = after(world, decision)
        if world.run.track is not None:
            return NotInHistoryError(
                f"at position {at} the run was not planned yet; take {decision.end} or a later one"
            )
    return NotInHistoryError(f"the run was never planned, so it has no past to go on from at {at}")


def _share_payloads(past: Past, archive: Archive, blobs: Blobs) -> None:
    named = {
        ref: None
        for decision in past.decisions
        for recorded in decision.records
        for ref in payloads_of(recorded)
    }
    blobs.adopt(named, Blobs(archive.folder.blobs))


class _Clock:
    """Tells when the past happened while it is taken over, and what time it is afterwards."""

    def __init__(self) -> None:
        self.past: str | None = None

    def __call__(self) -> datetime:
        return utc_now() if self.past is None else datetime.fromisoformat(self.past)


class _UnsyncedDisk(RealDisk):
    """Does not wait for each decision: the fork is synced once, before anybody can see it."""

    def fdatasync(self, fd: int) -> None:
        """Do nothing."""


class _Writer:
    """Writes the log of one fork."""

    def __init__(self, archive: Archive, folder: RunFolder, past: Past, redact: Redact) -> None:
        self._archive = archive
        self._redact = redact
        self._folder = folder
        self._past = past
        self._world = World()

    def write(
        self, run: RunId, changes: Changes, budget: RaiseBudget | None, program: str
    ) -> tuple[World, Sequence[Recorded]]:
        """Return the state of the fork, and the decision that made it one."""
        clock, given = _Clock(), self._past.given
        with JsonlLog.open(
            self._folder.log,
            self._archive.codec,
            clock=clock,
            disk=_UnsyncedDisk(),
            on_records=self._take_all,
        ) as log:
            log.subscribe(self._take)
            for decision in self._past.decisions:
                clock.past = decision.records[0].at
                self._again(log, decision)
            clock.past = None
            if given is not None:
                changes = msgspec.structs.replace(changes, answer=given.position)
            forked = self._fork(log, run, changes, program)
            if budget is not None:
                self._execute(log, RUN, budget)
            if given is not None and self._past.answered is not None:
                blobs = Blobs(self._folder.blobs, redact=self._redact)
                said = command_of(given, blobs.keep, self._redact)
                self._execute(log, self._past.answered, said)
            self._follow(log, forked)
        fd = os.open(self._folder.log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        return self._world, forked

    def _take_all(self, records: Iterable[Recorded]) -> None:
        for recorded in records:
            self._take(recorded)

    def _take(self, recorded: Recorded) -> None:
        self._world = after(self._world, Decision((recorded,)))

    def _again(self, log: JsonlLog, decision: Decision) -> None:
        decider = DECIDERS.get(kind_of(decision.stream))
        cause = decision.records[0].cause_as(decider.command_type) if decider else None
        log.append(
            decision.stream,
            decision.events,
            expected=self._world.versions.get(decision.stream, 0),
            cause=cause,
        )

    def _fork(
        self, log: JsonlLog, run: RunId, changes: Changes, program: str
    ) -> tuple[Recorded, ...]:
        world, past = self._world, self._past
        origin = Origin(run=world.run.facts.run, position=past.at, sum=past.sum)
        active = sorted(world.run.active)
        command = ForkRun(
            run=run,
            origin=origin,
            changes=changes,
            workers=world.usage,
            qa=usage_of_qa(world),
            inherited=tuple(
                Inherited(name, world.attempt(name).usage, world.attempt(name).spent)
                for name in active
            ),
            program=program,
        )
        return self._execute(log, RUN, command)

    def _follow(self, log: JsonlLog, forked: Sequence[Recorded]) -> None:
        """Have the attempts learn what the fork means for them."""
        for recorded in forked:
            match recorded.event:
                case RunForked(rebound=rebound, changes=changes):
                    self._rebind(log, {one.attempt: one.model for one in rebound}, changes)
                case TicketRequeued(attempt=attempt, reason=reason):
                    self._call_off(log, attempt, str(reason))

    def _rebind(self, log: JsonlLog, models: Mapping[AttemptId, str], changes: Changes) -> None:
        """Bind who goes on to another model and policy, and to ask for leave where it was free."""
        limited = self._world.run.ledger.limits.limits_anything
        for attempt in sorted(self._world.run.active):
            state = self._world.attempt(attempt)
            if state.terms is None or state.stage == "over":
                continue
            before = state.bound
            if attempt in models or (limited and not before.budgeted):
                terms = msgspec.structs.replace(
                    before,
                    model=models.get(attempt, before.model),
                    policy=changes.policy or before.policy,
                    budgeted=before.budgeted or limited,
                )
                self._execute(log, stream_of("attempt", attempt), RebindAttempt(terms))

    def _call_off(self, log: JsonlLog, attempt: AttemptId, reason: str) -> None:
        state = self._world.attempt(attempt)
        if state.terms is None or state.stage == "over":
            return
        for name, question in sorted(self._world.approvals.items()):
            if question.is_open and question.question and question.question.attempt == attempt:
                self._execute(log, stream_of("approval", name), Void(reason))
        self._execute(log, stream_of("attempt", attempt), EndAttempt("cancelled", reason))

    def _execute(self, log: JsonlLog, stream: StreamId, command: Command) -> tuple[Recorded, ...]:
        decider: Decider[Any, Any, Any] = DECIDERS[kind_of(stream)]
        state = self._world.states.get(stream, decider.initial)
        version = self._world.versions.get(stream, 0)
        command, _ = encoded(command, self._redact)
        return Entity(log, stream, decider, state, version).execute(command)


def _report(past: Past, world: World, forked: Sequence[Recorded]) -> Forked:
    rebound: tuple[AttemptId, ...] = ()
    begun_anew: list[AttemptId] = []
    for recorded in forked:
        match recorded.event:
            case RunForked(rebound=those):
                rebound = tuple(one.attempt for one in those)
            case TicketRequeued(attempt=attempt):
                begun_anew.append(attempt)
    run = world.run
    return Forked(
        position=world.position,
        digest=state_digest(world),
        run=run.facts.run,
        parent=run.lineage[-1].run,
        at=past.at,
        sum=past.sum,
        goes_on=tuple(sorted(run.active)),
        rebound=rebound,
        begun_anew=tuple(begun_anew),
        inherited=tokens_of(run.workers_before + run.qa_before),
    )
