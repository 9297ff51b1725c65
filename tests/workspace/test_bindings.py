"""What an approval of a call is bound to besides its arguments."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.action import Action
from events.conversation import RequestedCall
from events.settings import Limits
from workspace.command import CommandRunner
from workspace.tools import Toolbox

CALLS = [
    RequestedCall("write_file", '{"path": "a.txt", "content": "one\\n"}'),
    RequestedCall("run_command", '{"command": "make"}'),
]


@pytest.fixture
def runner() -> Iterator[CommandRunner]:
    made = CommandRunner()
    yield made
    made.close()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
def test_an_approval_is_bound_to_the_policy_that_asked(
    tmp_path: Path, runner: CommandRunner, call: RequestedCall
) -> None:
    def action(policy: str) -> Action:
        path = {"PATH": "/usr/bin:/bin"}
        tools = Toolbox(tmp_path, Limits(), lambda _: None, runner, path, "T1.1", policy=policy)
        considered = tools.consider(call)
        assert isinstance(considered, Action)
        return considered

    assert action("1").digest == action("1").digest
    assert action("1").digest != action("2").digest
