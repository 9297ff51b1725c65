"""Commands work inside of each sandbox, and their results are honest."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.action import Action
from events.conversation import RequestedCall
from events.settings import Limits, SandboxSettings
from tests.workspace.levels import CONFINING, LEVELS, Level, level_here
from workspace.command import CommandRunner
from workspace.errors import CommandNotStartedError
from workspace.sandbox import NO_SANDBOX, Sandbox
from workspace.tools import Toolbox

PATIENCE_S = 50.0
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}

OpenRunner = Callable[[Sandbox], CommandRunner]


@pytest.fixture
def open_runner() -> Iterator[OpenRunner]:
    opened: list[CommandRunner] = []

    def make(sandbox: Sandbox) -> CommandRunner:
        opened.append(CommandRunner(sandbox))
        return opened[-1]

    yield make
    for runner in opened:
        runner.close()


def test_without_a_sandbox_a_command_is_just_a_shells(tmp_path: Path) -> None:
    assert NO_SANDBOX.argv("make all", tmp_path, tmp_path) == ("/bin/sh", "-c", "make all")
    assert not NO_SANDBOX.confines
    assert "all your rights" in NO_SANDBOX.description


@pytest.mark.parametrize("level", LEVELS)
def test_a_command_says_at_each_level_how_it_ended(
    open_runner: OpenRunner, tmp_path: Path, level: Level
) -> None:
    runner = open_runner(level_here(level))

    def ended(command: str) -> tuple[int | None, int | None]:
        result = runner.run(command, tmp_path, ENV, PATIENCE_S, "c1").result(PATIENCE_S)
        return result.exit_code, result.signal

    assert ended("exit 3") == (3, None)
    assert ended("kill -9 $$") == ((137, None) if level == "bwrap" else (None, 9))


@pytest.mark.parametrize("level", CONFINING)
def test_a_command_whose_worktree_is_missing_is_not_started(
    open_runner: OpenRunner, tmp_path: Path, level: Level
) -> None:
    runner = open_runner(level_here(level))
    with pytest.raises(CommandNotStartedError, match="No such file"):
        runner.run("true", tmp_path / "x", ENV, PATIENCE_S, "c1").result(PATIENCE_S)


def test_what_steers_other_programs_is_read_only_in_any_case_of_letters(
    open_runner: OpenRunner, tmp_path: Path
) -> None:
    runner = open_runner(level_here("bwrap"))
    for name in (".VSCode", ".husky"):
        (tmp_path / name).mkdir()
    for name in ("trackside.toml", ".git", ".Gitmodules", "code.py"):
        (tmp_path / name).touch()
    names = ".VSCode/x .husky/x trackside.toml .git .Gitmodules code.py"
    command = f"for name in {names}; do echo 1 > $name; done"
    runner.run(command, tmp_path, ENV, PATIENCE_S, "c1").result(PATIENCE_S)
    written = [each.name for each in tmp_path.iterdir() if each.is_file() and each.stat().st_size]
    assert written == ["code.py"]
    assert not list(tmp_path.glob(".*/x"))


def test_an_approval_is_bound_to_what_the_command_may_reach(
    open_runner: OpenRunner, tmp_path: Path
) -> None:
    def action(sandbox: Sandbox) -> Action:
        tools = Toolbox(tmp_path, Limits(), lambda _: None, open_runner(sandbox), ENV, "T1.1")
        call = RequestedCall("run_command", '{"command": "make"}')
        considered = tools.consider(call)
        assert isinstance(considered, Action)
        return considered

    actions = [
        action(NO_SANDBOX),
        action(level_here("bwrap")),
        action(level_here("bwrap", SandboxSettings(network=True))),
        action(level_here("landlock")),
    ]
    assert [each.confined for each in actions] == [False, True, True, True]
    assert len({each.digest for each in actions}) == len(actions)
