"""Tool calls, gates and doubt: how an attempt answers."""

import msgspec

from events.attempt_commands import (
    RequestTool,
    ReviewDoubt,
)
from events.attempt_due import ConsiderTool, RunTool, due
from events.attempt_events import (
    AnswerTaken,
    AttemptStarted,
    PermitVoided,
    ToolDoubted,
    ToolFinished,
    ToolGated,
    ToolStarted,
)
from events.ids import ApprovalId, CallId, Digest
from events.policy import Amendment, Expiry, Policy, Rule
from events.settings import Archetype
from tests.events.attempts import (
    NEW,
    OUTSIDE,
    facing,
    in_doubt,
    opened,
)
from tests.histories import (
    ASK_SPAWN,
    ASK_TOOLS,
    BEGIN,
    C1,
    answered,
    denying,
    digest,
    ran,
    says,
    shell,
    terms,
    ticket,
    tree,
    wants,
    write,
)

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


def test_a_call_in_doubt_that_is_not_confined_any_more_waits_for_a_person() -> None:
    running = facing("run_command").after(wants("c1", shell("make")))
    after = running.when(ReviewDoubt(C1, confined=False)).then_kinds(ToolDoubted, ToolGated)
    assert after.state.gate is not None
    assert not after.state.gate.action.confined


def test_an_edit_in_doubt_needs_no_sandbox_to_be_done_again() -> None:
    running = facing("write_file").after(wants())
    running.when(ReviewDoubt(C1, confined=False)).then(ToolDoubted(C1))


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


def test_a_doubt_that_is_approved_runs_the_call_again_if_it_is_still_the_same() -> None:
    allowed = in_doubt().when(answered("T1.1.c1.2")).then_kinds(AnswerTaken)
    assert due(allowed.state) == ConsiderTool(allowed.state.pending[0])
    allowed.when(ran()).refused("turns")
    again = allowed.when(wants("c1", OUTSIDE)).then_kinds(ToolStarted)
    assert isinstance(due(again.state), RunTool)
    again.when(ran()).then_kinds(ToolFinished)


def test_a_doubt_that_is_approved_in_other_surroundings_is_asked_about_anew() -> None:
    elsewhere = msgspec.structs.replace(OUTSIDE, digest=Digest("e" * 64))
    allowed = in_doubt().after(answered("T1.1.c1.2"))
    void = allowed.when(wants("c1", elsewhere)).then_kinds(PermitVoided, ToolGated)
    gate = void.state.gate
    assert gate is not None
    assert (gate.approval, gate.action.kind, gate.action.digest) == (
        "T1.1.c1.3",
        "in_doubt",
        elsewhere.digest,
    )
    void.after(answered("T1.1.c1.3")).when(wants("c1", elsewhere)).then_kinds(ToolStarted)


def test_a_crash_before_a_doubt_that_was_approved_is_used_asks_nobody_again() -> None:
    allowed = in_doubt().after(answered("T1.1.c1.2"))
    assert allowed.state.in_doubt is None
    allowed.when(ReviewDoubt(C1)).refused("turns")


def test_a_doubt_that_is_rejected_is_a_result_that_the_model_sees() -> None:
    no = answered("T1.1.c1.2", "rejected", reason="once is enough")
    after = in_doubt().when(no).then_kinds(AnswerTaken, ToolFinished)
    assert after.state.turns[-1].done[0].text == (
        "Cut short by a crash and not run again: ann rejected it: once is enough"
    )
    assert after.state.running is None


def test_a_second_crash_asks_again() -> None:
    again = in_doubt().after(answered("T1.1.c1.2"), wants("c1", OUTSIDE), ReviewDoubt(C1))
    assert again.state.gate is not None
    assert again.state.gate.approval == "T1.1.c1.3"
