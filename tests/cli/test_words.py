"""Every event and every action in words for people."""

import pytest

from cli.words import action_words, outcome_words, words_of
from events.action import Action, Outcome
from events.approval import Answer, ApprovalAnswered, ApprovalAsked, ApprovalVoided, Question
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    CallFailed,
    CheckRan,
    MergeBegun,
    PermitVoided,
    ReplyRecorded,
    SetupRan,
    ToolDoubted,
    ToolFinished,
    ToolGated,
    TreeMerged,
    WorkFinished,
    WorktreeLost,
)
from events.attempt_terms import Onto
from events.base import Event, UnknownEvent
from events.budget import Amount, Shortfall
from events.conversation import Usage
from events.hint import Failure, HintAsked, HintGiven
from events.ids import ApprovalId, CallId, Digest, RunId, TicketId
from events.journal import LogOpened, LogRecovered
from events.payload import BlobRef
from events.run_events import (
    ActorCrashed,
    BlockerChanged,
    BudgetExceeded,
    BudgetRaised,
    BudgetReserved,
    BudgetSettled,
    MergeQueued,
    RunCancelled,
    RunContinued,
    RunDelivered,
    RunPaused,
    TicketAssigned,
    TicketBlocked,
    TicketParked,
    TicketReleased,
    TicketRequeued,
    TicketSkipped,
    TicketUnlocked,
    TicketUnparked,
)
from events.settings import Budget
from events.ticket import Block
from tests.histories import ATTEMPT, C1, GREEN, RED, T1, commit, digest, shell, tree, write

A1 = ApprovalId("T1.1.c1")
SHORTFALL = Shortfall("run", "tokens", 1000, 900, 300)
BLOB = BlobRef(Digest("ab" * 32), 5000)

SAID: list[tuple[Event, str]] = [
    (
        LogOpened(run=RunId("r"), format="f", salt="s", epoch=2, pid=7, program="0.1.0"),
        "epoch 2, by process 7 of trackside 0.1.0",
    ),
    (
        LogRecovered(bytes=9, reason="half a record", kept="torn-5-1"),
        "dropped 9 bytes at the end (half a record), kept in torn-5-1",
    ),
    (
        TicketAssigned(T1, ATTEMPT, 1, "scripted:/a/b.json", commit(0), tree(0), gated=True),
        "T1.1 is worked on by scripted:b.json, once approved",
    ),
    (TicketParked(T1, A1), "T1 waits for approval T1.1.c1"),
    (TicketUnparked(T1), "T1 goes on"),
    (
        TicketRequeued(T1, ATTEMPT, "gave_up", "no way", usage=Usage(input=5)),
        "T1.1 gave up and will be tried again: no way",
    ),
    (TicketBlocked(T1, Block("dependency", by=TicketId("T0"))), "T1 is blocked: it needs T0"),
    (TicketBlocked(T1, Block("manual", "later")), "T1 is blocked: manual: later"),
    (BlockerChanged(T1, TicketId("T0")), "T1 is now held by T0"),
    (TicketReleased(T1, "pending", "ann"), "T1 is released by ann and is pending"),
    (TicketSkipped(T1, "ann"), "T1 is skipped by ann"),
    (TicketSkipped(T1, "ann", "too old"), "T1 is skipped by ann: too old"),
    (TicketUnlocked(T1, TicketId("T0")), "T1 can start: T0 is done"),
    (MergeQueued(T1, ATTEMPT), "T1.1 asks to be merged"),
    (RunPaused("ann"), "by ann"),
    (RunContinued("ann"), "by ann"),
    (RunCancelled("ann", "enough"), "by ann: enough"),
    (
        BudgetReserved(ATTEMPT, "T1.1#2", Amount(9000, 0.5)),
        "T1.1#2 may take 9,000 tokens, $0.5000",
    ),
    (
        BudgetExceeded(ATTEMPT, "T1.1#2", SHORTFALL),
        f"T1.1#2 waits for budget: {SHORTFALL.words}",
    ),
    (BudgetSettled(ATTEMPT, "T1.1#2", Amount(1, 0.5)), "T1.1 has used 1 token, $0.5000"),
    (BudgetRaised(Budget(), "ann"), "by ann"),
    (ActorCrashed("qa", "KeyError: 1"), "qa: KeyError: 1"),
    (SetupRan(RED, tree(1)), "setup exit 1"),
    (ReplyRecorded(3, "I am done", usage=Usage(input=1200)), "turn 3 (1,200 tokens): I am done"),
    (ReplyRecorded(3, BLOB), "turn 3: [5000 bytes in blob ababababab]"),
    (
        CallFailed("rate_limit", "too many", 2.5),
        "model call failed (rate_limit): too many; again in 2.5 s",
    ),
    (CallFailed("auth", "no key"), "model call failed (auth): no key"),
    (
        ToolGated(A1, shell("rm -r build"), C1),
        "asks for approval T1.1.c1: run_command: rm -r build",
    ),
    (
        AnswerTaken(A1, Answer(verdict="rejected", by="ann", reason="no")),
        "rejected by ann: no",
    ),
    (
        ApprovalAnswered(Answer(verdict="approved", by="ann", arguments="{}")),
        "approved by ann, edited",
    ),
    (ApprovalVoided("the file changed"), "the file changed"),
    (
        ApprovalAsked(Question(approval=A1, ticket=T1, attempt=ATTEMPT, action=write())),
        "write_file till.py",
    ),
    (
        PermitVoided(A1, digest("a"), digest("b")),
        "approval T1.1.c1 is void: the action has changed",
    ),
    (ToolFinished(C1, GREEN, tree(1)), "c1 ok"),
    (
        ToolFinished(C1, Outcome(ok=False, text="no such file"), tree(1), refused=True),
        "c1 refused: no such file",
    ),
    (ToolDoubted(C1), "c1 was cut short"),
    (WorkFinished(), "says that it is done"),
    (WorkFinished(BLOB), "says that it is done: [5000 bytes in blob ababababab]"),
    (CheckRan(GREEN), "check ok"),
    (CheckRan(RED, merged=True), "check of the merged tree exit 1"),
    (MergeBegun(Onto(commit(1), tree(1), 1)), "merges onto c000000000"),
    (TreeMerged(tree(1), recheck=True), "merged tree 0000000000, to be checked again"),
    (AttemptEnded("stuck", "again and again"), "is stuck: again and again"),
    (HintAsked(Failure(attempt=ATTEMPT, call=CallId("c1"), outcome=RED)), "exit 1"),
    (HintGiven("a key is missing", "extract"), "a key is missing (by extract)"),
]


