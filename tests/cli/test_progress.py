"""What is said while a run goes on, on a terminal and without one."""

import io
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterator
from fcntl import ioctl

import pytest

from cli.live_table import LiveTable, clock_words
from cli.progress import NoProgress, PlainProgress, Progress, progress_for
from events.conversation import Usage
from events.ids import AttemptId, TicketId
from events.run_commands import EndRun, PauseRun, RecordDelivery
from events.run_events import TicketCompleted
from events.streams import RUN
from store.log import Recorded
from tests.histories import commit, ticket, tree
from tests.stories import Story, told

ROWS, COLUMNS = 12, 100
LINE = re.compile(r"\d\d:\d\d:\d\d \S.*")


def tell_all(story: Story, progress: Progress) -> None:
    story.log.subscribe(progress.take)
    story.begin(ticket(), ticket("T2", "T1"))
    story.work("T1.1")
    story.fail_a_command("T1.1", "the \x1b[2J\u202ekey is missing")
    story.give_up("T1.1", "no way")


def test_each_notable_event_is_one_plain_escaped_line() -> None:
    stream = io.StringIO()
    story = told()
    progress = progress_for(stream, story.view, environment={"TERM": "xterm"})
    tell_all(story, progress)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert [line[9:] for line in lines] == [
        "run started: r1: track shop (2 tickets) on c000000000",
        "T1.1 is worked on by gemini-2.5-flash-lite",
        "T1.1 turn 1 (1,100,000 tokens): c1 run_command",
        "T1.1 c1 failed: the \\x1b[2J\\u202ekey is missing",
        "T1.1 gave up and will be tried again: no way",
    ]


def test_lines_about_the_run_have_their_subject() -> None:
    stream = io.StringIO()
    story = told()
    story.begin(ticket())
    story.log.subscribe(PlainProgress(stream).take)
    story.tell("run", PauseRun(by="ann"))
    assert stream.getvalue().endswith("run paused by ann\n")


def test_nothing_is_shown_where_a_program_reads() -> None:
    stream = io.StringIO()
    story = told()
    progress = progress_for(stream, story.view, quiet=True)
    assert isinstance(progress, NoProgress)
    tell_all(story, progress)
    progress.close()
    assert stream.getvalue() == ""


def test_a_reader_that_has_gone_does_not_stop_the_run() -> None:
    read, write = os.pipe()
    os.close(read)
    story = told()
    with open(write, "w", buffering=1) as stream:  # noqa: PTH123 - a descriptor
        progress = PlainProgress(stream)
        tell_all(story, progress)
        progress.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    assert story.view.world.run.plan.count("pending") == 1


class Screen:
    """A terminal of `ROWS` by `COLUMNS` whose output is read while it comes."""

    def __init__(self) -> None:
        self._reader, writer = pty.openpty()
        ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.stream = open(writer, "w", buffering=1)  # noqa: PTH123, SIM115 - a descriptor, closed below
        self._seen = ""
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, words: str) -> str:
        """Return all that was printed, once it has `words`."""
        with self._news:
            assert self._news.wait_for(lambda: words in self._seen, timeout=20), self._seen
            return self._seen

    def close(self) -> str:
        self.stream.close()
        self._thread.join()
        os.close(self._reader)
        return self._seen

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._reader, 65536)
            except OSError:
                return
            with self._news:
                self._seen += data.decode(errors="replace")
                self._news.notify_all()


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    if not screen.stream.closed:
        screen.close()


def test_a_terminal_shows_a_table_that_goes_when_the_run_rests(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    story = told()
    progress = progress_for(screen.stream, story.view)
    tell_all(story, progress)
    screen.wait_for("T1")
    seen = screen.wait_for("1 pending")
    assert "1,111,000" in seen
    story.tell("run")
    progress.close()
    progress.close()
    said = screen.close()
    assert "\x1b[2K" in said.rpartition("T1")[2]
    assert "\u202e" not in said


def test_the_table_has_no_colour_where_none_is_wanted(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    story = told()
    progress = progress_for(
        screen.stream, story.view, environment={"TERM": "xterm-256color", "NO_COLOR": "1"}
    )
    tell_all(story, progress)
    screen.wait_for("1 pending")
    progress.close()
    said = screen.close()
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", said) is None


def test_of_many_tickets_those_under_way_come_first_and_then_the_latest(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    story = told()
    progress = progress_for(screen.stream, story.view)
    story.log.subscribe(progress.take)
    story.begin(*(ticket(f"T{number:02}") for number in range(40)))
    story.work("T00.1")
    story.complete("T00.1")
    story.work("T01.1")
    seen = screen.wait_for("1 completed · 1 in progress · 38 pending")
    progress.close()
    table = seen[seen.rindex("ticket") :]
    assert table.index("T01") < table.index("T00")
    assert "T39" not in table
    assert "runs run_command" in table


def test_a_terminal_that_goes_away_does_not_stop_the_run(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    story = told()
    progress = progress_for(screen.stream, story.view)
    screen.wait_for("ticket")
    screen.close()
    tell_all(story, progress)
    progress.close()


def test_a_dumb_terminal_gets_plain_lines(screen: Screen) -> None:
    story = told()
    progress = progress_for(screen.stream, story.view, environment={"TERM": "dumb"})
    assert isinstance(progress, PlainProgress)


def test_before_there_is_a_plan_the_table_is_empty(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    progress = progress_for(screen.stream, told().view)
    screen.wait_for("ticket")
    progress.close()


def test_a_ticket_that_settles_while_the_table_is_drawn_does_not_end_the_table() -> None:
    story = told()
    story.begin(*(ticket(f"T{number}") for number in range(1, 4)))
    story.work("T1.1")
    table = LiveTable(story.view, clock=lambda: 0.0)
    settled = story.log.last_position

    class Settling(str):
        """The name of a ticket; as it is compared, in the middle of a drawing, another settles."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            settle("T3")
            return str.__eq__(self, other)

    def settle(name: str) -> None:
        event = TicketCompleted(TicketId(name), AttemptId(f"{name}.1"), commit(1), tree(1), Usage())
        table.take(
            Recorded(
                position=settled, epoch=1, stream=RUN, version=1, at="", commit=settled, event=event
            )
        )

    settle("T3")
    settle(Settling("T2"))
    assert table.table(height=5).row_count == 2


def test_a_long_span_has_hours() -> None:
    assert clock_words(3600) == "1:00:00"


def test_the_end_and_the_delivery_are_told() -> None:
    stream = io.StringIO()
    story = told()
    story.begin(ticket())
    story.work("T1.1")
    story.complete("T1.1")
    story.log.subscribe(PlainProgress(stream).take)
    story.tell("run", EndRun(), RecordDelivery(commit(1), "branch", "trackside/r1"))
    assert [line[9:] for line in stream.getvalue().splitlines()] == [
        "run ended: completed at c000000000",
        "delivered: c000000000 to branch trackside/r1",
    ]
