"""Every kind of stream with its rules: the one table that names them all."""

from typing import Any, get_args

from events import approval, attempt_fold, attempt_rules, hint, journal, run_fold, run_rules
from events.approval import ApprovalEvent
from events.attempt_events import AttemptEvent
from events.base import Event
from events.decider import Decider
from events.drafts import Drafts, drafts_of
from events.hint import HintEvent
from events.ids import StreamId
from events.journal import JournalEvent
from events.run_events import RunEvent

RUN = StreamId("run")
LOG = journal.STREAM

DECIDERS: dict[str, Decider[Any, Any, Any]] = {
    "run": run_rules.DECIDER,
    "attempt": attempt_rules.DECIDER,
    "hint": hint.DECIDER,
    "approval": approval.DECIDER,
}
"""Kind of stream -> its rules. The ``log`` stream has no rules: it is the store's own diary."""

DRAFTS: dict[str, Drafts[Any, Any]] = {
    "run": run_fold.DRAFTS,
    "attempt": attempt_fold.DRAFTS,
    "hint": drafts_of(hint.evolve, get_args(HintEvent)),
    "approval": drafts_of(approval.evolve, get_args(ApprovalEvent)),
}
"""Kind of stream -> how its states change; what `evolve` of its rules does by one event."""

EVENT_TYPES: tuple[type[Event], ...] = (
    *get_args(RunEvent),
    *get_args(AttemptEvent),
    *get_args(HintEvent),
    *get_args(ApprovalEvent),
    *get_args(JournalEvent),
)
"""Every type of event that this program writes."""


def kind_of(stream: StreamId) -> str:
    """Return the kind of a stream: what stands before the first slash.

    >>> kind_of(StreamId("attempt/T1.2"))
    'attempt'
    """
    return stream.partition("/")[0]


def name_of(stream: StreamId) -> str:
    """Return what a stream is about: what stands after the first slash.

    >>> name_of(StreamId("attempt/T1.2"))
    'T1.2'
    """
    return stream.partition("/")[2]