@pytest.mark.parametrize(("event", "words"), SAID, ids=lambda value: type(value).__name__)
def test_each_event_says_in_a_line_what_happened(event: Event, words: str) -> None:
    assert words_of(event) == words


def test_an_event_without_words_stands_for_itself() -> None:
    class Later(Event, frozen=True, tag="later"):
        fact: str

    assert words_of(Later("x")) == '{"fact":"x"}'
    assert words_of(UnknownEvent('{"type":"later"}')) == '{"type":"later"}'
    assert words_of(WorktreeLost()) == ""


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(ok=True, finding="a.py:3", failing=True), "does not compile: a.py:3"),
        (Outcome(ok=False, timed_out=True), "timed out"),
        (Outcome(ok=False, signal=9), "ended by signal 9"),
        (Outcome(ok=False), "failed"),
    ],
)
def test_an_outcome_says_how_it_ended(outcome: Outcome, words: str) -> None:
    assert outcome_words(outcome) == words


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action(kind="spawn"), "start of the worker"),
        (Action(kind="merge"), "merge"),
        (
            Action(kind="in_doubt", tool="run_command", command="x"),
            "run_command (cut short before): x",
        ),
    ],
)
def test_an_action_says_what_it_would_do(action: Action, words: str) -> None:
    assert action_words(action) == words


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            RunDelivered(commit(1), "branch", "trackside/r1", ""),
            "c000000000 to branch trackside/r1",
        ),
        (RunDelivered(commit(1), "apply", "", ""), "c000000000 to the checkout"),
        (
            RunDelivered(commit(1), "none", "", "no leave"),
            "nothing, c000000000 stays in the run: no leave",
        ),
    ],
)
def test_a_delivery_says_where_to(event: Event, words: str) -> None:
    assert words_of(event) == words
