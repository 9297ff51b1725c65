"""The state of a run as escaped lines."""

from collections.abc import Iterable, Iterator
from itertools import islice

from cli.escape import clipped, columns, shown
from cli.words import CALLED_OFF, state_words
from events.run_terms import Ending
from replay.answers import Tokens
from replay.show import ActionAt, AttemptAt, Shown, TicketAt

MOST_ROWS = 200
"""Tickets, and attempts, that the text lists; the JSON has all of them."""
WORDS_CHARS = 300
ID_CHARS = 12


def lines_of(state: Shown) -> Iterator[str]:
    """Give the state as escaped lines."""
    standing = state.ending or state.standing
    yield f"run {shown(state.run)} at position {state.position} of {state.last} ({state.at})"
    yield f"track {shown(state.track)}: {clipped(state.title, WORDS_CHARS)}"
    yield f"it is {standing}; tip {state.commit[:ID_CHARS]}, tree {state.tree}"
    yield f"state digest {state.digest}"
    if state.merging:
        yield f"merging: {shown(state.merging)}"
    if state.queue:
        yield f"asking to be merged: {shown(', '.join(state.queue))}"
    for origin in state.lineage:
        yield f"a fork of {shown(origin.run)} at position {origin.position}"
    yield f"workers used {_tokens(state.workers)}; QA used {_tokens(state.qa)}"
    if state.inherited.total:
        yield f"inherited, at the parent's cost: {_tokens(state.inherited)}"
    tickets = (_ticket(row, state.ending) for row in state.tickets)
    yield from _table("tickets", ("ticket", "state", "attempts", ""), tickets)
    header = ("attempt", "stage", "turns", "tokens", "worktree", "")
    yield from _table("attempts", header, map(_attempt, state.attempts))
    yield from _table(
        "waiting for a person",
        ("approval", "rule", ""),
        ((one.approval, one.rule or "-", _action(one.action)) for one in state.approvals),
    )
    yield from _table(
        "started and not ended (in doubt after a crash)",
        ("call", "allowed by", "tree before", ""),
        (
            (f"{one.attempt}.{one.call}", one.allowed_by, one.tree, _action(one.action))
            for one in state.in_doubt
        ),
    )


def _table(title: str, header: tuple[str, ...], rows: "Iterable[tuple[str, ...]]") -> Iterator[str]:
    left = iter(rows)
    cells = [tuple(clipped(cell, WORDS_CHARS) for cell in row) for row in islice(left, MOST_ROWS)]
    if not cells:
        return
    yield ""
    yield f"{title}:"
    yield from columns([header, *cells])
    more = sum(1 for _ in left)
    if more:
        yield f"... and {more} more; --json has all of them"


def _ticket(row: TicketAt, ending: Ending | None) -> tuple[str, ...]:
    state = state_words(row.state, cancelled=ending == "cancelled")
    standing = row.title if state == CALLED_OFF else _standing(row)
    return row.ticket, state, f"{row.attempts} of {row.max_attempts}", standing


def _standing(row: TicketAt) -> str:
    if row.waits_for:
        return f"waits for approval {row.waits_for}"
    if row.block is None:
        return row.title
    if row.block.by is not None:
        return f"needs {row.block.by}"
    return f"{row.block.cause.replace('_', ' ')}: {row.block.reason}"


def _attempt(row: AttemptAt) -> tuple[str, ...]:
    ended = f"{row.result}: {row.reason}" if row.result else ""
    next_calls = f"next: {', '.join(row.calls)}" if row.calls else ""
    tokens = f"{row.usage.total:,}"
    return row.attempt, row.stage, str(row.turns), tokens, row.tree, ended or next_calls


def _action(action: ActionAt) -> str:
    words = action.command or " ".join(action.paths)
    return f"{action.tool or action.kind} {words}".rstrip()


def _tokens(tokens: Tokens) -> str:
    thought = f", {tokens.thinking:,} thinking" if tokens.thinking else ""
    return f"{tokens.total:,} tokens ({tokens.input:,} in, {tokens.output:,} out{thought})"
