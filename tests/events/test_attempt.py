"""What an attempt owes at every stage, and what its worker is told."""

import msgspec
import pytest

from events.action import Action, Outcome
from events.attempt import Attempt, Gate
from events.attempt_commands import (
    BeginMerge,
    EndAttempt,
    RecordCallFailure,
    RecordCheck,
    RecordSetup,
    ReportWorktreeLost,
)
from events.attempt_due import (
    AskApproval,
    AskForHint,
    CallModel,
    ConsiderTool,
    MakeCommit,
    MergeTree,
    OpenContext,
    PrepareCall,
    Report,
    RunCheck,
    RunSetup,
    RunTool,
    due,
)
from events.attempt_events import ToolStarted
from events.attempt_fold import told_of
from events.attempt_terms import Call
from events.conversation import Usage
from events.hint import Failure
from events.ids import ApprovalId, CallId, Digest
from tests.events.attempts import (
    NEW,
    OUTSIDE,
    STAGES,
    TIP,
    checking,
    facing,
    in_a_call,
    opened,
    submitted,
)
from tests.histories import (
    ATTEMPT,
    BEGIN,
    C1,
    GREEN,
    RED,
    digest,
    finishes,
    hinted,
    ran,
    says,
    shell,
    terms,
    tree,
    wants,
    write,
)

WRITE = Call(C1, "write_file", "{}")


def gate(name: str, action: Action, call: str, rule: str) -> AskApproval:
    return AskApproval(Gate(ApprovalId(name), action, CallId(call), rule))


def hint_on(call: str, number: int = 1) -> AskForHint:
    return AskForHint(Failure(attempt=ATTEMPT, call=CallId(call), outcome=RED, number=number))


