"""The end of a run in words: a dozen escaped lines for a person."""

from collections import Counter
from collections.abc import Iterator

from cli.answers import Parent, Summary
from cli.blocks import chain_words
from cli.escape import clipped, columns, shown
from cli.spending import usd_words
from cli.words import CALLED_OFF, SHORT_ID, model_words
from events.counted import counted
from events.ticket import OPEN

TIERS = {1: "epic", 2: "track", 3: "workers", 4: "QA"}
MOST_LISTED = 20
"""Blocked tickets and questions that the text lists; the JSON has all of them."""
REASON_CHARS = 400

_STATES = {
    "completed": "completed",
    "in_progress": "in progress",
    "step_paused": "waiting for a person",
    "pending": "ready",
    "locked": "locked",
    "blocked": "blocked",
    "skipped": "skipped",
}
"""State of a ticket -> how it is counted in words; the order is that of the line."""


def lines_of(summary: Summary) -> Iterator[str]:
    """Give the lines, escaped and without their ends."""
    standing = _STANDING[summary.code]
    if summary.code == "waiting" and not summary.waits:
        standing = "has what it waited for, and has to go on"
    yield f"run {shown(summary.run)} {standing}: {counts_words(summary)}"
    if summary.paused:
        yield f"paused {clipped(summary.paused, REASON_CHARS)}"
    if summary.parent is not None:
        yield parent_words(summary.parent)
    yield from _delivery(summary)
    if summary.blocked:
        yield "blocked:"
        rows = [[b.ticket, clipped(chain_words(b.because), REASON_CHARS)] for b in summary.blocked]
        yield from _listed(rows)
    if summary.waits:
        yield "waits:"
        rows = [[w.approval, clipped(w.action, REASON_CHARS)] for w in summary.waits]
        yield from _listed(rows)
    yield from use_lines(summary)
    if summary.next:
        yield "next:"
        yield from (f"  {shown(command)}" for command in summary.next)


_STANDING = {
    "completed": "is completed",
    "blocked": "ended with blocked tickets",
    "cancelled": "was cancelled",
    "waiting": "waits for a person",
    "paused": "is paused",
    "running": "is running",
    "interrupted": "was interrupted",
}


def parent_words(parent: Parent) -> str:
    """Return where a fork comes from, and what its past took."""
    return (
        f"it is a fork of {shown(parent.run)} at position {parent.position}; "
        f"its past took {parent.inherited.tokens:,} tokens, which are not its own"
    )


def counts_words(summary: Summary) -> str:
    """Return how many tickets are in which state: ``3 of 5 tickets completed, 2 blocked``."""
    completed = summary.counts["completed"]
    of_all = f"{completed} of {counted(summary.tickets, 'ticket')} completed"
    cancelled = summary.code == "cancelled"
    others = Counter[str]()
    for state, number in summary.counts.items():
        if state != "completed" and number:
            others[CALLED_OFF if cancelled and state in OPEN else _STATES[state]] += number
    answered = others[_STATES["step_paused"]] - len(summary.waits)
    if answered > 0:
        others.subtract({_STATES["step_paused"]: answered})
        others["answered"] = answered
    return ", ".join([of_all, *(f"{number} {state}" for state, number in others.items() if number)])


def use_lines(summary: Summary) -> Iterator[str]:
    """Give what was used in all, and by tier and model."""
    if not summary.use.calls:
        return
    yield f"used: {counted(summary.use.tokens, 'token')}, cost {usd_words(summary.use.usd)}"
    yield from columns(
        [
            f"  tier {row.tier} ({TIERS[row.tier]})",
            shown(model_words(row.model)),
            counted(row.use.calls, "call"),
            f"{row.use.input:,} in ({row.use.cached:,} cached)",
            f"{row.use.output:,} out",
            f"{row.use.thinking:,} thinking",
            f"cost {usd_words(row.use.usd)}",
        ]
        for row in summary.tiers
    )
    if summary.unpriced:
        yield f"  no price is known for {shown(', '.join(summary.unpriced))}"


def _delivery(summary: Summary) -> Iterator[str]:
    done = summary.delivery
    if done is None:
        return
    commit = done.commit[:SHORT_ID]
    match done.how:
        case "branch":
            yield f"delivered: branch {shown(done.branch)} at {commit}"
        case "apply":
            yield f"delivered: your checkout is now at {commit}"
        case _:
            yield f"not delivered: {commit}"
    if done.problem:
        yield f"  {clipped(done.problem, REASON_CHARS)}"


def _listed(rows: list[list[str]]) -> Iterator[str]:
    yield from columns([f"  {shown(name)}", *rest] for name, *rest in rows[:MOST_LISTED])
    if len(rows) > MOST_LISTED:
        yield f"  ... and {len(rows) - MOST_LISTED} more"
