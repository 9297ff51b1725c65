"""The commands that look back, as a person types them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.log import type_of
from cli.main import main
from events.ids import TicketId
from replay.exchange import Conversation
from store.run_folder import RunFolder
from tests.git_repo import contents
from tests.replay.recorded import Json, archive_of, copy_of, damage, forge, position_of


class Told:
    """What a command said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def answer(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)


class Shell:
    """Types commands in a repository."""

    def __init__(self, capfd: pytest.CaptureFixture[str], repository: Path) -> None:
        self._capfd, self._repository = capfd, repository

    def __call__(self, *words: str | Path) -> Told:
        code = main([*map(str, words), "--repo", str(self._repository)])
        said = self._capfd.readouterr()
        return Told(code, said.out, said.err)


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str], checkout: Path) -> Shell:
    return Shell(capfd, checkout)


@pytest.fixture
def copy(baked: RunFolder, tmp_path: Path) -> RunFolder:
    return copy_of(baked, tmp_path)


@pytest.fixture
def beside(capfd: pytest.CaptureFixture[str], copy: RunFolder) -> Shell:
    return Shell(capfd, copy.path.parents[2])


def test_show_prints_the_state_at_a_position(shell: Shell, baked: RunFolder) -> None:
    blocked = position_of(baked, "ticket.blocked", ticket="last")
    told = shell("show", "--at", str(blocked))
    assert told.code == 0
    assert f"run baked at position {blocked} of" in told.out
    assert "stuck   blocked" in told.out
    assert re.search("after   blocked +0 of 3    needs stuck", told.out)
    answer = shell("show", "baked", "--at", str(blocked), "--json").answer
    assert answer["position"] == blocked


def test_show_takes_a_time_and_a_ticket(shell: Shell, baked: RunFolder) -> None:
    time = list(archive_of(baked).records())[59].at
    answer = shell("show", "--at", time, "--ticket", "base", "--json").answer
    assert answer["at"] == time
    assert [one["ticket"] for one in answer["tickets"]] == ["base"]


def test_show_names_what_waits_and_what_is_in_doubt(
    capfd: pytest.CaptureFixture[str], waiting: RunFolder, shell: Shell, baked: RunFolder
) -> None:
    told = Shell(capfd, waiting.path.parents[2])("show")
    assert "waiting for a person:" in told.out
    assert "run_command rm -rf app" in told.out
    assert "waits for approval bold.1.c1" in told.out
    started = position_of(baked, "attempt.tool_started", "attempt/base.1")
    assert "in doubt after a crash" in shell("show", "--at", str(started)).out
    queued = position_of(baked, "merge.queued")
    assert "asking to be merged: base.1" in shell("show", "--at", str(queued)).out
    assert "merging: base.1" in shell("show", "--at", str(queued + 1)).out


def test_a_moment_that_is_none_is_bad_input(shell: Shell) -> None:
    told = shell("show", "--at", "yesterday")
    assert told.code == 2
    assert "'yesterday' is no moment" in told.err


def test_context_prints_every_word_of_prompt_and_answer(shell: Shell, baked: RunFolder) -> None:
    told = shell("context", "baked", "base", "--turn", "2")
    assert told.code == 0
    exchange = Conversation(archive_of(baked), TicketId("base")).exchange(turn=2)
    assert exchange.prompt.system in told.out
    assert "missing  app/none.py" in told.out
    assert "=== answer at position" in told.out
    assert '--- call write_file {"path":"app/greet.py"' in told.out


def test_context_gives_the_wire_json(shell: Shell, baked: RunFolder) -> None:
    raw = shell("context", "base", "--turn", "2", "--raw").answer
    exchange = Conversation(archive_of(baked), TicketId("base")).exchange(turn=2)
    assert raw["prompt"]["system"] == exchange.prompt.system
    assert raw["reply"]["text"] == "Then I write."
    assert raw["native"] is None
    whole = shell("context", "base", "--turn", "2", "--json").answer
    assert (whole["code"], whole["prompt"]) == ("exact", raw["prompt"])


def test_context_shows_what_is_new_since_the_turn_or_attempt_before(shell: Shell) -> None:
    told = shell("context", "retry", "--attempt", "2", "--turn", "1", "--diff")
    assert "-Ticket retry (attempt 1)" in told.out
    assert "+# Lesson of the attempt before" in told.out
    assert "no turn before" in shell("context", "words", "--attempt", "1", "--diff").out


def test_context_of_another_prompt_than_was_sent_exits_with_4(
    copy: RunFolder, beside: Shell
) -> None:
    def change(record: Json) -> None:
        if record["event"]["type"] == "attempt.call_begun":
            record["event"]["prompt"] = "0" * 64

    forge(copy, change)
    told = beside("context", "base")
    assert told.code == 4
    assert f"expected {'0' * 64}, got" in told.err


