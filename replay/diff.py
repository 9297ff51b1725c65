"""What sets runs apart: where two of them part, and how each ticket went in any number of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from events.base import Event
from events.ids import TicketId, TreeId, attempt_id
from events.secret_patterns import without_secrets
from replay.side import Compared, Side, TicketFacts
from replay.steps import Step
from workspace.edit import unified_diff
from workspace.objects import SUBMODULE, Member, Objects, Pair, differing
from workspace.placeholders import hidden

Describe = Callable[[Event], str]


class StepShown(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one side."""

    position: int
    type: str
    words: str


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """Where an attempt goes differently on two sides."""

    ticket: TicketId
    attempt: int
    step: int
    """1, 2, ... in the attempt, counting what can be compared."""
    sides: tuple[StepShown | None, ...]
    """The step of each side; null: it has none."""


class TicketCompared(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket on all sides."""

    ticket: TicketId
    same: bool
    """Whether all its attempts took the same steps, as far as they went on all sides."""
    sides: tuple[TicketFacts | None, ...]
    """Null: the run has no such ticket."""


class FileCompared(msgspec.Struct, frozen=True, kw_only=True):
    """One file that the tips of two sides hold differently."""

    path: str
    change: Literal["added", "removed", "changed", "mode"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What `diff` answers."""

    code: Literal["same", "prefix", "different"]
    """``prefix``: nothing differs, but one side has gone further."""
    sides: tuple[Compared, ...]
    first: Parting | None
    """The first step that two sides have and that differs, first in the order of the first side;
    null for more than two sides."""
    further: Parting | None
    """Without such a step, the first that only one side has."""
    tickets: tuple[TicketCompared, ...]
    files: tuple[FileCompared, ...]
    """From the first side's tip to the second's; empty for more than two sides."""
    patch: str | None
    """The same as a unified diff with placeholders for secrets, if it was asked for."""


def compare(sides: Sequence[Side], describe: Describe, *, patch: bool) -> Comparison:
    """Return what sets the sides apart; the interleaving of their tickets does not matter.

    Raises:
        TreeMissingError, ObjectDamagedError: a tree of a side is lost or damaged.
    """
    names = tuple(dict.fromkeys(name for side in sides for name in side.tickets))
    partings = [parting for name in names for parting in _partings(sides, name)]
    differ = [one for one in partings if None not in one.steps]
    longer = [one for one in partings if None in one.steps]
    pairs = list(_pairs(sides)) if len(sides) == _TWO else []
    tickets = tuple(_ticket(sides, name, differ) for name in names)
    other_plan = any(None in ticket.sides for ticket in tickets)
    return Comparison(
        code="different" if other_plan else _code(differ, longer, pairs),
        sides=tuple(side.compared for side in sides),
        first=_first(differ, sides, describe),
        further=None if differ else _first(longer, sides, describe),
        tickets=tickets,
        files=tuple(FileCompared(path=pair.path, change=_change(pair)) for pair in pairs),
        patch="".join(_patch(sides, pair) for pair in pairs) if patch else None,
    )


_TWO = 2


def _code(
    differ: Sequence[object], longer: Sequence[object], pairs: Sequence[object]
) -> Literal["same", "prefix", "different"]:
    if differ or (pairs and not longer):
        return "different"
    return "prefix" if longer else "same"


class _Parting(msgspec.Struct, frozen=True):
    ticket: TicketId
    attempt: int
    step: int
    steps: tuple[Step | None, ...]

    @property
    def place(self) -> int:
        """Where it stands in the first side that has it."""
        return next(step.position for step in self.steps if step is not None)


def _partings(sides: Sequence[Side], ticket: TicketId) -> Iterator[_Parting]:
    """Give the first parting of a ticket, if there is one: attempts after it had other lessons."""
    runs = [side.run.plan.tickets.get(ticket) for side in sides]
    most = max((found.attempts for found in runs if found is not None), default=0)
    for number in range(1, most + 1):
        name = attempt_id(ticket, number)
        found = _parted([side.steps(name) for side in sides])
        if found is not None:
            place, steps = found
            yield _Parting(ticket, number, place + 1, steps)
            return


def _parted(
    lists: Sequence[Sequence[Step]],
) -> tuple[int, tuple[Step | None, ...]] | None:
    for place in range(max(map(len, lists))):
        steps = tuple(steps[place] if place < len(steps) else None for steps in lists)
        if len({step.key if step is not None else None for step in steps}) > 1:
            return place, steps
    return None


def _first(
    partings: Sequence[_Parting], sides: Sequence[Side], describe: Describe
) -> Parting | None:
    if not partings or len(sides) != _TWO:
        return None
    first = min(partings, key=lambda one: one.place)
    shown = tuple(
        None if step is None else _shown(side, step, describe)
        for side, step in zip(sides, first.steps, strict=True)
    )
    return Parting(ticket=first.ticket, attempt=first.attempt, step=first.step, sides=shown)


def _shown(side: Side, step: Step, describe: Describe) -> StepShown:
    event = side.record(step.position).event
    kind = str(type(event).__struct_config__.tag)
    return StepShown(position=step.position, type=kind, words=describe(event))


def _ticket(sides: Sequence[Side], name: TicketId, differ: Sequence[_Parting]) -> TicketCompared:
    facts = tuple(side.facts(name) for side in sides)
    same = None not in facts and all(parting.ticket != name for parting in differ)
    return TicketCompared(ticket=name, same=same, sides=facts)


def _pairs(sides: Sequence[Side]) -> Iterator[Pair]:
    ours, theirs = sides
    return differing(ours.objects, _tree(ours), theirs.objects, _tree(theirs))


def _tree(side: Side) -> TreeId:
    return side.compared.tree


def _change(pair: Pair) -> Literal["added", "removed", "changed", "mode"]:
    if pair.before is None:
        return "added"
    if pair.after is None:
        return "removed"
    return "mode" if pair.before.object == pair.after.object else "changed"


def _patch(sides: Sequence[Side], pair: Pair) -> str:
    ours, theirs = sides
    before, after = _content(ours.objects, pair.before), _content(theirs.objects, pair.after)
    same = before == after
    before, after = (
        None if data is None else hidden(pair.path, data, without_secrets)
        for data in (before, after)
    )
    if pair.before is not None and pair.after is not None and pair.before.mode != pair.after.mode:
        modes = f"old mode {pair.before.mode}\nnew mode {pair.after.mode}\n"
        return (
            f"--- a/{pair.path}\n+++ b/{pair.path}\n{modes}"
            if same
            else (modes + unified_diff(pair.path, before, after))
        )
    return unified_diff(pair.path, before, after)


def _content(objects: Objects, member: Member | None) -> bytes | None:
    if member is None:
        return None
    if member.mode == SUBMODULE:
        return f"Subproject commit {member.object}\n".encode()
    return objects.blob(member.object)
