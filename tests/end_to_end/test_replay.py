"""A past run on the terminal: played as it went, or gone through by hand."""

import re

import pytest

from cli.stepping import HELP
from events.fork_words import RunForked
from tests.end_to_end.project import Ended, Project, trackside
from tests.end_to_end.terminal import at_terminal

DONE = {"calls": [{"tool": "finish", "args": {"summary": "done"}}]}
WRITE = {"calls": [{"tool": "write_file", "args": {"path": "a.txt", "content": "\x1b[2Ja\n"}}]}


@pytest.fixture
def played(project: Project) -> Project:
    project.plan({"id": "one"}, {"id": "two", "depends_on": ["one"]})
    project.script({"one": [[WRITE, DONE]], "two": [[DONE]]})
    assert project.run().code == 0
    return project


def replay(project: Project, *words: str) -> Ended:
    return trackside("replay", "--repo", str(project.repo.path), *words)


def test_a_replay_says_what_the_run_said_and_ends_with_the_same_words(project: Project) -> None:
    project.plan({"id": "one"})
    project.script({"one": [[WRITE, DONE]]})
    first = project.run()
    again = replay(project, "--speed", "inf")
    assert again.code == 0
    begun, *rest = again.err.splitlines(keepends=True)
    assert "run started: run: track test (1 ticket)" in begun
    assert "".join(rest) == first.err
    assert again.out == first.out


def test_a_replay_can_begin_anywhere(played: Project) -> None:
    last = played.records()[-1].position
    said = replay(played, "--speed", "inf", "--from", str(last))
    assert len(said.err.splitlines()) == 1
    assert "delivered: " in said.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--speed", "0"), "--speed: give a number greater than 0, or inf"),
        (("--speed", "nan"), "--speed: give a number greater than 0, or inf"),
        (("--from", "0"), "run has no position 0: its log goes from 1 to"),
        (("--from", "99999"), "run has no position 99999"),
        (("--step",), "--step needs a terminal"),
    ],
)
def test_what_cannot_be_played_is_refused(
    played: Project, words: tuple[str, ...], reason: str
) -> None:
    said = replay(played, *words)
    assert said.code == 2
    assert reason in said.err


def test_one_can_step_forwards_and_backwards_and_leave(played: Project) -> None:
    words = ("replay", "--repo", str(played.repo.path), "--step", "--from", "4")
    with at_terminal(*words, environment=played.environment) as screen:
        screen.expect("4/")
        for key, position in ((" ", 5), ("\r", 6), ("\x1b[C", 7), ("b", 6), ("\x1b[D", 5)):
            screen.type(key)
            screen.expect(f"{position}/")
        screen.type("g")
        screen.expect("1/")
        screen.type("b ")  # there is nothing before the first one
        screen.expect("2/")
        screen.type("q")
        assert screen.end() == 0
        assert "\x1b" not in screen.text


def test_on_a_screen_each_step_shows_the_table_as_it_was(played: Project) -> None:
    words = ("replay", "--repo", str(played.repo.path), "--step")
    environment = {**played.environment, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    completed = next(
        one.position
        for one in played.records()
        if str(type(one.event).__struct_config__.tag) == "ticket.completed"
    )
    with at_terminal(*words, environment=environment) as screen:
        screen.expect(HELP.split(" ·")[0])
        screen.type(" " * (completed - 1))
        screen.expect(f"{completed} of ")
        screen.expect("completed")
        screen.type("\x1b[F")
        screen.expect("run.delivered")
        screen.type("q")
        assert screen.end() == 0
    assert "\x1b[?1049l" in screen.text  # the screen before is back
    assert "\x1b[2Ja" not in screen.text


def test_the_live_table_of_a_replay_is_taken_off_at_its_end(played: Project) -> None:
    words = ("replay", "--repo", str(played.repo.path), "--speed", "4")
    environment = {**played.environment, "TERM": "xterm"}
    with at_terminal(*words, environment=environment) as screen:
        screen.expect("run run is completed: 2 of 2 tickets completed")
        assert screen.end() == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.text)
    assert "ticket" in shown


def test_the_past_of_a_fork_is_played_like_its_own(played: Project) -> None:
    at = next(one.position for one in played.records() if one.stream == "attempt/one.1")
    where = ("--repo", str(played.repo.path))
    assert trackside("fork", "run", *where, "--at", str(at), "--run-id", "fork").code == 0
    assert played.resume("fork").code == 0
    assert played.events(RunForked, run="fork")
    said = replay(played, "fork", "--speed", "inf")
    assert "forked: fork goes its own way from run at position" in said.err
