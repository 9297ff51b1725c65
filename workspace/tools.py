"""A worker's tools at work in one worktree: consider a call, preview it, run it.

`consider` and `preview` have no effect. All three start from the model's own JSON and from the
files as they are, so an approval compares digests and trusts nothing that it has seen before.
"""

import errno
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final, NamedTuple, assert_never

from events.action import Action, Outcome, Surroundings
from events.conversation import RequestedCall, ToolSpec
from events.counted import counted
from events.errors import REFUSED_BY_SYSTEM
from events.ids import CallId, Digest
from events.secret_patterns import Redact, without_secrets
from events.settings import Limits
from workspace import looking, paths, tool_schemas, writing
from workspace.capping import Cap, head_and_tail
from workspace.command import CommandResult, CommandRunner
from workspace.errors import ToolError, WorktreeUnusableError
from workspace.tool_schemas import (
    AnyArguments,
    DeleteFile,
    EndArguments,
    Finish,
    GiveUp,
    ListFiles,
    MoveFile,
    ReadArguments,
    ReadFile,
    ReadOutput,
    ReplaceText,
    RunCommand,
    SearchText,
    Tool,
    ViewFile,
    WriteArguments,
    WriteFile,
)

_THE_CALLS_FAULT: Final = {errno.EACCES, errno.EPERM, errno.EFBIG}
"""Of what the system refuses, what another path, or fewer bytes, can be the answer to."""
_NOT_THE_CALLS_FAULT: Final = (REFUSED_BY_SYSTEM - _THE_CALLS_FAULT) | {errno.ENOMEM}


class Refusal(NamedTuple):
    """A call that cannot even be considered."""

    text: str
    """Why, for the model."""


class Ran(NamedTuple):
    """What a call did."""

    outcome: Outcome
    """All its texts are plain strings."""
    touched: tuple[str, ...] | None
    """The paths that may have changed; None if any may have."""


