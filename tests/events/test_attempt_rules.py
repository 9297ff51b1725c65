"""Every command to an attempt, at every stage of its life."""

from typing import Any, get_args

import pytest

from events.action import Action, Outcome
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
    RequestTool,
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
    PermitVoided,
    ReplyRecorded,
    SetupRan,
    ToolDoubted,
    ToolFinished,
    ToolGated,
    ToolStarted,
    TreeMerged,
    WorkFinished,
    WorktreeLost,
)
from events.ids import ApprovalId, CallId
from events.policy import PRESETS, Amendment, Expiry, Policy, Rule
from events.settings import Archetype, Limits
from tests.events.attempts import (
    MOVED_TIP,
    NEW,
    OUTSIDE,
    STAGES,
    TIP,
    AttemptScenario,
    checking,
    facing,
    in_a_call,
    in_doubt,
    merging,
    opened,
    submitted,
)
from tests.histories import (
    ASK_MERGE,
    ASK_SPAWN,
    ASK_TOOLS,
    BEGIN,
    C1,
    C2,
    CONTEXT,
    GREEN,
    RED,
    answered,
    commit,
    denying,
    digest,
    finishes,
    hinted,
    limited,
    ran,
    says,
    shell,
    started,
    terms,
    ticket,
    tree,
    wants,
    write,
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


# --------------------------------------------------------------------------------- tool calls


def test_an_allowed_call_leaves_its_intent_with_the_tree_before_it() -> None:
    facing("write_file").when(wants()).then(
        ToolStarted(C1, write(), tree(0), "auto: confined"),
    )


def test_a_call_that_is_not_valid_is_a_result_that_the_model_sees() -> None:
    refused = RequestTool(C1, None, refusal="no tool of that name")
    after = facing("wirte_file").when(refused).then_kinds(ToolFinished)
    (done,) = after.state.turns[-1].done
    assert (done.text, done.ok) == ("no tool of that name", False)
    assert after.state.tree == tree(0)


def test_a_call_that_the_policy_denies_is_a_result_that_the_model_sees() -> None:
    after = facing("write_file", policy=denying("tool")).after(wants())
    (done,) = after.state.turns[-1].done
    assert done.text == "The policy denies this call: no"


def test_a_rejected_call_is_a_result_that_the_model_sees() -> None:
    asked = facing("write_file", policy=ASK_TOOLS).after(wants())
    after = asked.when(answered("T1.1.c1", "rejected")).then_kinds(AnswerTaken, ToolFinished)
    (done,) = after.state.turns[-1].done
    assert (done.text, done.ok) == ("Not run: ann rejected it", False)


def test_calls_run_in_the_order_in_which_they_were_asked_for() -> None:
    facing("read_file", "write_file").when(wants("c2")).refused("at the stage turns")


def test_a_result_is_taken_once() -> None:
    facing("write_file").after(wants(), ran()).when(ran()).refused("at the stage turns")


def test_an_approval_is_used_once() -> None:
    asked = facing("write_file", policy=ASK_TOOLS).after(wants(), answered("T1.1.c1"))
    asked.when(wants()).then(ToolStarted(C1, write(), tree(0), "T1.1.c1"))
    again = asked.after(wants(), ran(), BEGIN, says("write_file"))
    again.when(wants("c2")).then_kinds(ToolGated)


def test_what_is_allowed_for_the_rest_of_the_ticket_is_not_asked_again() -> None:
    yes = answered("T1.1.c1", ticket_wide=True)
    after = facing("write_file", policy=ASK_TOOLS).after(wants(), yes, wants(), ran())
    rule = "tools ask: rule 1, by approval T1.1.c1"
    again = after.after(BEGIN, says("write_file"))
    again.when(wants("c2")).then(ToolStarted(CallId("c2"), write(), tree(1), rule))


def test_an_attempt_inherits_what_was_allowed_for_its_ticket() -> None:
    amendment = Amendment("tools ask: rule 1", "tool", ApprovalId("T1.1.c1"), "ann")
    heir = facing("write_file", policy=ASK_TOOLS, amendments=(amendment,))
    heir.when(wants()).then_kinds(ToolStarted)


def test_an_unconfined_command_is_allowed_for_the_ticket_by_its_exact_words() -> None:
    yes = answered("T1.1.c1", ticket_wide=True)
    once = facing("run_command", "run_command").after(wants("c1", OUTSIDE), yes)
    after = once.after(wants("c1", OUTSIDE), ran())
    after.when(wants("c2", OUTSIDE)).then_kinds(ToolStarted)
    after.when(wants("c2", shell("make deploy -f", confined=False))).then_kinds(ToolGated)
    after.when(wants("c2", shell("make"))).then_kinds(ToolStarted)


def test_a_question_takes_its_end_from_the_rule_that_asks() -> None:
    soon = Policy("soon", (Rule(verdict="ask", expires_s=5.0, on_expiry="allow"),))
    asked = opened(policy=soon)
    assert asked.state.gate is not None
    assert asked.state.gate.expiry == Expiry(5.0, "allow")


def test_both_prompts_of_a_spawn_can_be_edited() -> None:
    yes = answered("T1.1.spawn", arguments="do less", system="be kind")
    state = opened(policy=ASK_SPAWN).after(yes).state
    assert (state.message, state.system) == ("do less", "be kind")


def test_an_answer_is_matched_by_id_and_never_by_order() -> None:
    asked = facing("write_file", policy=ASK_TOOLS).after(wants())
    asked.when(answered("T1.1.c2")).refused("waiting for approval T1.1.c1")
    asked.after(answered("T1.1.c1")).when(answered("T1.1.c1")).refused("at the stage turns")


def test_an_approval_is_void_if_what_it_was_about_has_changed() -> None:
    asked = facing("write_file", policy=ASK_TOOLS).after(wants(), answered("T1.1.c1"))
    voided = asked.when(wants("c1", write("other"))).then(
        PermitVoided(ApprovalId("T1.1.c1"), digest("write"), digest("other"))
    )
    voided.when(wants("c1", write("other"))).then(
        ToolGated(ApprovalId("T1.1.c1.2"), write("other"), C1, "tools ask: rule 1")
    )


def test_an_edited_call_runs_with_the_edited_arguments() -> None:
    yes = answered("T1.1.c1", arguments='{"path": "b.py"}', digest=digest("edited"))
    asked = facing("write_file", policy=ASK_TOOLS).after(wants(), yes)
    asked.when(wants("c1", write("edited"))).then(
        ToolStarted(C1, write("edited"), tree(0), "T1.1.c1", '{"path": "b.py"}')
    )
    asked.when(wants("c1", write("moved on"))).then_kinds(PermitVoided)


def test_an_edit_without_a_digest_is_bound_by_its_own_arguments() -> None:
    yes = answered("T1.1.c1", arguments='{"path": "b.py"}')
    asked = facing("write_file", policy=ASK_TOOLS).after(wants(), yes)
    asked.when(wants("c1", write("edited"))).then_kinds(ToolStarted)


def test_a_person_cannot_edit_a_call_into_what_is_denied() -> None:
    yes = answered("T1.1.c1", arguments='{"path": ".git/config"}')
    asked = facing("write_file", policy=ASK_TOOLS).after(wants(), yes)
    after = asked.when(wants("c1", write(paths=(".git/config",)))).then_kinds(ToolFinished)
    assert "The policy denies this call" in str(after.state.turns[-1].done[0].text)
    assert after.state.permit is None


def test_an_edit_can_be_refused_and_the_model_is_told() -> None:
    yes = answered("T1.1.c1", arguments="nonsense")
    asked = facing("write_file", policy=ASK_TOOLS).after(wants(), yes)
    after = asked.after(RequestTool(C1, None, refusal="not JSON"))
    assert after.state.turns[-1].done[0].text == "not JSON"


def test_in_step_mode_an_effect_asks_that_the_policy_allows() -> None:
    step = AttemptStarted(terms(ticket=ticket("T1", step_mode=True)))
    stepping = NEW.given(step, *facing("write_file").history[1:])
    stepping.when(wants()).then_kinds(ToolGated)
    trusted = Archetype(trust="step")
    stepping = NEW.given(AttemptStarted(terms(archetype=trusted)), *stepping.history[1:])
    stepping.when(wants()).then_kinds(ToolGated)


# ----------------------------------------------------------------------------------- in doubt


def test_a_confined_call_in_doubt_runs_again() -> None:
    running = facing("write_file").after(wants())
    doubted = running.when(ReviewDoubt(C1)).then(ToolDoubted(C1))
    assert due(doubted.state) == due(running.state)


def test_an_unconfined_call_in_doubt_waits_for_a_person() -> None:
    state = in_doubt().state
    assert state.gate is not None
    assert (state.gate.approval, state.gate.action.kind) == ("T1.1.c1.2", "in_doubt")


EXACT = Rule(verdict="allow", argv=("make", "deploy"))


def test_an_unconfined_call_in_doubt_runs_again_if_a_rule_spells_it_out() -> None:
    exact = Policy("exact", (EXACT, Rule(verdict="allow")))
    running = facing("run_command", policy=exact).after(wants("c1", OUTSIDE))
    running.when(ReviewDoubt(C1)).then(ToolDoubted(C1))


def test_a_doubt_that_the_policy_denies_is_a_result_that_the_model_sees() -> None:
    once = Rule(verdict="deny", kind=("in_doubt",), reason="once is enough")
    policy = Policy("once", (once, EXACT, Rule(verdict="allow")))
    running = facing("run_command", policy=policy).after(wants("c1", OUTSIDE))
    after = running.when(ReviewDoubt(C1)).then_kinds(ToolDoubted, ToolFinished)
    assert after.state.turns[-1].done[0].text == (
        "Cut short by a crash and not run again: once is enough"
    )


def test_a_doubt_that_is_approved_runs_the_call_again() -> None:
    after = in_doubt().when(answered("T1.1.c1.2")).then_kinds(AnswerTaken)
    assert after.state.running is not None
    assert after.state.permit is None
    after.when(ran()).then_kinds(ToolFinished)


def test_a_doubt_that_is_rejected_is_a_result_that_the_model_sees() -> None:
    no = answered("T1.1.c1.2", "rejected", reason="once is enough")
    after = in_doubt().when(no).then_kinds(AnswerTaken, ToolFinished)
    assert after.state.turns[-1].done[0].text == (
        "Cut short by a crash and not run again: ann rejected it: once is enough"
    )
    assert after.state.running is None


def test_a_second_crash_asks_again() -> None:
    again = in_doubt().after(answered("T1.1.c1.2")).after(ReviewDoubt(C1))
    assert again.state.gate is not None
    assert again.state.gate.approval == "T1.1.c1.3"


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
