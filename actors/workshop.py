"""What all workers of a run share: the tools of the trade, each safe to use from any thread."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from events.attempt_terms import Terms
from events.conversation import Usage
from events.ids import AttemptId, CallId, RunId
from events.secret_patterns import Redact, without_secrets
from models.service import ModelService
from store.blobs import BlobStore
from workspace.command import CommandResult, CommandRunner
from workspace.environment import command_environment
from workspace.spares import Spares
from workspace.tools import Toolbox
from workspace.tree import Repository


@dataclass(frozen=True)
class Workshop:
    """The three edges of the program, for the actors of one run."""

    run: RunId
    repository: Repository
    worktrees: Path
    """The folder that holds a worktree for each attempt; outside the user's repository."""
    spares: Spares
    """The worktrees that nobody works in."""
    runner: CommandRunner
    models: ModelService
    blobs: BlobStore
    command_env: tuple[str, ...]
    """Names of environment variables that commands may see besides the built-in ones."""
    environment: Mapping[str, str]
    """The environment that those come from."""
    price: Callable[[str, Usage], float | None]
    """What a call of a model costs today, in USD; None: nobody knows."""
    redact: Redact = without_secrets
    """Takes the secrets out of what is shown of files and outputs, before anything is cut."""

    def toolbox(
        self,
        worktree: Path,
        terms: Terms,
        read_output: Callable[[CallId], str | None],
        submodules: Callable[[], Collection[str]],
    ) -> Toolbox:
        """Return the tools of one worker, bound to its worktree with its `submodules`."""
        return Toolbox(
            worktree,
            terms.limits,
            read_output,
            self.runner,
            environment=self._environment_of(worktree),
            name=terms.attempt,
            allowed=terms.archetype.tools,
            policy=terms.policy.version,
            redact=self.redact,
            submodules=submodules,
        )

    def run_command(
        self, command: str, worktree: Path, timeout_s: float, name: str
    ) -> "Future[CommandResult]":
        """Start a check or a setup command in `worktree`."""
        environment = self._environment_of(worktree)
        return self.runner.run(command, worktree, environment, timeout_s, name)

    def cancel(self, attempt: AttemptId, call: str) -> None:
        """End the command of a call, if it runs."""
        self.runner.cancel(f"{attempt}.{call}")

    def home_of(self, worktree: Path) -> Path:
        """Return the home folder of the commands in `worktree`; the first of them makes it."""
        return worktree.with_name(worktree.name + ".home")

    def _environment_of(self, worktree: Path) -> dict[str, str]:
        home = self.home_of(worktree)
        return command_environment(worktree, home, self.command_env, self.environment)
