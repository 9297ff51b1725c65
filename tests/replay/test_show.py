"""The state of a run at any moment."""

from contextlib import closing
from pathlib import Path

import pytest

from events.ids import TicketId
from events.run_commands import CancelRun, SkipTicket
from events.state_digest import state_digest
from replay.errors import NotInHistoryError
from replay.moment import Moment
from replay.show import Shown, shown_at
from replay.timeline import frame_at
from store.jsonl import JsonlLog
from store.run_folder import RunFolder
from tests.events.attempts import OUTSIDE
from tests.histories import shell, ticket, wants
from tests.replay.recorded import archive_of, position_of
from tests.stories import written


def shown(folder: RunFolder, at: Moment | None = None, ticket: str | None = None) -> Shown:
    archive = archive_of(folder)
    about = None if ticket is None else TicketId(ticket)
    return shown_at(frame_at(archive, at), archive.text, about)


def test_the_end_of_a_run_shows_every_ticket_and_attempt(baked: RunFolder) -> None:
    state = shown(baked)
    world = frame_at(archive_of(baked)).world
    assert (state.code, state.run, state.standing, state.ending) == (
        "state",
        "baked",
        "ended",
        "blocked",
    )
    assert state.position == state.last == world.position
    assert (state.digest, state.tree) == (state_digest(world), world.run.tree)
    assert [one.ticket for one in state.tickets] == list(world.run.plan.plan.order)
    assert [one.attempt for one in state.attempts if one.ticket == "retry"] == [
        "retry.1",
        "retry.2",
    ]
    by_name = {one.ticket: one for one in state.tickets}
    stuck, after = by_name[TicketId("stuck")].block, by_name[TicketId("after")].block
    assert stuck is not None
    assert after is not None
    assert (stuck.cause, after.cause, after.by) == ("stuck", "dependency", "stuck")
    assert by_name[TicketId("retry")].lesson.startswith("Attempt 1 failed: I do not see how.")
    assert state.workers.total == world.usage.total
    assert state.qa.total > 0
    assert (state.approvals, state.in_doubt, state.queue, state.merging) == ((), (), (), None)


def test_a_call_that_was_started_and_not_ended_is_in_doubt(baked: RunFolder) -> None:
    started = position_of(baked, "attempt.tool_started", "attempt/stuck.1")
    doubt = shown(baked, started, "stuck").in_doubt
    assert [(one.attempt, one.call, one.action.command) for one in doubt] == [
        ("stuck.1", "c1", "echo Error: no luck; exit 3")
    ]
    before = shown(baked, started - 1, "stuck")
    assert before.in_doubt == ()
    assert before.attempts[0].calls == ("run_command",)


def test_who_merges_and_who_waits_to_merge_is_shown(baked: RunFolder) -> None:
    queued = position_of(baked, "merge.queued")
    assert shown(baked, queued).queue == ("base.1",)
    assert shown(baked, queued + 1).merging == "base.1"


def test_questions_that_wait_are_shown_with_the_rule_that_asks(waiting: RunFolder) -> None:
    asked = {one.approval: one for one in shown(waiting).approvals}
    assert sorted(asked) == ["bold.1.c1", "keen.1.c1", "shy.1.spawn", "slow.1.merge"]
    assert {one.action.kind for one in asked.values()} == {"tool", "spawn", "merge"}
    keen = shown(waiting, ticket="keen")
    assert [one.action.command for one in keen.approvals] == ["rm -rf app"]
    assert [one.ticket for one in keen.tickets] == ["keen"]
    assert {one.ticket for one in keen.attempts} == {"keen"}


def test_a_ticket_that_the_run_does_not_have_is_refused(baked: RunFolder) -> None:
    with pytest.raises(NotInHistoryError, match='run baked has no ticket "nobody"'):
        shown(baked, ticket="nobody")


def test_before_its_plan_a_run_has_nothing_to_show(baked: RunFolder) -> None:
    with pytest.raises(NotInHistoryError, match="at position 2 the run was not planned yet"):
        shown(baked, 2)


def test_what_was_skipped_or_cancelled_waits_for_nothing_and_is_not_in_doubt(
    tmp_path: Path,
) -> None:
    story = written(tmp_path)
    assert isinstance(story.log, JsonlLog)
    with closing(story.log):
        story.begin(ticket("T1"), ticket("T2"))
        for name in ("T1.1", "T2.1"):
            story.work(name)
        story.tell("attempt/T1.1", wants("c1", shell()))
        story.wait("T2.1", OUTSIDE)
        folder = RunFolder(tmp_path / ".trackside" / "runs" / "r1")
        before = shown(folder)
        assert [one.attempt for one in before.in_doubt] == ["T1.1"]
        assert [one.attempt for one in before.approvals] == ["T2.1"]
        story.tell("run", SkipTicket(TicketId("T1"), "ann", "no need"), CancelRun("ann"))
        after = shown(folder)
        assert (after.in_doubt, after.approvals) == ((), ())
