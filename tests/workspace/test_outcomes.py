"""How the end of a call is put on record."""

from contextlib import closing
from pathlib import Path

import pytest

from events.action import Outcome
from events.conversation import RequestedCall
from events.ids import CallId
from events.settings import Limits
from workspace.command import CommandResult, CommandRunner
from workspace.tools import Toolbox, outcome_of


def test_processes_that_could_not_be_ended_are_on_record() -> None:
    result = CommandResult(0, None, False, False, 0.1, b"x", 1, "", swept=2, survivors=1)
    outcome = outcome_of("make", result, Limits())
    assert outcome.output == "x\n[1 processes of it could not be ended]"


@pytest.mark.parametrize(
    ("tool", "arguments"), [("finish", '{"summary":"done"}'), ("give_up", '{"reason":"no way"}')]
)
def test_what_ends_an_attempt_has_no_effect(tmp_path: Path, tool: str, arguments: str) -> None:
    with closing(CommandRunner()) as runner:
        toolbox = Toolbox(tmp_path, Limits(), lambda _: None, runner, {}, "T1.1")
        ran = toolbox.run(RequestedCall(tool, arguments), CallId("c1")).result(30)
    assert ran == (Outcome(ok=True), ())


def test_output_that_is_no_text_is_still_text_on_record() -> None:
    result = CommandResult(0, None, False, False, 0.1, b"\xff\0x", 3, "", swept=0, survivors=0)
    outcome = outcome_of("printf", result, Limits())
    assert (outcome.output, outcome.output_bytes) == ("\ufffd\0x", 3)
