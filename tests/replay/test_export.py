"""A run for other programs: plain events, a trace, a state."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from replay.archive import Archive
from replay.reports.otel import trace_of
from replay.reports.plain import event_of, state_update
from replay.timeline import frame_at
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of, position_of, trackside

Json = dict[str, Any]


@pytest.fixture(params=["baked", "answered"])
def archive(request: pytest.FixtureRequest) -> Archive:
    folder: RunFolder = request.getfixturevalue(request.param)
    return archive_of(folder)


def spans_of(archive: Archive) -> list[Json]:
    document = trace_of(archive.records(), "1.2.3")
    spans: list[Json] = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return spans


def facts_of(span: Json) -> Json:
    """Return the attributes of a span as plain values."""
    return {pair["key"]: next(iter(pair["value"].values())) for pair in span["attributes"]}


def named(spans: list[Json], operation: str) -> list[Json]:
    return [one for one in spans if facts_of(one).get("gen_ai.operation.name") == operation]


# ------------------------------------------------------------------------------------- events


def test_every_event_is_there_with_its_texts(archive: Archive) -> None:
    rows = [event_of(recorded, archive.text) for recorded in archive.records()]
    assert [row.position for row in rows] == list(range(1, archive.last + 1))
    assert all(row.event["type"] for row in rows)
    messages = [row.event["message"] for row in rows if row.event.get("message")]
    assert messages
    assert all(isinstance(message, str) for message in messages)


# -------------------------------------------------------------------------------------- trace


def test_a_trace_has_a_span_for_each_attempt_call_tool_check_and_question(
    archive: Archive,
) -> None:
    spans = spans_of(archive)
    world = frame_at(archive).world
    assert len(named(spans, "invoke_workflow")) == 1
    assert len(named(spans, "invoke_agent")) == len(world.attempts)
    chats = [facts_of(span) for span in named(spans, "chat")]
    asked = sum(one.model_calls + (one.call is not None) for one in world.attempts.values())
    assert len(chats) == asked + len(world.of_kind("hint"))
    assert {chat["trackside.tier"] for chat in chats} <= {"3", "4"}
    approvals = [span for span in spans if span["name"] == "approval"]
    assert len(approvals) == len(world.approvals)


def test_usage_and_models_have_their_conventional_names(archive: Archive) -> None:
    answered = [
        facts
        for facts in map(facts_of, named(spans_of(archive), "chat"))
        if facts.get("gen_ai.response.finish_reasons")
    ]
    assert answered
    for facts in answered:
        assert facts["gen_ai.provider.name"] == "trackside.scripted"
        assert facts["gen_ai.request.model"].startswith("scripted:")
        assert int(facts["gen_ai.usage.input_tokens"]) > 0
    total = sum(
        int(facts.get(f"gen_ai.usage.{side}_tokens", 0))
        for facts in map(facts_of, named(spans_of(archive), "chat"))
        if facts["trackside.tier"] == "3"
        for side in ("input", "output")
    )
    assert total == frame_at(archive).world.usage.total


def test_spans_lie_within_their_parents_under_ids_that_stay(archive: Archive) -> None:
    spans = spans_of(archive)
    assert spans == spans_of(archive)
    by_id = {span["spanId"]: span for span in spans}
    assert len(by_id) == len(spans)
    assert {span["traceId"] for span in spans} == {spans[0]["traceId"]}
    for span in spans:
        assert len(span["traceId"]) == 32
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
        if "parentSpanId" in span:
            parent = by_id[span["parentSpanId"]]
            assert int(parent["startTimeUnixNano"]) <= int(span["startTimeUnixNano"])
    assert [span["name"] for span in spans if "parentSpanId" not in span] == [
        f"invoke_workflow {frame_at(archive).world.run.facts.track.id}"
    ]


def test_the_trace_of_half_a_run_is_a_part_of_the_whole(archive: Archive) -> None:
    whole = {span["spanId"]: span for span in spans_of(archive)}
    records = list(archive.records())
    half = trace_of(records[: len(records) // 2], "1.2.3")
    for span in half["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        assert whole[span["spanId"]]["startTimeUnixNano"] == span["startTimeUnixNano"]


def test_what_failed_says_so(baked: RunFolder) -> None:
    spans = spans_of(archive_of(baked))
    failed = [span for span in spans if span["status"]["code"] == 2]
    kinds = {facts_of(span)["error.type"] for span in failed}
    assert {"gave_up", "stuck", "failed"} <= kinds


def test_what_was_said_is_not_in_a_trace(baked: RunFolder) -> None:
    text = json.dumps(trace_of(archive_of(baked).records(), "1"))
    assert "I look first." not in text
    assert "no luck" not in text


# -------------------------------------------------------------------------------------- state


def test_the_state_has_the_shape_that_a_board_of_tickets_listens_to(baked: RunFolder) -> None:
    archive = archive_of(baked)
    world = frame_at(archive).world
    update = json.loads(msgspec.json.encode(state_update(world, archive.text)))
    assert update["type"] == "mma_state_update"
    payload = update["payload"]
    assert list(payload) == ["status", "active_tier", "tier_usage", "track", "tickets"]
    assert (payload["status"], payload["active_tier"]) == ("blocked", None)
    assert payload["track"]["id"] == "bakery"
    usage = payload["tier_usage"]["Tier 3"]
    assert usage["input"] + usage["output"] == world.usage.total
    states = {ticket["id"]: ticket["status"] for ticket in payload["tickets"]}
    assert states == {ticket.id: ticket.status for ticket in world.run.plan}
    after = next(ticket for ticket in payload["tickets"] if ticket["id"] == "after")
    assert (after["blocked_reason"], after["depends_on"]) == ("it depends on stuck", ["stuck"])


def test_who_is_at_work_is_named_by_tier(baked: RunFolder) -> None:
    archive = archive_of(baked)
    asked = position_of(baked, "attempt.call_begun", "attempt/base.1")
    tier = state_update(frame_at(archive, asked).world, archive.text).payload.active_tier
    assert tier is not None
    assert tier.startswith("Tier 3 (Worker): ")
    failed = position_of(baked, "hint.asked", "hint/base.1.c3")
    tier = state_update(frame_at(archive, failed).world, archive.text).payload.active_tier
    assert tier == "Tier 4 (QA): base"


# ------------------------------------------------------------------------------------ command


def test_each_format_is_printed_or_written_to_a_file(
    baked: RunFolder, checkout: Path, tmp_path: Path
) -> None:
    where = ("baked", "--repo", checkout)
    told = trackside("export", *where, cache=tmp_path)
    lines = told.stdout.splitlines()
    assert [json.loads(line)["position"] for line in lines][-1] == len(lines)
    file = tmp_path / "trace.json"
    assert (
        trackside("export", *where, "--format", "otel", "-o", file, cache=tmp_path).returncode == 0
    )
    assert "resourceSpans" in json.loads(file.read_text())
    told = trackside("export", *where, "--format", "state", "--at", "3", cache=tmp_path)
    assert json.loads(told.stdout)["payload"]["tickets"]
    assert trackside("export", *where, "--at", "9999", cache=tmp_path).returncode == 2


def test_a_report_is_written_as_a_whole_or_to_standard_output(
    baked: RunFolder, checkout: Path, tmp_path: Path
) -> None:
    file = tmp_path / "run.html"
    where = ("report", "baked", "--repo", checkout)
    told = trackside(*where, "-o", file, "--json", cache=tmp_path / "cache")
    answer = json.loads(told.stdout)
    assert (answer["code"], answer["run"], answer["note"]) == ("report", "baked", "")
    assert answer["file"] == str(file)
    assert answer["bytes"] == file.stat().st_size
    assert file.read_text().startswith("<!doctype html>")
    piped = trackside(*where, "-o", "-", cache=tmp_path / "cache")
    assert piped.stdout == file.read_text()
    said = trackside(*where, "-o", file, cache=tmp_path / "cache").stdout
    assert "shows run baked" in said
    refused = trackside(*where, "-o", tmp_path / "no" / "x.html", cache=tmp_path / "cache")
    assert refused.returncode != 0
    assert [path.name for path in tmp_path.glob(".*")] == []
