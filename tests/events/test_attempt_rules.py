"""Every command to an attempt, at every stage of its life."""

from typing import Any, get_args

import pytest

from events.action import Action
from events.attempt_commands import (
    AttemptCommand,
    BeginCall,
    BeginMerge,
    EndAttempt,
    RebindAttempt,
    RecordCallFailure,
    RecordCheck,
    RecordCommit,
    RecordMerge,
    RecordSetup,
    ReportWorktreeLost,
    ReviewDoubt,
)
from events.attempt_due import due
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    AttemptRebound,
    AttemptStarted,
    AttemptSubmitted,
    CallBegun,
    CallFailed,
    CheckRan,
    CommitMade,
    ContextAssembled,
    HintTaken,
    MergeBegun,
    ReplyRecorded,
    SetupRan,
    ToolDoubted,
    ToolFinished,
    ToolStarted,
    TreeMerged,
    WorkFinished,
    WorktreeLost,
)
from tests.events.attempts import (
    NEW,
    STAGES,
    TIP,
    facing,
    in_a_call,
    opened,
)
from tests.histories import (
    ASK_SPAWN,
    BEGIN,
    C1,
    CONTEXT,
    GREEN,
    answered,
    commit,
    denying,
    digest,
    hinted,
    limited,
    ran,
    says,
    started,
    terms,
    tree,
    wants,
)

COMMANDS: dict[str, AttemptCommand] = {
    "start": started(),
    "context": CONTEXT,
    "setup": RecordSetup(GREEN, tree(3)),
    "worktree lost": ReportWorktreeLost(),
    "begin call": BEGIN,
    "reply": says("write_file"),
    "call failure": RecordCallFailure("unavailable", "503", retryable=True),
    "request": wants(),
    "result": ran(),
    "doubt": ReviewDoubt(C1),
    "answer to the spawn": answered("T1.1.spawn"),
    "answer to the tool": answered("T1.1.c1"),
    "answer to the doubt": answered("T1.1.c1.2"),
    "answer to the merge": answered("T1.1.merge"),
    "hint on the setup": hinted("setup"),
    "hint on the tool": hinted("c1"),
    "hint on the check": hinted("check1"),
    "hint on the merge check": hinted("merge_check"),
    "check": RecordCheck(GREEN),
    "begin merge": BeginMerge(TIP),
    "merge": RecordMerge(tree(5)),
    "commit": RecordCommit(commit(5)),
    "rebind": RebindAttempt(terms(model="gemini-2.5-flash")),
    "end": EndAttempt("cancelled", "enough"),
    "end as completed": EndAttempt("completed", "because I say so"),
}

LIVING: dict[str, list[type[Any]]] = {
    "worktree lost": [WorktreeLost], "rebind": [AttemptRebound], "end": [AttemptEnded],
}  # fmt: skip
"""What is answered at every stage between the opening and the end."""

ANSWERED: dict[str, dict[str, list[type[Any]]]] = {
    "new": {"start": [AttemptStarted]},
    "opening": {
        "context": [ContextAssembled],
        "rebind": [AttemptRebound],
        "end": [AttemptEnded],
    },
    "spawn asked": {"answer to the spawn": [AnswerTaken], **LIVING},
    "setup due": {"setup": [SetupRan], "begin call": [CallBegun], **LIVING},
    "setup red": {"hint on the setup": [HintTaken, AttemptEnded], **LIVING},
    "between turns": {"begin call": [CallBegun], **LIVING},
    "call out": {"reply": [ReplyRecorded], "call failure": [CallFailed], **LIVING},
    "tool next": {"request": [ToolStarted], **LIVING},
    "tool asked": {"answer to the tool": [AnswerTaken], **LIVING},
    "tool permitted": {"request": [ToolStarted], **LIVING},
    "tool running": {"result": [ToolFinished], "doubt": [ToolDoubted], **LIVING},
    "in doubt": {"answer to the doubt": [AnswerTaken], **LIVING},
    "tool red": {"hint on the tool": [HintTaken], **LIVING},
    "checking": {"check": [CheckRan, AttemptSubmitted], **LIVING},
    "check red": {"hint on the check": [HintTaken], **LIVING},
    "merge asked": {"answer to the merge": [AnswerTaken, AttemptSubmitted], **LIVING},
    "submitted": {"begin merge": [MergeBegun], **LIVING},
    "merging": {"merge": [TreeMerged], **LIVING},
    "merge check": {"check": [CheckRan], **LIVING},
    "merge check red": {"hint on the merge check": [HintTaken, AttemptEnded], **LIVING},
    "committing": {"commit": [CommitMade, AttemptEnded], **LIVING},
    "over": {},
}
"""Stage -> command -> kinds of events; every other pair is refused."""


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_at_every_stage_is_answered_or_refused_as_the_table_says(
    stage: str, name: str
) -> None:
    answer = STAGES[stage].when(COMMANDS[name])
    expected = ANSWERED[stage].get(name)
    if expected is None:
        answer.refused("is refused: ")
    else:
        after = answer.then_kinds(*expected)
        due(after.state)


def test_the_table_knows_every_command() -> None:
    assert {type(command) for command in COMMANDS.values()} == set(get_args(AttemptCommand))