def test_context_tells_of_calls_that_failed_and_of_answers_that_never_came(
    copy: RunFolder, beside: Shell
) -> None:
    def change(record: Json) -> None:
        if record["stream"] == "attempt/words.1" and record["event"]["type"] == "attempt.replied":
            record["event"] = {
                "type": "attempt.call_failed", "kind": "server", "message": "try\x1b later",
            }  # fmt: skip

    forge(copy, change)
    told = beside("context", "words", "--attempt", "1")
    assert "(server): try\\x1b later" in told.out
    assert "=== no answer is on record" in told.out


def test_why_prints_the_chain(shell: Shell) -> None:
    told = shell("why", "last")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0] == "last is blocked"
    assert "ticket.blocked in run: last is blocked: it needs after" in lines[1]
    assert 'c3 run_command {"command":"echo Error: no luck; exit 3"}' in lines[-1]
    assert "earlier attempts:" in shell("why", "retry").out
    answer = shell("why", "baked", "last", "--json").answer
    assert [link["type"] for link in answer["links"]][-1] == "attempt.replied"


def test_why_takes_a_position(shell: Shell) -> None:
    assert shell("why", "3", "--json").answer["links"][0]["type"] == "run.planned"
    assert shell("why", "99999").code == 2


def test_diff_prints_where_two_runs_part(shell: Shell) -> None:
    told = shell("diff", "baked@60", "baked")
    assert "no step differs; one goes further, from ticket " in told.out
    assert "baked@60: no such step" in told.out
    assert "removed app/old.py" in told.out
    assert "no step differs\n" in shell("diff", "baked", "@").out
    files = shell("diff", "baked@60", "baked", "--files").out
    assert "+++ b/app/young.py" in files
    assert "no file differs" in shell("diff", "baked", "baked", "--files").out
    table = shell("diff", "baked@4", "baked@60", "baked", "--json").answer
    assert len(table["sides"]) == 3


def test_diff_marks_a_ticket_by_how_far_it_went_and_explains_the_marks(shell: Shell) -> None:
    last = shell("diff", "baked", "baked", "--json").answer["sides"][0]["last"]
    told = shell("diff", "baked@30", f"baked@{last}").out
    rows = [line.split() for line in told.splitlines()]
    states: dict[str, set[str]] = {}
    for row in rows:
        if len(row) > 4 and row[1] in {"=", ">", "!"}:
            states.setdefault(row[1], set()).add(row[0])
    assert "last" in states[">"], "it was locked, and is blocked"
    assert "!" not in states
    assert "= the same; > the same as far as all sides went" in told
    assert "> the" in shell("diff", "baked", "baked").out
    assert " > " not in shell("diff", "baked", "baked").out.partition("= the same")[0]


def test_diff_of_one_run_that_is_no_fork_is_refused(shell: Shell) -> None:
    refused = shell("diff", "baked")
    assert (refused.code, refused.out) == (2, "")
    assert "baked alone is no fork of anything; name two runs" in refused.err


def test_diff_of_runs_that_differ_names_the_step(
    baked: RunFolder, tmp_path: Path, copy: RunFolder, beside: Shell
) -> None:
    other = copy.path.with_name("other")

    shutil.copytree(copy.path, other)

    def change(record: Json) -> None:
        event = record["event"]
        if record["stream"] == "attempt/words.2" and event["type"] == "attempt.replied":
            event["text"] = "Something else."
        for ticket in event.get("tickets", ()) if event["type"] == "run.planned" else ():
            if ticket["id"] == "last":
                ticket["id"] = "final"
        if event.get("ticket") == "last":
            event["ticket"] = "final"

    forge(RunFolder(other), change)
    told = beside("diff", "baked", "other")
    assert "they part at ticket words, attempt 2" in told.out
    assert "Something else." in told.out
    assert "no such ticket" in told.out


def test_verify_prints_a_verdict_and_what_it_cannot_know(shell: Shell) -> None:
    told = shell("verify")
    assert told.code == 0
    assert "run baked: everything agrees" in told.out
    assert "what this cannot know:" in told.out
    answer = shell("verify", "baked", "--json").answer
    assert (answer["code"], answer["runs"][0]["code"]) == ("verified", "verified")


def test_verify_names_the_first_divergence_and_exits_with_4(copy: RunFolder, beside: Shell) -> None:
    def change(record: Json) -> None:
        if record["event"]["type"] == "attempt.replied":
            record["event"]["text"] = "I never said so."

    forge(copy, change)
    told = beside("verify")
    assert told.code == 4
    assert "run baked: DIVERGED" in told.out
    assert "everything agrees" not in told.out
    assert "decision\n      expected  " in told.out
    assert "I never said so." in told.out
    assert "more" in told.out
    assert beside("verify", "--json").answer["code"] == "diverged"


