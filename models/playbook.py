"""The playbook: what a scripted model says, written down beforehand and checked whole."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from events.conversation import Usage
from models.errors import PlaybookInvalidError

Tokens = Annotated[int, msgspec.Meta(ge=0)]
Failure = Literal["rate_limit", "unavailable", "timeout"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class ScriptedUsage(_Part, frozen=True, kw_only=True):
    """Tokens that a scripted turn reports."""

    input: Tokens = 0
    output: Tokens = 0
    cached: Tokens = 0
    thinking: Tokens = 0

    def usage(self) -> Usage:
        """Return it as every model reports it."""
        return Usage(self.input, self.output, self.cached, self.thinking)


class ScriptedCall(_Part, frozen=True, kw_only=True):
    """One tool call of a scripted turn."""

    tool: str
    args: dict[str, Any] = {}


class Turn(_Part, frozen=True, kw_only=True):
    """One entry of an attempt: an answer, a failed call, or a failed call and then an answer."""

    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    expect: tuple[str, ...] = ()
    """Substrings that the prompt must hold, else the attempt fails."""
    usage: ScriptedUsage | None = None
    error: Failure | None = None

    @property
    def answers(self) -> bool:
        """Whether the entry says anything; without a word it is a failed call only."""
        return bool(self.text or self.calls)


class ScriptedHint(_Part, frozen=True, kw_only=True):
    """What QA says of a failure whose prompt matches a regular expression."""

    match: str
    hint: str


class Playbook(_Part, frozen=True, kw_only=True):
    """What a scripted model says: for each ticket its attempts, for each attempt its turns."""

    tickets: dict[str, tuple[tuple[Turn, ...], ...]]
    qa: tuple[ScriptedHint, ...] = ()
    """The first entry that matches speaks."""
    usage: ScriptedUsage | None = None
    """For turns without one of their own; without it, characters are counted."""


class Step(msgspec.Struct, frozen=True):
    """What one call of an attempt meets."""

    turn: Turn
    number: int
    """1, 2, ...: the place of `turn` in its attempt."""
    error: Failure | None = None
    """The call fails with it; None: `turn` is the answer."""


def steps(turns: Sequence[Turn]) -> Iterator[Step]:
    """Yield what the calls of an attempt meet, in order: an error comes before its answer."""
    for number, turn in enumerate(turns, 1):
        if turn.error is not None:
            yield Step(turn, number, turn.error)
        if turn.answers:
            yield Step(turn, number)


def read_playbook(path: Path) -> Playbook:
    """Return the playbook in the file `path`.

    Raises:
        PlaybookInvalidError: it cannot be read or used; all its problems, each with its place.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlaybookInvalidError(str(path), [f"cannot be read: {error.strerror}"]) from None
    return parse_playbook(data, str(path))


def parse_playbook(data: bytes, source: str) -> Playbook:
    """Return the playbook that the JSON text `data` holds; `source` names it in errors.

    Raises:
        PlaybookInvalidError: it cannot be used; all its problems, each with its place.
    """
    try:
        raw = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise PlaybookInvalidError(source, [f"is not JSON: {error}"]) from None
    problems = list(_problems(raw))
    if problems:
        raise PlaybookInvalidError(source, problems)
    return msgspec.convert(raw, Playbook)


def parse_turn(data: bytes, source: str) -> Turn:
    """Return the one turn that the JSON text `data` holds; `source` names it in errors.

    Raises:
        PlaybookInvalidError: it is no answer of a model; all its problems.
    """
    try:
        raw = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise PlaybookInvalidError(source, [f"is not JSON: {error}"]) from None
    problems = list(_misfit(raw, Turn, ""))
    turn = Turn() if problems else msgspec.convert(raw, Turn)
    if not problems and (turn.error or not turn.answers):
        problems = ["must be an answer: give it text or calls, and no error"]
    if problems:
        raise PlaybookInvalidError(source, problems)
    return turn


def _problems(raw: object) -> Iterator[str]:
    """Yield what is wrong, piece by piece, since msgspec stops at the first problem."""
    if not isinstance(raw, dict):
        yield "must be a JSON object"
        return
    tickets, hints = raw.get("tickets"), raw.get("qa", [])
    pieces = raw | ({"tickets": {}} if isinstance(tickets, dict) else {})
    pieces |= {"qa": []} if isinstance(hints, list) else {}
    yield from _misfit(pieces, Playbook, "")
    for ticket, attempts in tickets.items() if isinstance(tickets, dict) else ():
        place = f"tickets[{ticket!r}]"
        if not isinstance(attempts, list):
            yield f"{place}: must be a list of attempts"
            continue
        for number, turns in enumerate(attempts):
            yield from _attempt_problems(turns, f"{place}[{number}]")
    for number, hint in enumerate(hints if isinstance(hints, list) else ()):
        yield from _hint_problems(hint, f"qa[{number}]")


def _attempt_problems(turns: object, place: str) -> Iterator[str]:
    if not isinstance(turns, list):
        yield f"{place}: must be a list of turns"
        return
    for number, turn in enumerate(turns):
        here = f"{place}[{number}]"
        misfits = list(_misfit(turn, Turn, here))
        yield from misfits
        if not misfits and not (turn.get("text") or turn.get("calls") or turn.get("error")):
            yield f"{here}: says nothing: give it text, calls or an error"


def _hint_problems(hint: object, place: str) -> Iterator[str]:
    misfits = list(_misfit(hint, ScriptedHint, place))
    yield from misfits
    if not misfits and isinstance(hint, dict):
        try:
            re.compile(hint["match"])
        except re.error as error:
            yield f"{place}.match: is no regular expression: {error}"


def _misfit(raw: object, kind: type, place: str) -> Iterator[str]:
    """Yield what keeps `raw` from being a `kind`, if anything does."""
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        there = place + where.removesuffix("`")
        yield f"{there.removeprefix('.')}: {what}" if there else what
