"""The chain of causes of a ticket and of a record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.ids import StreamId, TicketId
from replay.causation import cause_of
from replay.errors import MomentUnknownError, NotInHistoryError
from replay.records import Records, attempt_in, ticket_in
from replay.timeline import frame_at
from replay.why import Why, why_position, why_ticket
from store.log import Recorded
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of, copy_of


def named(event: object) -> str:
    return type(event).__name__


def why(folder: RunFolder, ticket: str) -> Why:
    return why_ticket(Records(archive_of(folder)), TicketId(ticket), named)


def types(answer: Why) -> list[str]:
    return [link.type for link in answer.links]


def evidence(answer: Why, kind: str) -> str:
    return next(link.evidence for link in answer.links if link.type == kind)


def test_a_blocked_ticket_leads_to_the_ticket_the_hint_the_command_and_the_answer(
    baked: RunFolder,
) -> None:
    answer = why(baked, "last")
    assert answer.standing == "last is blocked"
    assert types(answer) == [
        "ticket.blocked",
        "ticket.blocked",
        "ticket.blocked",
        "attempt.ended",
        "attempt.hinted",
        "hint.given",
        "hint.asked",
        "attempt.tool_finished",
        "attempt.tool_started",
        "attempt.replied",
    ]
    assert [link.evidence for link in answer.links[:2]] == [
        "it depends on after",
        "it depends on stuck",
    ]
    assert evidence(answer, "attempt.tool_finished") == (
        "echo Error: no luck; exit 3: exit code 3: Error: no luck"
    )
    assert evidence(answer, "attempt.replied") == (
        '"Try 3." c3 run_command {"command":"echo Error: no luck; exit 3"}'
    )
    positions = [link.position for link in answer.links]
    assert positions == sorted(positions, reverse=True)


def test_a_completed_ticket_leads_over_merge_and_check_to_the_word_of_its_worker(
    baked: RunFolder,
) -> None:
    answer = why(baked, "base")
    assert types(answer) == [
        "ticket.completed",
        "attempt.ended",
        "attempt.committed",
        "attempt.merged",
        "attempt.merge_begun",
        "merge.granted",
        "merge.queued",
        "attempt.submitted",
        "attempt.check_ran",
        "attempt.work_finished",
        "attempt.replied",
    ]
    assert evidence(answer, "attempt.work_finished") == "The base is laid."


def test_attempts_that_came_to_nothing_are_named_apart(baked: RunFolder) -> None:
    (earlier,) = why(baked, "retry").earlier
    assert (earlier.type, earlier.evidence) == ("ticket.requeued", "gave_up: I do not see how.")


def test_a_conflict_leads_to_the_ticket_that_had_moved_the_tip(baked: RunFolder) -> None:
    records = Records(archive_of(baked))
    ends = [one for one in records.of(StreamId("run")) if "conflict" in str(one.event)]
    loser = next(one for one in ends if type(one.event).__name__ == "TicketRequeued")
    answer = why_position(Records(archive_of(baked), loser.position), loser.position, named)
    assert types(answer)[:3] == ["ticket.requeued", "attempt.ended", "ticket.completed"]


def test_a_rejected_spawn_leads_to_the_person_and_to_the_rule_that_asked(
    answered: RunFolder,
) -> None:
    answer = why(answered, "later")
    assert types(answer) == [
        "ticket.blocked",
        "ticket.blocked",
        "attempt.ended",
        "attempt.answered",
        "approval.answered",
        "approval.asked",
        "attempt.gated",
        "attempt.context_assembled",
        "attempt.started",
        "ticket.assigned",
        "run.planned",
    ]
    assert evidence(answer, "approval.answered") == "bob rejected it: not today"
    assert evidence(answer, "attempt.gated") == "spawn, by rule policy: spawns of the shy"


def test_a_rejected_call_is_told_where_its_worker_gave_up(answered: RunFolder) -> None:
    answer = why(answered, "keen")
    assert types(answer)[:3] == ["ticket.blocked", "attempt.ended", "attempt.replied"]
    assert "They did not let me." in evidence(answer, "attempt.replied")


def test_a_paused_ticket_leads_to_the_question_and_the_call_it_is_about(waiting: RunFolder) -> None:
    answer = why(waiting, "bold")
    assert answer.standing == "bold is step paused: it waits for bold.1.c1"
    assert types(answer) == [
        "ticket.parked",
        "approval.asked",
        "attempt.gated",
        "attempt.replied",
    ]
    assert (
        evidence(answer, "approval.asked")
        == "write_file bold.txt, asked by rule policy: writes of the bold"
    )


def test_a_locked_ticket_leads_to_the_dependency_that_is_open(waiting: RunFolder) -> None:
    answer = why(waiting, "later")
    assert answer.standing == "later is locked: it needs shy (step paused)"
    assert types(answer)[0] == "ticket.parked"


def test_a_run_that_ended_blocked_leads_to_what_is_blocked(baked: RunFolder) -> None:
    ended = frame_at(archive_of(baked)).world.position - 1
    answer = why_position(Records(archive_of(baked), ended), ended, named)
    assert answer.standing == "run: RunEnded"
    assert types(answer)[:3] == ["run.ended", "ticket.blocked", "attempt.ended"]


def test_what_is_not_in_the_run_is_refused(baked: RunFolder) -> None:
    with pytest.raises(NotInHistoryError, match='run baked has no ticket "nobody"'):
        why(baked, "nobody")
    with pytest.raises(MomentUnknownError, match="the log goes from 1 to"):
        why_position(Records(archive_of(baked), 9999), 9999, named)


def test_a_run_that_was_cut_short_before_its_plan_has_nothing_to_explain(
    baked: RunFolder, tmp_path: Path
) -> None:
    copy = copy_of(baked, tmp_path)
    copy.seal.unlink()
    copy.log.write_bytes(copy.log.read_bytes().partition(b"\n")[0] + b"\n")
    with pytest.raises(NotInHistoryError, match="not planned yet"):
        why(copy, "base")


@pytest.mark.parametrize(
    ("stream", "attempt", "ticket"),
    [
        ("run", "", ""),
        ("attempt/a.b.2", "a.b.2", "a.b"),
        ("hint/T1.2.check1", "T1.2", "T1"),
        ("hint/T1.2.merge_check", "T1.2", "T1"),
        ("approval/a.1.b.2.c5.3", "a.1.b.2", "a.1.b"),
        ("approval/gossip", "", ""),
    ],
)
def test_the_name_of_a_stream_tells_attempt_and_ticket(
    stream: str, attempt: str, ticket: str
) -> None:
    assert attempt_in(StreamId(stream)) == attempt
    assert ticket_in(StreamId(stream)) == ticket


def test_every_record_of_every_run_has_a_chain_that_ends_at_a_beginning(
    baked: RunFolder, answered: RunFolder, crashed: RunFolder
) -> None:
    beginnings = {
        "LogOpened",
        "RunSandboxed",
        "RunStarted",
        "TicketsPlanned",
        "ReplyRecorded",
    }
    for folder in (baked, answered, crashed):
        records = Records(archive_of(folder))
        for recorded in archive_of(folder).records():
            *_, beginning = _walk(records, recorded)
            assert named(beginning.event) in beginnings


def _walk(records: Records, start: Recorded) -> Iterator[Recorded]:
    link: Recorded | None = start
    while link is not None:
        yield link
        before = cause_of(records, link)
        assert before is None or before.position < link.position
        link = before
