"""Attempts at every stage of their life, each reached by commands alone."""

from typing import Any

from events import attempt_rules
from events.attempt import Attempt
from events.attempt_commands import (
    AttemptCommand,
    BeginMerge,
    EndAttempt,
    RecordCheck,
    RecordMerge,
    RecordSetup,
    ReviewDoubt,
)
from events.attempt_events import AttemptEvent
from events.attempt_terms import Onto
from tests.histories import (
    ASK_MERGE,
    ASK_SPAWN,
    ASK_TOOLS,
    BEGIN,
    C1,
    CONTEXT,
    GREEN,
    RED,
    answered,
    commit,
    finishes,
    ran,
    says,
    shell,
    started,
    tree,
    wants,
)
from tests.scenario import Scenario

AttemptScenario = Scenario[Attempt, AttemptCommand, AttemptEvent]

NEW: AttemptScenario = Scenario.of(attempt_rules.DECIDER)
TIP = Onto(commit(0), tree(0), at_s=1_800_000_000, position=40)
MOVED_TIP = Onto(commit(7), tree(7), at_s=1_800_000_000, position=40)

OUTSIDE = shell("make deploy", confined=False)
"""A command that no sandbox holds."""


def opened(**terms: Any) -> AttemptScenario:  # noqa: ANN401 - any field of the terms
    """Return an attempt whose context is on record."""
    return NEW.after(started(**terms), CONTEXT)


def in_a_call(**terms: Any) -> AttemptScenario:  # noqa: ANN401 - any field of the terms
    """Return an attempt whose model call is out."""
    return opened(**terms).after(BEGIN)


def facing(*tools: str, **terms: Any) -> AttemptScenario:  # noqa: ANN401 - any field of the terms
    """Return an attempt whose model asked for these tools."""
    return in_a_call(**terms).after(says(*tools))


def checking(**terms: Any) -> AttemptScenario:  # noqa: ANN401 - any field of the terms
    """Return an attempt whose model called ``finish``."""
    return facing("finish", **terms).after(finishes())


def submitted(**terms: Any) -> AttemptScenario:  # noqa: ANN401 - any field of the terms
    """Return an attempt that asks to be merged."""
    return checking(**terms).after(RecordCheck(GREEN))


def merging(onto: Onto = TIP) -> AttemptScenario:
    """Return an attempt whose turn it is."""
    return submitted().after(BeginMerge(onto))


def in_doubt() -> AttemptScenario:
    """Return an attempt of which a crash cut an unconfined command short."""
    approved = facing("run_command").after(wants("c1", OUTSIDE), answered("T1.1.c1"))
    return approved.after(wants("c1", OUTSIDE), ReviewDoubt(C1))


STAGES: dict[str, AttemptScenario] = {
    "new": NEW,
    "opening": NEW.after(started()),
    "spawn asked": opened(policy=ASK_SPAWN),
    "setup due": opened(setup="make deps"),
    "setup red": opened(setup="make deps").after(RecordSetup(RED, tree(1))),
    "between turns": opened(),
    "call out": in_a_call(),
    "tool next": facing("write_file"),
    "tool asked": facing("write_file", policy=ASK_TOOLS).after(wants()),
    "tool permitted": facing("write_file", policy=ASK_TOOLS).after(wants(), answered("T1.1.c1")),
    "tool running": facing("write_file").after(wants()),
    "in doubt": in_doubt(),
    "tool red": facing("run_command").after(wants("c1", shell()), ran("c1", RED)),
    "checking": checking(),
    "check red": checking().after(RecordCheck(RED)),
    "merge asked": submitted(policy=ASK_MERGE),
    "submitted": submitted(),
    "merging": merging(),
    "merge check": merging(MOVED_TIP).after(RecordMerge(tree(9))),
    "merge check red": merging(MOVED_TIP).after(RecordMerge(tree(9)), RecordCheck(RED)),
    "committing": merging().after(RecordMerge(tree(8))),
    "over": opened().after(EndAttempt("cancelled", "enough")),
}