def test_a_refusal_says_where_the_attempt_stands() -> None:
    STAGES["over"].when(BEGIN).refused("BeginCall is refused: the attempt is at the stage over")
    STAGES["in doubt"].when(BEGIN).refused("the attempt is waiting for approval T1.1.c1.2")
    STAGES["check red"].when(BEGIN).refused("the attempt is waiting for a hint on check1")


# ---------------------------------------------------------------------------------- the opening


def test_a_spawn_that_the_policy_denies_ends_the_attempt_as_rejected() -> None:
    after = opened(policy=denying("spawn"))
    assert after.state.result == "rejected"
    assert after.state.reason == "the policy denies it: no"


def test_a_spawn_that_is_rejected_ends_the_attempt() -> None:
    no = answered("T1.1.spawn", "rejected", reason="too vague")
    after = opened(policy=ASK_SPAWN).when(no).then_kinds(AnswerTaken, AttemptEnded)
    assert (after.state.result, after.state.reason) == ("rejected", "ann rejected it: too vague")


def test_an_edited_spawn_starts_from_the_edited_words() -> None:
    after = opened(policy=ASK_SPAWN).after(answered("T1.1.spawn", arguments="mend the door"))
    assert after.state.message == "mend the door"
    assert after.state.permit is None


def test_the_spawn_is_approved_before_the_setup_runs() -> None:
    waiting = opened(policy=ASK_SPAWN, setup="make deps")
    waiting.when(RecordSetup(GREEN, tree(1))).refused("waiting for approval T1.1.spawn")
    waiting.after(answered("T1.1.spawn"), RecordSetup(GREEN, tree(1)))


def test_a_setup_that_fails_ends_the_attempt_with_its_hint() -> None:
    after = STAGES["setup red"].after(hinted("setup", "no network"))
    assert (after.state.result, after.state.reason) == (
        "failed",
        "the setup command fails: no network",
    )


# -------------------------------------------------------------------------------------- a turn


def test_a_call_is_begun_with_its_turn_and_its_number() -> None:
    opened().when(BEGIN).then(CallBegun(1, 1, digest("prompt"), 100, "gemini-2.5-flash-lite"))
    once_failed = in_a_call().after(RecordCallFailure("timeout", "slow", retryable=True))
    once_failed.when(BEGIN).then(CallBegun(1, 2, digest("prompt"), 100, "gemini-2.5-flash-lite"))


def test_the_last_turn_is_the_last() -> None:
    over = NEW.after(limited(turns=1), CONTEXT, BEGIN, says("read_file"), wants("c1"), ran())
    after = over.after(BEGIN)
    assert (after.state.result, after.state.reason) == ("failed", "the limit of 1 turns is reached")


def test_wall_time_ends_an_attempt_between_two_calls() -> None:
    after = NEW.after(limited(wall_s=60.0), CONTEXT).after(BeginCall(digest("p"), 1, 60.1))
    assert after.state.reason == "the limit of 60 s is reached"
    NEW.after(limited(wall_s=60.0), CONTEXT).after(BeginCall(digest("p"), 1, 60.0), says("x"))


def test_calls_are_numbered_over_the_whole_attempt() -> None:
    first = facing("read_file", "write_file").after(wants("c1"), ran("c1"), wants("c2"), ran("c2"))
    second = first.after(BEGIN, says("read_file"))
    assert [call.call for call in second.state.pending] == ["c3"]


def test_text_alone_is_taken_as_finish() -> None:
    in_a_call().when(says(text="All done.")).then_kinds(ReplyRecorded, WorkFinished)
    done = in_a_call(check="").when(says(text="All done."))
    done.then_kinds(ReplyRecorded, WorkFinished, AttemptSubmitted)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BLOCKED: no key", "no key"),
        ("BLOCKED", "no reason given"),
        ("BLOCKED - no key", "no key"),
        ("\n BLOCKED. no key\nat all\n", "no key\nat all"),
    ],
)
def test_a_text_that_starts_with_blocked_gives_up(text: str, reason: str) -> None:
    after = in_a_call().when(says(text=text)).then_kinds(ReplyRecorded, AttemptEnded)
    assert (after.state.result, after.state.reason) == ("gave_up", reason)
    in_a_call().when(says("write_file", text=text)).then_kinds(ReplyRecorded, AttemptEnded)


@pytest.mark.parametrize(
    "text", ["I am BLOCKED", "blocked", "BLOCKED_USERS is a list", "UNBLOCKED", "*BLOCKED*"]
)
def test_blocked_anywhere_else_means_nothing(text: str) -> None:
    assert in_a_call().after(says(text=text)).state.stage == "checking"


def test_give_up_ends_the_attempt_with_its_reason() -> None:
    asked = facing("give_up")
    after = asked.after(wants("c1", Action(kind="tool", tool="give_up"), "no such file"))
    assert (after.state.result, after.state.reason) == ("gave_up", "no such file")
    assert after.state.lesson == "Attempt 1 failed: no such file"
    silent = asked.after(wants("c1", Action(kind="tool", tool="give_up")))
    assert silent.state.reason == "no reason given"


def test_a_reason_and_a_lesson_are_of_bounded_length() -> None:
    asked = facing("give_up")
    after = asked.after(wants("c1", Action(kind="tool", tool="give_up"), "never " * 5000))
    assert len(after.state.reason) == 2000
    assert 900 < len(after.state.lesson) < 2000
