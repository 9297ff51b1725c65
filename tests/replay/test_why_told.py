"""Chains of causes in runs that only rules have written: each way in which a ticket can stand."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from events.approval import Answer, Settle, Void
from events.attempt_commands import (
    BeginCall,
    BeginMerge,
    EndAttempt,
    RecordCallFailure,
    RecordCheck,
    RecordCommit,
    RecordMerge,
    RecordSetup,
    ReportWorktreeLost,
)
from events.attempt_events import (
    ToolFinished,
)
from events.attempt_terms import (
    Onto,
)
from events.budget import Amount
from events.hint import AskHint, RecordHint
from events.ids import ApprovalId, AttemptId, CallId, TicketId
from events.run_commands import (
    AssignTickets,
    CancelRun,
    EndRun,
    GrantMerge,
    ParkTicket,
    PauseRun,
    QueueMerge,
    RecordCrash,
    RecordDelivery,
    RecordResult,
    ReleaseTicket,
    ReserveBudget,
    SkipTicket,
    UnparkTicket,
)
from events.settings import Budget, Limits, Settings
from replay.evidence import evidence_of
from replay.records import Records
from replay.why import Why, why_position, why_ticket
from store.jsonl import JsonlLog
from store.run_folder import RunFolder
from tests.histories import (
    ASK_TOOLS,
    BEGIN,
    CONTEXT,
    GREEN,
    RED,
    answered,
    commit,
    finishes,
    hinted,
    ran,
    says,
    shell,
    started,
    ticket,
    tree,
    wants,
    write,
)
from tests.replay.recorded import archive_of
from tests.stories import Story, written


class Tale:
    """A story on disk, that can be asked why."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self.story = written(repository)

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self._repository / ".trackside" / "runs" / "r1")

    def why(self, name: str) -> Why:
        return why_ticket(Records(archive_of(self.folder)), TicketId(name), _named)

    def why_last(self) -> Why:
        position = self.story.log.last_position
        return why_position(Records(archive_of(self.folder), position), position, _named)


def _named(event: object) -> str:
    return type(event).__name__


@pytest.fixture
def tale(tmp_path: Path) -> Iterator[Tale]:
    tale = Tale(tmp_path)
    yield tale
    tale.story.log.close()


@pytest.fixture
def story(tale: Tale) -> Story:
    assert isinstance(tale.story.log, JsonlLog)
    return tale.story


def types(why: Why) -> list[str]:
    return [link.type for link in why.links]