def test_verify_of_another_version_s_run_lists_the_differences_and_exits_with_0(
    copy: RunFolder, beside: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(record: Json) -> None:
        for part in (record["event"], record["cause"] or {}):
            if "start" in part:
                part["start"]["rules"] = 99

    forge(copy, change)
    monkeypatch.setattr("events.attempt_endings.LESSON_CHARS", 10)
    told = beside("verify")
    assert told.code == 0
    assert "another version of the rules wrote it" in told.out
    assert "written by rules 99" in told.out
    assert "decided otherwise by the installed rules" in told.out


def test_verify_goes_through_all_runs_that_are_named(copy: RunFolder, beside: Shell) -> None:
    other = copy.path.with_name("whole")

    shutil.copytree(copy.path, other)
    damage(copy)
    told = beside("verify", "baked", "whole")
    assert told.code == 4
    assert "run baked: everything agrees" not in told.out
    assert "is damaged" in told.err
    answer = beside("verify", "baked", "whole", "--json").answer
    assert answer["code"] == "damaged"
    assert [one["run"] for one in answer["runs"]] == ["whole"]
    assert [one["run"] for one in answer["damaged"]] == ["baked"]


def test_checkout_writes_the_code_of_a_moment(shell: Shell, tmp_path: Path) -> None:
    told = shell("checkout", "baked", "--at", "60", tmp_path / "out")
    assert told.code == 0
    assert "the tip of run baked at position 60" in told.out
    assert contents(tmp_path / "out")["app/old.py"][1] == b"OLD = 1\n"
    answer = shell("checkout", "--json", "--ticket", "base", tmp_path / "again").answer
    assert (answer["code"], answer["ticket"]) == ("checked_out", "base")
    assert contents(tmp_path / "again")["app/greet.py"][1] == b"def greet(name):\n  return 1\n"
    assert shell("checkout", tmp_path / "out").code == 2


def positions(told: Told) -> list[int]:
    return [json.loads(line)["position"] for line in told.out.splitlines()]


def test_log_prints_what_is_about_an_attempt(shell: Shell, baked: RunFolder) -> None:
    told = shell("log", "--ticket", "retry", "--attempt", "2", "--json")
    assert positions(told) == positions(shell("log", "--attempt", "retry.2", "--json"))
    records = {one.position: one for one in archive_of(baked).records()}
    streams = {records[position].stream for position in positions(told)}
    assert streams == {"attempt/retry.2", "run"}


def test_every_line_of_a_log_has_the_same_columns(
    capfd: pytest.CaptureFixture[str], waiting: RunFolder
) -> None:
    told = Shell(capfd, waiting.path.parents[2])("log")
    types = [type_of(one.event) for one in archive_of(waiting).records()]
    lines = told.out.splitlines()
    places = {line.index(f"  {kind}") for line, kind in zip(lines, types, strict=True)}
    assert len(places) == 1
    assert any("approval/" in line for line in lines)


def test_a_log_of_which_nothing_was_asked_for_says_so(shell: Shell) -> None:
    for words in (["--ticket", "base", "--type", "run.sung"], ["--type", "run.sung", "--json"]):
        told = shell("log", *words)
        assert (told.code, told.out) == (0, "")
        assert told.err == "trackside: no record of run baked is among those asked for\n"


def test_log_prints_what_an_actor_decided(shell: Shell, baked: RunFolder) -> None:
    for actor, kind in (("qa", "hint"), ("conductor", "run"), ("store", "log")):
        wanted = [one.position for one in archive_of(baked).records()
                  if one.stream.partition("/")[0] == kind]  # fmt: skip
        assert positions(shell("log", "--actor", actor, "--json")) == wanted


def test_log_prints_what_is_between_two_moments(shell: Shell, baked: RunFolder) -> None:
    assert positions(shell("log", "--from", "5", "--to", "9", "--json")) == [5, 6, 7, 8, 9]
    records = list(archive_of(baked).records())
    start, end = records[20].at, records[40].at
    wanted = [one.position for one in records if start <= one.at <= end]
    assert positions(shell("log", "--from", start, "--to", end, "--json")) == wanted
    assert shell("log", "--from", "soon").code == 2


def test_log_puts_long_texts_back_in_their_place(shell: Shell, baked: RunFolder) -> None:
    position = next(
        one.position
        for one in archive_of(baked).records()
        if b'"output":{"blob"' in msgspec.json.encode(one.event)
    )
    words = ("log", "--from", str(position), "--to", str(position))
    assert "|" not in shell(*words).out
    full = shell(*words, "--full").out
    assert "        outcome.output:\n        | 1\n        | 2\n" in full
    record = json.loads(shell(*words, "--full", "--json").out)
    assert record["event"]["outcome"]["output"].endswith("\n999\n")
    assert record["cause"]["outcome"]["output"] == record["event"]["outcome"]["output"]