class Toolbox:
    """The tools of one worker. Calls of one worktree come one after another, from any thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is one thing that a worker is given
        self,
        root: Path,
        limits: Limits,
        read_output: looking.ReadKeptOutput,
        runner: CommandRunner,
        environment: Mapping[str, str],
        name: str,
        allowed: Sequence[str] = (),
        policy: str = "",
        redact: Redact = without_secrets,
        submodules: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Work in the worktree `root`; no `allowed` names mean all tools.

        Commands get exactly `environment`, and `runner` knows the one of a call as ``name.call``.
        The digests of calls hold the version of the `policy` that judges them. What is shown of
        files and outputs goes through `redact`, whole, before anything is cut. Nothing is written
        into the `submodules` of the worktree.
        """
        self.root = root
        self._limits = limits
        self._cap = _cap(limits)
        self._read_output = read_output
        self._runner = runner
        self._environment = environment
        self._name = name
        self._allowed = tuple(allowed)
        self._policy = policy
        self._redact = redact
        self._submodules = submodules
        tools = tool_schemas.allowed_tools(self._allowed)
        self._reads_outputs = any(tool.name == "read_output" for tool in tools)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools as a model is told of them."""
        return tool_schemas.specs(self._allowed)

    def surroundings(self, tree: str) -> Surroundings:
        """Return where a command would run while the worktree is at `tree`."""
        names = tuple(sorted(self._environment))
        parts = (self._runner.sandbox.profile, *names, tree)
        return Surroundings(names, _digest([part.encode() for part in parts]))

    def consider(
        self, call: RequestedCall, tree: str = "", surroundings: Surroundings | None = None
    ) -> Action | Refusal:
        """Return what `call` would do, for a policy to judge; to be asked just before its turn.

        The digest covers the tool, all arguments, the version of the policy, the files it would
        change, as they are now, and for a command its surroundings.

        Args:
            call: What is asked for.
            tree: What the worktree is at.
            surroundings: Of a command that would run elsewhere; None: it would run here.

        Raises:
            WorktreeUnusableError: the disk or the system failed.
        """
        try:
            return self._consider(call, tree, surroundings)
        except ToolError as error:
            return Refusal(str(error))
        except OSError as error:
            return Refusal(self._words_for(error))

    def preview(self, call: RequestedCall, surroundings: Surroundings | None = None) -> str:
        """Return what `call` will really do, for people: the diff, or the command and its place.

        Nothing is cut and nothing is escaped; that is for whoever shows it. `surroundings` as for
        `consider`.
        """
        try:
            return self._preview(call, surroundings or self.surroundings(""))
        except ToolError as error:
            return f"refused: {error}\n"
        except OSError as error:
            return f"refused: {self._words_for(error)}\n"

    def run(self, call: RequestedCall, call_id: CallId) -> Future[Ran]:
        """Do what `call` asks; a call that cannot be done comes back as an outcome, not an error.

        A command's future is completed by the command runner's thread; any other is complete when
        this returns. It fails with `WorktreeUnusableError` or `CommandNotStartedError`.

        Raises:
            RunnerClosedError: it is a command, and the runner is closed.
        """
        done: Future[Ran] = Future()
        done.set_running_or_notify_cancel()
        try:
            _, arguments = self._decoded(call)
            if isinstance(arguments, RunCommand):
                self._start(arguments, call_id, done)
            else:
                done.set_result(self._perform(arguments, call_id))
        except ToolError as error:
            done.set_result(Ran(Outcome(ok=False, text=str(error)), ()))
        except OSError as error:
            try:
                done.set_result(Ran(Outcome(ok=False, text=self._words_for(error)), ()))
            except WorktreeUnusableError as unusable:
                done.set_exception(unusable)
        return done

    def cancel(self, call_id: CallId) -> None:
        """End the command that `call_id` started, if it still runs; its outcome says so."""
        self._runner.cancel(self._key(call_id))

    def _decoded(self, call: RequestedCall) -> tuple[Tool, AnyArguments]:
        return tool_schemas.decoded_arguments(call.tool, call.arguments, self._allowed)

    def _consider(
        self, call: RequestedCall, tree: str, surroundings: Surroundings | None
    ) -> Action:
        tool, arguments = self._decoded(call)
        parts = _parts(tool, arguments, self._policy)
        command, confined, changed, named = "", True, 0, self._paths_read(arguments)
        match arguments:
            case RunCommand():
                command, confined = arguments.command, self._runner.sandbox.confines
                parts.append((surroundings or self.surroundings(tree)).digest.encode())
            case WriteFile() | ReplaceText() | DeleteFile() | MoveFile():
                plan = writing.plan(self.root, arguments, self._submodules())
                changed = sum(plan.changed_lines)
                named = tuple(change.path for change in plan.changes)
                parts = _edit_parts(tool, arguments, plan, self._policy)
        return Action(
            kind="tool",
            tool=tool.name,
            effect=tool.effect,
            paths=named,
            command=command,
            digest=_digest(parts),
            changed_lines=changed,
            confined=confined,
        )

    def _paths_read(self, arguments: AnyArguments) -> tuple[str, ...]:
        """Return the path that a reading tool names, and the one that its symlinks lead to."""
        if not isinstance(arguments, ReadFile | ViewFile):
            return ()
        path = paths.plain(arguments.path)
        try:
            with paths.followed(self.root, path) as spot:
                return tuple(dict.fromkeys((path, spot.real)))
        except (FileNotFoundError, NotADirectoryError):
            return (path,)

    def _preview(self, call: RequestedCall, surroundings: Surroundings) -> str:
        tool, arguments = self._decoded(call)
        match arguments:
            case WriteFile() | ReplaceText() | DeleteFile() | MoveFile():
                return writing.plan(self.root, arguments, self._submodules()).diff(self._redact)
            case RunCommand(command=command):
                sandbox = self._runner.sandbox
                under = "\n         "  # so that no line of a command passes for one of ours
                return (
                    f"command: {command.replace(chr(10), under)}\n"
                    f"worktree: {self.root}\n"
                    f"time limit: {self._timeout_s(arguments):g} s\n"
                    f"environment: {' '.join(surroundings.environment)}\n"
                    f"sandbox: {sandbox.level}: {sandbox.description}\n"
                )
            case _:
                return f"{tool.name} {tool_schemas.canonical(arguments).decode()}\n"

    def _perform(
        self, arguments: ReadArguments | WriteArguments | EndArguments, call_id: CallId
    ) -> Ran:
        match arguments:
            case ReadFile() | ViewFile() | ListFiles() | SearchText() | ReadOutput():
                text, whole = looking.look(
                    self.root, arguments, self._read_output, self._cap, self._redact
                )
                if whole and self._reads_outputs:
                    text += f'\n[whole result: read_output with call_id "{call_id}"]'
                size = len(whole.encode())
                return Ran(Outcome(ok=True, text=text, output=whole, output_bytes=size), ())
            case WriteFile() | ReplaceText() | DeleteFile() | MoveFile():
                return self._write(writing.plan(self.root, arguments, self._submodules()))
            case Finish() | GiveUp():
                return Ran(Outcome(ok=True), ())
        assert_never(arguments)

    def _write(self, plan: writing.Plan) -> Ran:
        writing.carry_out(self.root, plan)
        touched = tuple(change.path for change in plan.changes)
        broken = writing.broken_python(plan, self._redact)
        if broken is not None:
            finding, words = broken
            size = len(words.encode())
            outcome = Outcome(
                ok=True, failing=True, finding=finding, output=words, output_bytes=size
            )
            return Ran(outcome, touched)
        added, removed = plan.changed_lines
        text = f"done: {' -> '.join(touched)} ({counted(added, 'line')} added, {removed:,} removed)"
        return Ran(Outcome(ok=True, text=text), touched)

    def _start(self, arguments: RunCommand, call_id: CallId, done: Future[Ran]) -> None:
        started = self._runner.run(
            arguments.command,
            self.root,
            self._environment,
            self._timeout_s(arguments),
            self._key(call_id),
        )

        def finish(future: Future[CommandResult]) -> None:
            error = future.exception()
            if error is not None:
                done.set_exception(error)
            else:
                command, limits = arguments.command, self._limits
                outcome = outcome_of(command, future.result(), limits, self._redact)
                done.set_result(Ran(outcome, None))

        started.add_done_callback(finish)

    def _timeout_s(self, arguments: RunCommand) -> float:
        limit = self._limits.command_timeout_s
        return min(arguments.timeout_s or limit, limit)

    def _key(self, call_id: CallId) -> str:
        return f"{self._name}.{call_id}"

    def _words_for(self, error: OSError) -> str:
        """Return what the model reads of a system's refusal, unless it is not the call's fault."""
        if error.errno in _NOT_THE_CALLS_FAULT:
            raise WorktreeUnusableError(self.root, error) from error
        return f"the system refuses: {error.strerror or error}"


def outcome_of(
    command: str, result: CommandResult, limits: Limits, redact: Redact = without_secrets
) -> Outcome:
    """Return a command's result as it is recorded; used for checks and set-up commands as well.

    A failed command has no text of its own, as QA speaks for it. One that was stopped did not fail.
    What it printed goes through `redact`, whole.
    """
    output = redact(result.output.decode(errors="replace"))
    if result.survivors:
        output += f"\n[{result.survivors} processes of it could not be ended]"
    text = ""
    if result.ok:
        notes = [f"exit code 0 in {result.duration_s:.1f} s"]
        if result.swept:
            notes.append(f"{result.swept} processes that it left running were ended")
        shown = head_and_tail(output.removesuffix("\n"), _cap(limits))
        text = f"[{'; '.join(notes)}]\n{shown}"
    elif result.stopped:
        text = "[the command was stopped before its end]"
    return Outcome(
        ok=result.ok,
        text=text,
        output=output,
        exit_code=result.exit_code,
        signal=result.signal,
        timed_out=result.timed_out,
        duration_s=round(result.duration_s, 3),
        output_bytes=result.output_bytes,
        command=command,
        failing=not result.ok and not result.stopped,
    )


def _cap(limits: Limits) -> Cap:
    return Cap(limits.result_bytes, limits.result_lines)


def edit_digest(
    tool: Tool, arguments: WriteArguments, plan: writing.Plan, policy: str = ""
) -> Digest:
    """Return what an approval of an edit is bound to: the call, the policy, the files it finds."""
    return _digest(_edit_parts(tool, arguments, plan, policy))


def _edit_parts(
    tool: Tool, arguments: WriteArguments, plan: writing.Plan, policy: str
) -> list[bytes]:
    parts = _parts(tool, arguments, policy)
    for change in plan.changes:
        parts += [change.path.encode(), b"-" if change.old is None else b"+", change.old or b""]
    return parts


def _parts(tool: Tool, arguments: AnyArguments, policy: str) -> list[bytes]:
    return [b"tool", policy.encode(), tool.name.encode(), tool_schemas.canonical(arguments)]


def _digest(parts: Sequence[bytes]) -> Digest:
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(b"%d:" % len(part))
        hasher.update(part)
    return Digest(hasher.hexdigest())
