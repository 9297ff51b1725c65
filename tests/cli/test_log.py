"""What `log` shows, follows, and leaves out."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from cli.log import line_of, ticket_about, type_of
from events.approval import ApprovalVoided
from events.attempt_events import ToolDoubted
from events.base import Event, UnknownEvent
from events.hint import HintGiven
from events.ids import AttemptId, StreamId, TicketId
from events.run_commands import EndRun
from events.run_events import MergeQueued, RunPaused, TicketUnparked
from store.log import Recorded
from tests.cli.conftest import Told
from tests.histories import C1, ticket
from tests.stories import Story

Trackside = Callable[..., Told]


def recorded(stream: str, event: Event) -> Recorded:
    return Recorded(
        position=7,
        epoch=1,
        stream=StreamId(stream),
        version=1,
        at="2026-11-22T01:35:27.123456Z",
        commit=7,
        event=event,
    )


@pytest.fixture
def finished(story: Story) -> Story:
    story.begin(ticket(), ticket("T2"))
    story.work("T1.1")
    story.fail_a_command("T1.1")
    story.complete("T1.1")
    return story


def test_a_record_is_one_aligned_line() -> None:
    assert line_of(recorded("run", TicketUnparked(TicketId("T1")))) == (
        "     7  2026-11-22 01:35:27.123  run               ticket.unparked            T1 goes on"
    )


def test_every_record_has_a_line(finished: Story, trackside: Trackside) -> None:
    code, out, err = trackside("log")
    assert (code, err) == (0, "")
    positions = [int(line.split()[0]) for line in out.splitlines()]
    assert positions == list(range(1, finished.log.last_position + 1))


def test_the_json_is_the_log_byte_by_byte(
    finished: Story, shop: Path, trackside: Trackside
) -> None:
    code, out, _ = trackside("log", "--json")
    assert code == 0
    assert out == (shop / ".trackside/runs/r1/events.jsonl").read_text()


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (["--type", "ticket."], {"ticket.assigned", "ticket.completed"}),
        (["--stream", "hint"], {"hint.asked", "hint.given"}),
        (["--stream", "hint/T1.1.c1"], {"hint.asked", "hint.given"}),
        (["--stream", "hint/T1.1"], set()),
        (["--ticket", "T2"], {"ticket.assigned"}),
        (["--ticket", "T1", "--type", "hint.given"], {"hint.given"}),
    ],
)
def test_only_what_was_asked_for_is_printed(
    options: list[str], kinds: set[str], finished: Story, trackside: Trackside
) -> None:
    _, out, _ = trackside("log", "--json", *options)
    lines = out.splitlines()
    assert {msgspec.json.decode(line)["event"]["type"] for line in lines} == kinds


@pytest.mark.parametrize(
    ("stream", "event", "ticket"),
    [
        ("run", RunPaused("ann"), None),
        ("run", TicketUnparked(TicketId("T1")), "T1"),
        ("run", MergeQueued(TicketId("T.1"), AttemptId("T.1.2")), "T.1"),
        ("attempt/T1.2", ToolDoubted(C1), "T1"),
        ("attempt/T1.2.c5.1", ToolDoubted(C1), "T1.2.c5"),
        ("hint/T1.2.merge_check", HintGiven("w", "extract"), "T1"),
        ("approval/T1.2.c5.2", ApprovalVoided("x"), "T1"),
        ("approval/nonsense", ApprovalVoided("x"), None),
        ("later/T1.2", UnknownEvent("{}"), None),
    ],
)
def test_a_record_is_about_one_ticket_or_none(
    stream: str, event: Event, ticket: str | None
) -> None:
    assert ticket_about(recorded(stream, event)) == ticket


def test_an_event_of_a_later_program_keeps_its_type() -> None:
    assert type_of(UnknownEvent('{"type":"later.thing","x":1}')) == "later.thing"


def test_a_torn_end_is_reported_behind_what_is_whole(
    finished: Story, shop: Path, trackside: Trackside
) -> None:
    finished.log.close()
    with (shop / ".trackside/runs/r1/events.jsonl").open("ab") as file:
        file.write(b'{"v":1,"pos')
    code, out, err = trackside("log")
    assert code == 0
    assert len(out.splitlines()) == finished.log.last_position
    assert "its end, 11 bytes, is" in err


def test_damage_ends_the_list_where_it_is(
    finished: Story, shop: Path, trackside: Trackside
) -> None:
    finished.log.close()
    log = shop / ".trackside/runs/r1/events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"one is not two", b"one is now two", 1))
    code, out, err = trackside("log")
    assert code == 4
    assert 0 < len(out.splitlines()) < finished.log.last_position
    assert "is damaged" in err


def test_following_prints_what_comes_until_nobody_works_on_the_run(
    story: Story, shop: Path
) -> None:
    story.begin(ticket())
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "log", "--follow", "--repo", str(shop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None

        def next_type() -> str:
            line = process.stdout.readline() if process.stdout else ""
            return line.split()[4]

        assert [next_type() for _ in range(4)] == [
            "log.opened",
            "run.started",
            "run.planned",
            "ticket.assigned",
        ]
        story.work("T1.1")
        assert next_type() == "attempt.started"
        story.complete("T1.1")
        story.tell("run", EndRun())
        story.log.close()
        rest = process.stdout.read()
        assert "run.ended" in rest.splitlines()[-1]
        assert process.stderr.read() == "trackside: no process works on run r1\n"
    assert process.returncode == 0


def test_ctrl_c_ends_following_with_its_exit_code(story: Story, shop: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "log", "--follow", "--repo", str(shop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "log.opened" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "trackside: interrupted\n"
    assert process.returncode == 130


def test_following_a_run_that_nobody_works_on_ends_at_once(
    finished: Story, trackside: Trackside
) -> None:
    finished.log.close()
    code, out, err = trackside("log", "--follow")
    assert code == 0
    assert len(out.splitlines()) == finished.log.last_position
    assert err == "trackside: no process works on run r1\n"


def test_on_a_terminal_the_json_is_harmless(
    story: Story, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.begin(structs.replace(ticket(), description="\u202e\x9btitle"))
    story.log.close()
    reader, writer = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "log", "--json", "--repo", str(shop)], stdout=writer
    )
    os.close(writer)
    seen = b""
    while True:
        try:
            data = os.read(reader, 65536)
        except OSError:
            break
        seen += data
    os.close(reader)
    assert process.wait() == 0
    assert seen.isascii()
    assert b"\\u202e\\u009btitle" in seen
    assert all(msgspec.json.decode(line) for line in seen.splitlines())


def test_a_ticket_that_the_run_has_not_is_refused(story: Story, trackside: Trackside) -> None:
    story.begin(ticket(), ticket("T2"))
    assert trackside("log", "--ticket", "T2")[0] == 0
    for words in (["--ticket", "ZZ"], ["--ticket", "ZZ", "--json"]):
        code, out, err = trackside("log", *words)
        assert (code, err) == (2, 'trackside: run r1 has no ticket "ZZ"\n')
        assert bool(out) == ("--json" in words)
