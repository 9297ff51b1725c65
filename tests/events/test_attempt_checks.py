"""Hints, checks, merges, lost worktrees and repetition: how an attempt answers."""

import pytest

from events.action import Outcome
from events.attempt_commands import (
    BeginMerge,
    EndAttempt,
    RecordCheck,
    RecordCommit,
    RecordMerge,
    RecordSetup,
    ReportWorktreeLost,
    RequestTool,
    ReviewDoubt,
)
from events.attempt_due import due
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    AttemptStarted,
    AttemptSubmitted,
    CallBegun,
    CommitMade,
    HintTaken,
    PermitVoided,
    SetupRan,
    TreeMerged,
    WorkFinished,
)
from events.ids import CallId
from events.policy import PRESETS
from events.settings import Limits
from tests.events.attempts import (
    MOVED_TIP,
    NEW,
    STAGES,
    AttemptScenario,
    checking,
    facing,
    merging,
    opened,
    submitted,
)
from tests.histories import (
    ASK_MERGE,
    BEGIN,
    C2,
    CONTEXT,
    GREEN,
    RED,
    answered,
    commit,
    denying,
    finishes,
    hinted,
    limited,
    ran,
    says,
    shell,
    terms,
    tree,
    wants,
)

# ---------------------------------------------------------------------------------- QA's hints


def test_the_same_failure_repeated_is_stuck() -> None:
    scenario = NEW.after(limited(stuck_after=2), CONTEXT)
    for call in ("c1", "c2"):
        scenario = scenario.after(BEGIN, says("run_command"), wants(call, shell()))
        scenario = scenario.after(ran(call, RED), hinted(call))
    assert (scenario.state.result, scenario.state.reason) == (
        "stuck",
        "the same failure 2 times: one is not two",
    )


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (RED, "two is not three"),
        (Outcome(ok=False, exit_code=1, command="ruff", failing=True), "one is not two"),
    ],
)
def test_another_hint_or_another_command_is_another_failure(outcome: Outcome, words: str) -> None:
    scenario = NEW.after(limited(stuck_after=2), CONTEXT, BEGIN, says("run_command", "run_command"))
    scenario = scenario.after(wants("c1", shell()), ran("c1", RED), hinted())
    scenario.after(wants("c2", shell()), ran("c2", outcome)).when(hinted("c2", words)).then(
        HintTaken(C2, words)
    )


def test_a_lesson_holds_each_hint_once() -> None:
    scenario = facing("run_command", "run_command")
    for call in ("c1", "c2"):
        scenario = scenario.after(wants(call, shell()), ran(call, RED), hinted(call))
    ended = scenario.after(EndAttempt("failed", "enough"))
    assert ended.state.lesson == "Attempt 1 failed: enough\n- hint: one is not two"


# ---------------------------------------------------------------------------- check and merge


def test_finish_leads_to_the_check_and_without_one_to_the_merge() -> None:
    facing("finish").when(finishes()).then(WorkFinished("done"))
    facing("finish", check="").when(finishes()).then(
        WorkFinished("done"), AttemptSubmitted(tree(0))
    )


def test_a_red_check_is_one_more_turn() -> None:
    after = checking().after(RecordCheck(RED), hinted("check1"))
    assert after.state.stage == "turns"
    after.when(BEGIN).then_kinds(CallBegun)


def test_a_red_check_at_the_last_turn_ends_the_attempt() -> None:
    last = NEW.after(limited(turns=1), CONTEXT, BEGIN, says(text="done"), RecordCheck(RED))
    ended = last.when(hinted("check1")).then_kinds(HintTaken, AttemptEnded)
    assert ended.state.reason == "the check is red at the last turn: one is not two"


def test_a_merge_that_the_policy_denies_ends_the_attempt_as_rejected() -> None:
    after = submitted(policy=denying("merge"))
    assert (after.state.result, after.state.reason) == (
        "rejected",
        "the policy denies the merge: no",
    )


def test_a_merge_that_is_rejected_ends_the_attempt() -> None:
    asked = submitted(policy=ASK_MERGE)
    after = asked.when(answered("T1.1.merge", "rejected")).then_kinds(AnswerTaken, AttemptEnded)
    assert after.state.result == "rejected"


def test_the_check_runs_again_only_if_the_tip_has_moved() -> None:
    merging().when(RecordMerge(tree(5))).then(TreeMerged(tree(5), recheck=False))
    merging(MOVED_TIP).when(RecordMerge(tree(5))).then(TreeMerged(tree(5), recheck=True))
    without_check = submitted_without_check().after(BeginMerge(MOVED_TIP))
    without_check.when(RecordMerge(tree(5))).then(TreeMerged(tree(5), recheck=False))


def submitted_without_check() -> AttemptScenario:
    return facing("finish", check="").after(finishes())


def test_an_approved_merge_that_lands_otherwise_is_void_and_ends_the_attempt() -> None:
    otherwise = RecordMerge(tree(5), altered=("a.py", "b.py"))
    asked = submitted(policy=ASK_MERGE).after(answered("T1.1.merge"), BeginMerge(MOVED_TIP))
    after = asked.when(otherwise).then_kinds(PermitVoided, AttemptEnded)
    assert (after.state.result, after.state.reason) == (
        "failed",
        "its changes come out otherwise on the moved tip than approved, in: a.py, b.py",
    )
    merging(MOVED_TIP).when(otherwise).then(TreeMerged(tree(5), recheck=True))