def test_a_skipped_ticket_lets_its_dependents_start(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", max_attempts=1), ticket("T2", "T1"))
    story.work("T1.1")
    story.tell("run", SkipTicket(TicketId("T1"), "ann", "no need"))
    skipped = tale.why("T1")
    assert skipped.standing == "T1 is skipped"
    assert (types(skipped), skipped.links[0].evidence) == (["ticket.skipped"], "ann: no need")
    unlocked = tale.why("T2")
    assert unlocked.standing == "T2 is pending: it is ready and waits for a free worker"
    assert types(unlocked) == ["ticket.unlocked", "ticket.skipped"]
    story.tell("run", PauseRun("ann"))
    assert tale.why("T2").standing == "T2 is pending: it is ready, and the run is paused"


def test_a_release_leads_to_the_person_and_moves_what_was_held(tale: Tale, story: Story) -> None:
    story.begin(
        ticket("T1", max_attempts=1), ticket("T2", max_attempts=1), ticket("T3", "T1", "T2")
    )
    for name in ("T1.1", "T2.1"):
        story.work(name)
        story.give_up(name, "no way")
    assert types(tale.why("T3")) == ["ticket.blocked", "ticket.blocked", "attempt.ended"]
    story.tell("run", ReleaseTicket(TicketId("T1"), "ann"))
    assert types(tale.why("T1")) == ["ticket.released"]
    moved = tale.why("T3")
    assert types(moved) == ["ticket.blocker_changed", "ticket.blocked", "attempt.ended"]
    assert moved.links[0].position > moved.links[1].position
    story.tell("run", ReleaseTicket(TicketId("T2"), "ann"))
    locked = tale.why("T3")
    assert locked.standing == "T3 is locked: it needs T1 (pending), T2 (pending)"
    assert types(locked) == ["ticket.released"]


def test_a_ticket_that_was_tried_again_leads_to_its_last_attempt(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    story.give_up("T1.1", "not like this")
    again = tale.why("T1")
    assert again.standing.startswith("T1 is pending")
    assert types(again) == ["ticket.requeued", "attempt.ended"]
    story.tell("run", AssignTickets())
    assert types(tale.why("T1"))[:2] == ["ticket.assigned", "ticket.requeued"]
    assert tale.why("T1").standing == "T1 is in progress"


def test_a_cancelled_run_leads_to_the_person(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.tell("run", CancelRun("ann", "enough"), EndRun())
    why = tale.why_last()
    assert types(why) == ["run.ended", "run.cancelled"]
    assert why.links[1].evidence == "ann: enough"
    story.tell("run", RecordDelivery(commit(0), "none"))
    assert types(tale.why_last()) == ["run.delivered", "run.ended", "run.cancelled"]


def test_a_setup_that_fails_leads_to_its_output(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", max_attempts=1))
    story.tell("attempt/T1.1", started(setup="make ready"), CONTEXT, RecordSetup(RED, tree(1)))
    failure = story.view.world.attempt(AttemptId("T1.1")).failure
    assert failure is not None
    story.tell("hint/T1.1.setup", AskHint(failure), RecordHint("no make here", "extract"))
    story.tell("attempt/T1.1", hinted("setup", "no make here"))
    story.tell("run", _result_of(story, "T1.1"))
    why = tale.why("T1")
    assert types(why) == [
        "ticket.blocked",
        "attempt.ended",
        "attempt.hinted",
        "hint.given",
        "hint.asked",
        "attempt.setup_ran",
        "attempt.context_assembled",
        "attempt.started",
        "ticket.assigned",
        "run.planned",
    ]
    assert why.links[3].evidence == "extract: no make here"


def _result_of(story: Story, name: str) -> RecordResult:
    state = story.view.world.attempt(AttemptId(name))
    assert state.result is not None
    return RecordResult(AttemptId(name), state.result, state.reason, state.lesson, state.usage)


def test_a_limit_leads_to_the_terms_that_set_it(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", max_attempts=1))
    story.tell("attempt/T1.1", started(limits=Limits(wall_s=5)), CONTEXT)
    story.tell("attempt/T1.1", BeginCall(BEGIN.prompt, 1, elapsed_s=6.0))
    story.tell("run", _result_of(story, "T1.1"))
    why = tale.why("T1")
    assert types(why)[:3] == ["ticket.blocked", "attempt.ended", "attempt.started"]
    assert why.links[2].evidence == "limits: 40 turns, 5 s, model gemini-2.5-flash-lite"


def test_a_provider_that_fails_is_where_the_chain_begins(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", max_attempts=1))
    failed = RecordCallFailure("bad_request", "no such model", retryable=False)
    story.tell("attempt/T1.1", started(), CONTEXT, BEGIN, failed)
    story.tell("run", _result_of(story, "T1.1"))
    why = tale.why("T1")
    assert types(why) == ["ticket.blocked", "attempt.ended", "attempt.call_failed"]
    assert why.links[2].evidence == "bad_request: no such model"


def test_a_bug_of_ours_is_where_the_chain_begins(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", max_attempts=1))
    story.work("T1.1")
    story.tell("run", RecordCrash("worker T1.1", "KeyError: 1", AttemptId("T1.1")))
    story.tell("attempt/T1.1", EndAttempt("failed", "trackside failed on it"))
    story.tell("run", _result_of(story, "T1.1"))
    why = tale.why("T1")
    assert types(why) == ["ticket.blocked", "attempt.ended", "actor.crashed"]
    assert why.links[2].evidence == "worker T1.1: KeyError: 1"


def test_a_red_check_of_the_merged_tree_leads_to_the_merge(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", max_attempts=1), ticket("T2"))
    for name in ("T1.1", "T2.1"):
        story.work(name)
        story.tell(f"attempt/{name}", wants("c1", shell()), ran("c1"), BEGIN, says("finish"))
        story.tell(f"attempt/{name}", finishes("c2"), RecordCheck(GREEN))
        story.tell("run", QueueMerge(AttemptId(name)))
    moved = Onto(commit(5), tree(5), 1)
    story.tell("run", GrantMerge(1, 1))
    story.tell("attempt/T1.1", BeginMerge(moved), RecordMerge(tree(9)), RecordCheck(RED))
    failure = story.view.world.attempt(AttemptId("T1.1")).failure
    assert failure is not None
    asked = f"hint/T1.1.{failure.call}"
    story.tell(asked, AskHint(failure), RecordHint("they do not fit", "model", "gemini"))
    story.tell("attempt/T1.1", hinted(failure.call, "they do not fit"))
    story.tell("run", _result_of(story, "T1.1"))
    assert types(tale.why("T1"))[:8] == [
        "ticket.blocked",
        "attempt.ended",
        "attempt.hinted",
        "hint.given",
        "hint.asked",
        "attempt.check_ran",
        "attempt.merged",
        "attempt.merge_begun",
    ]


def test_a_commit_of_a_merged_tree_leads_to_its_check(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    story.tell("attempt/T1.1", wants("c1", shell()), ran("c1"), BEGIN, says("finish"))
    story.tell("attempt/T1.1", finishes("c2"), RecordCheck(GREEN))
    story.tell("run", QueueMerge(AttemptId("T1.1")), GrantMerge(1, 1))
    moved = BeginMerge(Onto(commit(5), tree(5), 1))
    merged = (moved, RecordMerge(tree(9)), RecordCheck(GREEN), RecordCommit(commit(6)))
    story.tell("attempt/T1.1", *merged)
    chain = ["attempt.ended", "attempt.committed", "attempt.check_ran", "attempt.merged"]
    assert types(tale.why_last())[:4] == chain


def test_a_conflict_without_another_ticket_leads_to_the_merge_itself(
    tale: Tale, story: Story
) -> None:
    story.begin(ticket("T1", max_attempts=1))
    story.work("T1.1")
    story.tell("attempt/T1.1", wants("c1", shell()), ran("c1"), BEGIN, says("finish"))
    story.tell("attempt/T1.1", finishes("c2"), RecordCheck(GREEN))
    story.tell("run", QueueMerge(AttemptId("T1.1")), GrantMerge(1, 1))
    onto = Onto(commit(7), tree(7), 1)
    story.tell("attempt/T1.1", BeginMerge(onto), RecordMerge(None, ("till.py",)))
    why = tale.why_last()
    assert types(why)[:3] == ["attempt.ended", "attempt.merge_begun", "merge.granted"]
    assert why.links[1].evidence == f"onto commit {commit(7)}"


def test_an_answer_leads_back_to_the_question(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1", policy=ASK_TOOLS)
    story.wait("T1.1", shell("make"))
    yes = Answer(verdict="approved", by="bob", arguments="{}")
    story.tell("approval/T1.1.c1", Settle(yes))
    story.tell("run", UnparkTicket(AttemptId("T1.1")))
    why = tale.why("T1")
    assert types(why) == [
        "ticket.unparked",
        "approval.answered",
        "approval.asked",
        "attempt.gated",
        "attempt.replied",
    ]
    assert why.links[1].evidence == "bob approved it, with other arguments"


def test_a_void_question_leads_to_what_it_was_about(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1", policy=ASK_TOOLS)
    story.wait("T1.1", write())
    story.tell("approval/T1.1.c1", Void("the file has changed"))
    why = tale.why_last()
    assert types(why)[:2] == ["approval.voided", "approval.asked"]
    assert why.links[0].evidence == "the file has changed"


def test_a_permit_that_is_void_shows_both_digests(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1", policy=ASK_TOOLS)
    story.wait("T1.1", write("one"))
    story.tell("attempt/T1.1", answered("T1.1.c1"), wants("c1", write("two")))
    why = tale.why_last()
    assert types(why)[:2] == ["attempt.permit_voided", "attempt.replied"]
    assert why.links[0].evidence.startswith("approved was one000")


def test_a_ticket_without_budget_leads_to_the_limit(tale: Tale, story: Story) -> None:
    tight = Settings(budget=Budget(run_tokens=10))
    story.begin(ticket("T1"), settings=tight)
    story.tell("attempt/T1.1", started(budgeted=True), CONTEXT)
    story.tell("run", ReserveBudget(AttemptId("T1.1"), "T1.1#1", Amount(1000)))
    why = tale.why("T1")
    assert why.standing == "T1 is step paused: it waits for T1.1.budget"
    assert types(why) == ["budget.exceeded"]
    assert why.links[0].evidence.startswith("the run may take 10 tokens")


def test_a_worktree_that_was_lost_leads_to_the_opening_of_the_log(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    story.tell("attempt/T1.1", ReportWorktreeLost())
    assert types(tale.why_last()) == ["attempt.worktree_lost", "log.opened"]


def test_a_ticket_that_was_done_before_leads_to_the_plan(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1", status="completed"), ticket("T2"))
    done = tale.why("T1")
    assert (done.standing, types(done)) == ("T1 is completed", ["run.planned"])
    started_with = why_position(Records(archive_of(tale.folder), 2), 2, _named)
    assert types(started_with) == ["run.started"]
    assert started_with.links[0].evidence == "track shop, policy auto"


def test_evidence_names_files_as_the_worker_does(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    story.tell("attempt/T1.1", wants("c1", shell("make")))
    place = "/home/ann/.cache/trackside/r1/T1.1"
    output = f'Traceback (most recent call last):\n  File "{place}/a.py", line 2\nKeyError: 9\n'
    red = msgspec.structs.replace(RED, output=output)
    story.tell("attempt/T1.1", ran("c1", red))
    at = story.log.last_position
    said = why_position(Records(archive_of(tale.folder), at), at, _named)
    assert said.links[0].evidence == "pytest: exit code 1: KeyError: 9 (a.py:2)"


def test_an_outcome_is_told_by_how_it_ended(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    story.tell("attempt/T1.1", wants("c1", shell("make")))
    for outcome, words in (
        (msgspec.structs.replace(RED, timed_out=True, exit_code=None), "pytest: timed out:"),
        (msgspec.structs.replace(RED, signal=9, exit_code=None), "pytest: signal 9:"),
        (msgspec.structs.replace(RED, failing=False, exit_code=None, text="gone"), "pytest: gone"),
        (GREEN, "fine"),
    ):
        finished = ToolFinished(CallId("c1"), outcome, tree(1))
        assert evidence_of(finished, str).startswith(words)


def test_a_parked_ticket_of_an_unknown_question_has_no_cause(tale: Tale, story: Story) -> None:
    story.begin(ticket("T1"))
    story.work("T1.1")
    story.tell("run", ParkTicket(AttemptId("T1.1"), ApprovalId("T1.1.c9")))
    assert types(tale.why("T1")) == ["ticket.parked"]


def test_a_chain_over_a_thousand_tickets_is_told_whole(tale: Tale, story: Story) -> None:
    names = [f"T{number}" for number in range(1, 1001)]
    plan = [ticket(name, *names[place - 1 : place]) for place, name in enumerate(names)]
    plan[0] = ticket("T1", max_attempts=1)
    story.begin(*plan)
    locked = tale.why("T1000")
    assert locked.standing == "T1000 is locked: it needs T999 (locked)"
    assert types(locked) == ["ticket.assigned", "run.planned"]
    story.work("T1.1")
    story.give_up("T1.1", "no way")
    assert types(tale.why("T1000")) == ["ticket.blocked"] * 1000 + ["attempt.ended"]
