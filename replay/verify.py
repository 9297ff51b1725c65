"""The verification of a run: whether its log, and all that it names, is what its rules make."""

from bisect import insort
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from events.counted import counted
from events.ids import Digest, RunId
from events.run_events import RunStarted
from events.run_terms import RULES_VERSION
from events.secret_patterns import Redact, without_secrets
from events.state_digest import state_digest
from events.world import World
from replay.archive import Archive
from replay.blind_spots import blind_spots
from replay.causes import CauseCheck
from replay.counts import Counts
from replay.decisions import Decision, Scene, after, command_of, decided_again, decisions
from replay.desk import Desk
from replay.divergence import RULED, Divergence
from replay.edits import edited_again
from replay.kept_trees import TreeCheck
from replay.payloads import PayloadCheck, payloads_of
from replay.remade import made_again
from store.blobs import Blobs
from store.errors import DamageError
from workspace.errors import ObjectDamagedError, TreeMissingError

MOST = 100
"""Divergences of a kind that are kept; the others are counted."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` answers about one run whose log is whole."""

    code: Literal["verified", "diverged", "other_rules"]
    """``other_rules``: another version wrote it, and decided otherwise than this one would."""
    position: int
    """The last one of the log."""
    digest: Digest
    """Of the state there."""
    sum: str
    """The digest of the log itself: keep it elsewhere, and nobody can change the log unnoticed."""
    run: RunId
    rules: int
    """The version of the rules that the run was begun with."""
    installed_rules: int
    program: str
    """The version of trackside that the run was begun with."""
    installed_program: str
    counts: Counts
    first: Divergence | None
    """The first one that tells against the run."""
    divergences: tuple[Divergence, ...]
    """All that tell against the run, the first ones first; at most 100."""
    total: int
    """How many there are."""
    differences: tuple[Divergence, ...]
    """Where the installed rules differ from those of another version; they tell against nobody."""
    differences_total: int
    unknown: tuple[str, ...]
    """What no verification of this run can know."""


class _Findings:
    """Divergences: the first ones by position, and how many there are."""

    def __init__(self) -> None:
        self.kept: list[Divergence] = []
        self.total = 0

    def add(self, divergence: Divergence) -> None:
        self.total += 1
        insort(self.kept, divergence, key=lambda one: one.position)
        del self.kept[MOST:]


def verify(archive: Archive, checkout: Path, redact: Redact = without_secrets) -> Verdict:
    """Return what becomes of a run if all of it is worked out again; nothing is written.

    Args:
        archive: The run.
        checkout: Where the user's repository is, whose objects its trees borrow.
        redact: What took the secrets out of the files that the run showed.

    Raises:
        DamageError: the log cannot be trusted, so there is nothing to work out.
        LogUnusableError: there is none.
        RepositoryMissingError: there is no repository of the run's trees.
    """
    with Desk(archive, archive.repository(checkout), redact) as desk:
        return _Verification(archive, desk).verdict()


class _Verification:
    """Goes through one log, once."""

    def __init__(self, archive: Archive, desk: Desk) -> None:
        self._archive = archive
        self._desk = desk
        self._payloads = PayloadCheck(Blobs(archive.folder.blobs))
        self._trees = TreeCheck(desk.objects)
        self._causes = CauseCheck()
        self._against, self._differences = _Findings(), _Findings()
        self._same_rules = True

    def verdict(self) -> Verdict:
        world = World()
        for decision in decisions(self._archive.records()):
            try:
                world = self._take(decision, world)
            except _UnfoldableError as error:
                self._add(decision.differs("fold", "a state", str(error.__cause__)))
                self._read_on()
                break
        for divergence in self._causes.left():
            self._add(divergence)
        counts, run = self._desk.counts, world.run
        counts.payloads, counts.objects = self._payloads.count, self._trees.count
        facts = run.start
        rules = facts.rules if facts is not None else RULES_VERSION
        against, differences = self._against, self._differences
        return Verdict(
            code=_code(against, differences),
            position=self._archive.last,
            digest=state_digest(world),
            sum=self._archive.sum,
            run=self._archive.folder.run,
            rules=rules,
            installed_rules=RULES_VERSION,
            program=facts.program if facts is not None else "",
            installed_program=version("trackside"),
            counts=counts,
            first=against.kept[0] if against.kept else None,
            divergences=tuple(against.kept),
            total=against.total,
            differences=tuple(differences.kept),
            differences_total=differences.total,
            unknown=blind_spots(run, counts, self._archive.folder),
        )

    def _take(self, decision: Decision, world: World) -> World:
        counts = self._desk.counts
        counts.records += len(decision.records)
        scene = Scene(decision, command_of(decision), world)
        counts.decisions += scene.command is not None
        for event in decision.events:
            if isinstance(event, RunStarted):
                self._same_rules = event.start.rules == RULES_VERSION
        for divergence in sorted(self._problems(scene), key=lambda one: one.position):
            self._add(divergence)
        try:
            following = after(world, decision)
        except Exception as error:
            raise _UnfoldableError from error
        self._causes.follow(decision, following)
        return following

    def _problems(self, scene: Scene) -> Iterator[Divergence]:
        yield from decided_again(scene)
        yield from self._causes.problems(scene)
        lost = False
        for place, recorded in enumerate(scene.decision.records):
            for ref in payloads_of(recorded):
                if problem := self._payloads.problem(ref):
                    lost = True
                    what = f"payload {ref.blob} of {counted(ref.size, 'byte')}"
                    yield scene.decision.differs("payload", what, problem, place)
            for what, problem in self._trees.problems(recorded.event):
                lost = True
                yield scene.decision.differs("tree", what, problem, place)
        if not lost:
            yield from self._made_again(scene)

    def _made_again(self, scene: Scene) -> Iterator[Divergence]:
        try:
            yield from made_again(scene, self._desk)
            yield from edited_again(scene, self._desk)
        except (DamageError, TreeMissingError, ObjectDamagedError):
            return  # what is lost was told of where it was first named

    def _add(self, divergence: Divergence) -> None:
        of_rules = divergence.kind in RULED and not self._same_rules
        (self._differences if of_rules else self._against).add(divergence)

    def _read_on(self) -> None:
        """Read the log to its end: damage there is the greater news."""
        for recorded in self._archive.records():
            self._desk.counts.records = max(self._desk.counts.records, recorded.position)


class _UnfoldableError(Exception):
    """The state cannot follow a recorded event."""


def _code(
    against: _Findings, differences: _Findings
) -> Literal["verified", "diverged", "other_rules"]:
    if against.total:
        return "diverged"
    return "other_rules" if differences.total else "verified"