def test_a_merged_tree_with_a_green_check_is_committed() -> None:
    after = merging(MOVED_TIP).after(RecordMerge(tree(5)), RecordCheck(GREEN))
    assert after.state.stage == "committing"


def test_a_merged_tree_with_a_red_check_ends_the_attempt() -> None:
    after = STAGES["merge check red"].after(hinted("merge_check"))
    assert after.state.result == "failed"
    assert after.state.reason == (
        "green alone, but the check is red on the merged tree: one is not two"
    )


def test_a_conflict_ends_the_attempt_and_names_its_paths() -> None:
    after = merging(MOVED_TIP).after(RecordMerge(None, ("a.py", "b.py")))
    assert after.state.reason == (
        "its changes conflict with tickets merged meanwhile, in: a.py, b.py"
    )


def test_a_conflict_in_many_files_names_some_and_counts_the_others() -> None:
    paths = tuple(f"f{number}.py" for number in range(23))
    after = merging(MOVED_TIP).after(RecordMerge(None, paths))
    assert after.state.reason.endswith("f18.py, f19.py and 3 more")


def test_a_commit_completes_the_attempt() -> None:
    after = (
        STAGES["committing"]
        .when(RecordCommit(commit(5)))
        .then(CommitMade(commit(5)), AttemptEnded("completed", "merged"))
    )
    assert (after.state.stage, after.state.commit, after.state.merged) == (
        "over",
        commit(5),
        tree(8),
    )


# --------------------------------------------------------------------------- a lost worktree


@pytest.mark.parametrize(
    ("stage", "owed"),
    [
        ("between turns", True), ("call out", True), ("tool running", True), ("checking", True),
        ("merge check", True), ("submitted", False), ("merging", False), ("committing", False),
    ],
)  # fmt: skip
def test_a_lost_worktree_is_set_up_again_where_something_will_run_in_it(
    stage: str, owed: bool
) -> None:
    history = STAGES[stage].history
    start = AttemptStarted(terms(setup="make deps"))
    settled = NEW.given(start, history[1], SetupRan(GREEN, tree(0)), *history[2:])
    lost = settled.after(ReportWorktreeLost())
    answer = lost.when(RecordSetup(GREEN, tree(4)))
    if owed:
        answer.then(SetupRan(GREEN, tree(4)))
    else:
        answer.refused(stage)
        assert due(lost.state) == due(settled.state)


def test_questions_about_different_things_have_ids_of_their_own() -> None:
    asking = PRESETS["ask"]
    scenario = opened(policy=asking).after(answered("T1.1.spawn"), BEGIN, says("x", "y", "finish"))
    scenario = scenario.after(wants("c1"), answered("T1.1.c1"), wants("c1"), ran("c1"))
    scenario = scenario.after(wants("c2"), answered("T1.1.c2", "rejected"), finishes("c3"))
    assert scenario.after(RecordCheck(GREEN)).state.gate is not None
    scenario.after(RecordCheck(GREEN), answered("T1.1.merge"))


def test_an_attempt_that_was_never_started_has_no_terms() -> None:
    with pytest.raises(AssertionError, match="never started"):
        _ = NEW.state.bound


def test_an_unknown_call_is_not_in_doubt() -> None:
    facing("write_file").after(wants()).when(ReviewDoubt(CallId("c9"))).refused("turns")


def test_nothing_is_in_doubt_while_qa_reads_why_the_setup_failed() -> None:
    history = STAGES["tool running"].history
    start = AttemptStarted(terms(setup="make deps"))
    settled = NEW.given(start, history[1], SetupRan(GREEN, tree(0)), *history[2:])
    lost = settled.after(ReportWorktreeLost())
    assert lost.state.in_doubt is not None
    assert lost.after(RecordSetup(RED, tree(4))).state.in_doubt is None


# ------------------------------------------------------------------- the same again and again


def _repeating(times: int, outcome: Outcome = GREEN) -> AttemptScenario:
    """Return an attempt that made one call `times` times, in turns of their own."""
    scenario = opened(limits=Limits(stuck_after=2))
    for number in range(1, times + 1):
        scenario = scenario.after(BEGIN, says("read_file"), wants(f"c{number}", shell("cat x")))
        scenario = scenario.after(ran(f"c{number}", outcome))
    return scenario


def test_a_model_that_repeats_itself_is_told_once() -> None:
    assert [done.note[:32] for turn in _repeating(2).state.turns for done in turn.done] == [
        "",
        "You have made this call 2 times ",
    ]


def test_a_model_that_repeats_itself_still_is_stopped_as_stuck() -> None:
    state = _repeating(3).state
    assert (state.result, state.reason) == (
        "stuck",
        "the same call of read_file 3 times with the same result",
    )


def test_another_result_is_not_the_same_again() -> None:
    scenario = _repeating(1).after(BEGIN, says("read_file"), wants("c2", shell("cat x")))
    changed = scenario.after(ran("c2", Outcome(ok=True, text="changed")))
    assert changed.state.repeats == 1


def test_a_call_that_is_refused_again_and_again_is_stopped_too() -> None:
    scenario = opened(limits=Limits(stuck_after=2))
    for number in range(1, 4):
        refused = RequestTool(CallId(f"c{number}"), None, "no such tool")
        scenario = scenario.after(BEGIN, says("teleport"), refused)
    assert scenario.state.result == "stuck"