DUE = {
    "new": None,
    "opening": OpenContext(),
    "spawn asked": gate(
        "T1.1.spawn", Action(kind="spawn", digest=digest("ctx")), "", "spawns ask: rule 1"
    ),
    "setup due": RunSetup("make deps"),
    "setup red": hint_on("setup"),
    "between turns": PrepareCall(),
    "call out": CallModel(0.0),
    "tool next": ConsiderTool(WRITE),
    "tool asked": gate("T1.1.c1", write(), "c1", "tools ask: rule 1"),
    "tool permitted": ConsiderTool(WRITE),
    "tool running": RunTool(WRITE, ToolStarted(C1, write(), tree(0), "auto: confined")),
    "in doubt": gate(
        "T1.1.c1.2",
        msgspec.structs.replace(OUTSIDE, kind="in_doubt"),
        "c1",
        "auto: not confined",
    ),
    "tool red": hint_on("c1"),
    "checking": RunCheck("make test", tree(0)),
    "check red": hint_on("check1"),
    "merge asked": gate(
        "T1.1.merge", Action(kind="merge", digest=Digest(tree(0))), "", "merges ask: rule 1"
    ),
    "submitted": Report(),
    "merging": MergeTree(TIP),
    "merge check": RunCheck("make test", tree(9)),
    "merge check red": hint_on("merge_check"),
    "committing": MakeCommit(TIP, tree(8)),
    "over": Report(),
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_state_is_its_own_to_do_list(stage: str) -> None:
    assert due(STAGES[stage].state) == DUE[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_waking_from_the_log_owes_what_living_on_owes(stage: str) -> None:
    assert STAGES[stage].refolded() == STAGES[stage].state


def test_a_stage_without_its_facts_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="merging without its facts"):
        due(Attempt(stage="merging"))


def test_a_call_that_failed_is_made_again_after_its_delay() -> None:
    failed = in_a_call().after(RecordCallFailure("rate_limit", "429", True, 12.0))
    assert due(failed.state) == PrepareCall()
    assert due(failed.after(BEGIN).state) == CallModel(12.0)


def test_a_worktree_without_setup_command_is_lost_without_consequence() -> None:
    assert due(opened().after(ReportWorktreeLost()).state) == PrepareCall()


def test_the_tree_after_a_tool_is_the_tree_before_the_next() -> None:
    twice = facing("write_file", "write_file").after(wants("c1"), ran("c1", leaves=4))
    step = due(twice.after(wants("c2")).state)
    assert isinstance(step, RunTool)
    assert step.started.tree == tree(4)
    assert submitted().state.tree == tree(0)


def test_setup_leaves_the_tree_that_the_first_tool_finds() -> None:
    assert opened(setup="make").after(RecordSetup(GREEN, tree(6))).state.tree == tree(6)


def test_a_result_is_told_in_the_words_of_the_tool() -> None:
    after = facing("write_file").after(wants(), ran())
    assert [(done.text, done.ok) for done in after.state.turns[0].done] == [("fine", True)]
    assert after.state.outputs[C1] == "all of it"


def test_a_failure_is_told_by_its_end_and_a_hint_and_never_by_its_output() -> None:
    red = facing("run_command").after(wants("c1", shell()), ran("c1", RED))
    after = red.after(hinted("c1", "one is not two"))
    (done,) = after.state.turns[0].done
    told = "The command failed with exit code 1 after 0.0 s. QA hint: one is not two"
    assert done.text == told
    assert red.state.failure is not None
    assert told_of(red.state.failure, "one is not two") == (
        f'{told} (whole output: read_output with call_id "c1")'
    )
    assert not done.ok
    assert after.state.outputs[C1] == "Error: 1 != 2"
    assert after.state.hints == ("one is not two",)


@pytest.mark.parametrize(
    ("call", "outcome", "start"),
    [
        ("check2", Outcome(ok=False, exit_code=2, duration_s=1.25),
         "The check failed with exit code 2 after 1.2 s."),
        ("c1", Outcome(ok=False, timed_out=True, duration_s=600.0),
         "The command ran into its timeout after 600.0 s."),
        ("c1", Outcome(ok=False, signal=9), "The command was ended by signal 9 after 0.0 s."),
        ("c1", Outcome(ok=True, finding="till.py:7"), "Written, but till.py:7 does not compile."),
    ],
)  # fmt: skip
def test_a_worker_is_told_how_a_command_ended(call: str, outcome: Outcome, start: str) -> None:
    failure = Failure(attempt=ATTEMPT, call=CallId(call), outcome=outcome)
    assert told_of(failure, "so it is").startswith(f"{start} QA hint: so it is (whole output")


def test_a_file_that_does_not_compile_is_written_all_the_same() -> None:
    broken = Outcome(ok=True, failing=True, finding="till.py:7")
    after = facing("write_file").after(wants(), ran("c1", broken, leaves=5), hinted())
    (done,) = after.state.turns[0].done
    assert done.ok
    assert after.state.tree == tree(5)


def test_a_red_check_is_the_result_of_finish_and_what_came_after_it_did_not_run() -> None:
    asked = facing("write_file", "finish", "write_file").after(wants("c1"), ran("c1"))
    red = asked.after(finishes("c2"), RecordCheck(RED), hinted("check1"))
    done = red.state.turns[0].done
    assert [entry.call.call for entry in done] == ["c1", "c2", "c3"]
    assert [entry.ok for entry in done] == [True, False, False]
    assert str(done[1].text).startswith("The check failed with exit code 1")
    assert done[2].text == "Not run: finish was called before it."
    assert due(red.state) == PrepareCall()


def test_a_red_check_after_text_alone_is_a_note() -> None:
    red = in_a_call().after(says(text="done"), RecordCheck(RED), hinted("check1"))
    assert red.state.turns[0].note.startswith("The check failed")
    assert red.state.turns[0].done == ()


def test_checks_are_numbered() -> None:
    again = checking().after(RecordCheck(RED), hinted("check1"), BEGIN, says(text="now it is"))
    assert due(again.after(RecordCheck(RED)).state) == hint_on("check2", 2)


def test_usage_adds_up_over_the_turns() -> None:
    reply = msgspec.structs.replace(says("read_file"), usage=Usage(input=10, output=2))
    after = in_a_call().after(reply, wants(), ran(), BEGIN, reply)
    assert after.state.usage == Usage(input=20, output=4)
    assert after.state.model_calls == 2
    assert after.state.tool_calls == 2


def test_nothing_is_owed_but_the_report_when_an_attempt_is_over() -> None:
    for stage in set(STAGES) - {"new", "over"}:
        ended = STAGES[stage].after(EndAttempt("cancelled", "enough"))
        assert due(ended.state) == Report()
        assert (ended.state.gate, ended.state.failure, ended.state.running) == (None, None, None)


def test_an_attempt_that_is_over_keeps_what_it_came_to_and_no_conversation() -> None:
    reply = msgspec.structs.replace(says("run_command"), usage=Usage(input=10, output=2))
    failed = in_a_call(goal="Sell all of it.").after(
        reply, wants("c1", shell()), ran("c1", RED), hinted("c1")
    )
    before = failed.state
    assert before.turns
    assert before.outputs
    after = failed.after(EndAttempt("cancelled", "enough")).state
    kept = (after.id, after.model, after.answers, after.usage, after.hints, after.tree)
    assert kept == (
        before.id, before.model, 1, Usage(input=10, output=2), before.hints, before.tree,
    )  # fmt: skip
    assert (after.result, after.reason) == ("cancelled", "enough")
    unborn = msgspec.structs.asdict(Attempt())
    let_go = ("system", "message", "tools", "views", "turns", "pending", "outputs", "failures")
    assert {name: getattr(after, name) for name in let_go} == {
        name: unborn[name] for name in let_go
    }
    assert after.bound.ticket.id == before.bound.ticket.id
    assert (after.bound.goal, after.bound.policy.rules) == ("", ())


def test_an_attempt_is_named_by_its_terms() -> None:
    assert NEW.after().state.stage == "new"
    assert opened().state.id == ATTEMPT
    assert opened().state.bound == terms()


def test_a_merge_begins_once() -> None:
    submitted().after(BeginMerge(TIP)).when(BeginMerge(TIP)).refused("at the stage merging")
