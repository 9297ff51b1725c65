"""The effects of one attempt: each step that its rules owe, performed on real files and models."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec
from msgspec.structs import replace

from actors.workshop import Workshop
from events.action import Action, Outcome, Surroundings
from events.approval import Question
from events.attempt import Attempt, Gate
from events.attempt_commands import (
    AttemptCommand,
    BeginCall,
    RecordCallFailure,
    RecordCheck,
    RecordCommit,
    RecordContext,
    RecordMerge,
    RecordReply,
    RecordSetup,
    RecordToolResult,
    ReportWorktreeLost,
    RequestTool,
)
from events.attempt_due import (
    CallModel,
    ConsiderTool,
    MakeCommit,
    MergeTree,
    OpenContext,
    PrepareCall,
    RunCheck,
    RunSetup,
    RunTool,
)
from events.attempt_gates import merge_was_asked
from events.attempt_rules import FINISH, GIVE_UP
from events.attempt_terms import Call, Onto
from events.brief import brief_of
from events.budget import Amount, amount_of
from events.commit_message import commit_message
from events.conversation import Completion, Prompt, RequestedCall, Usage, digest_of
from events.diagnosis import fingerprint, places, source_excerpt
from events.ids import CallId, Digest, TreeId
from events.payload import Text
from events.prompts import prompt_of
from events.settings import Context
from models.errors import ModelError
from workspace import files
from workspace.command import CommandResult
from workspace.context import FileAt, assemble
from workspace.encoding import decoded
from workspace.errors import ToolError
from workspace.folders import remove_folder
from workspace.git import printable
from workspace.merge import Merged, altered, merge
from workspace.shown_diff import shown_diff
from workspace.tokens import estimate_tokens
from workspace.tools import Ran, Refusal, Toolbox, outcome_of
from workspace.tree_files import file_at
from workspace.worktree import Snapshot, Worktree

OPENING_CHARS = 400
UNDONE_NAMED = 20
WORDS_CHARS = 2000
"""What is kept of a summary or a reason; the whole is in the arguments of the call."""


@dataclass(frozen=True)
class Pending:
    """An effect under way: when `future` is done, `conclude` says what was learnt."""

    future: "Future[Any]"
    conclude: Callable[[], AttemptCommand]
    stop: Callable[[], object]

    def cancel(self) -> None:
        """End the effect; nobody waits for it any more."""
        self.future.cancel()
        self.stop()


class Hands:
    """Performs the steps of one attempt, one at a time, on the thread of its worker."""

    def __init__(self, workshop: Workshop, attempt: str) -> None:
        """Take the tools of the trade; the worktree is made when the attempt is opened."""
        self._shop = workshop
        self._worktree = Worktree(workshop.repository, workshop.worktrees / attempt)
        self._toolbox: Toolbox | None = None
        self._outputs: Mapping[CallId, Text] = {}
        self._began = time.monotonic()

    @property
    def confines(self) -> bool:
        """Whether commands are confined in this process."""
        return self._shop.runner.sandbox.confines

    def take_up(self, state: Attempt) -> ReportWorktreeLost | None:
        """Bring the worktree to where the log says it is.

        Returns:
            What to record if the worktree was gone and its setup is due again.
        """
        lost = not self._worktree.folder.exists()
        if not lost:
            self._worktree.part_from_outside()
        if state.stage in {"new", "opening", "over"}:
            return None
        self._worktree.restore(state.tree)
        return ReportWorktreeLost() if lost and state.bound.setup else None

    def put_down(self) -> None:
        """Let go of the worktree: the attempt is over, and all its trees are in the repository."""
        self._shop.spares.hand_in(self._worktree)
        remove_folder(self._shop.home_of(self._worktree.folder))

    def perform(self, step: Any, state: Attempt) -> AttemptCommand | Pending:  # noqa: ANN401
        """Do one step, or set it going; only the steps that are effects."""
        match step:
            case OpenContext():
                return self._open(state)
            case RunSetup(command=command):
                return self._set_up(command, state)
            case PrepareCall():
                return self._prepare(state)
            case CallModel(delay_s=delay_s):
                return self._call(self._prompt(state), delay_s)
            case ConsiderTool(call=call):
                return self._consider(call, state)
            case RunTool(call=call):
                return self._run_tool(call, state)
            case RunCheck(command=command, tree=tree):
                return self._check(command, tree, state)
            case MergeTree(onto=onto):
                merged = merge(self._shop.repository, state.bound.base, onto.commit, state.tree)
                if isinstance(merged, Merged):
                    return RecordMerge(merged.tree, altered=self._altered(onto, merged, state))
                return RecordMerge(None, merged.paths)
            case MakeCommit(onto=onto, tree=tree):
                message = commit_message(state, self._shop.run, onto)
                parents = [onto.commit]
                made = self._shop.repository.commit(tree, parents, message, onto.at_s)
                return RecordCommit(made)
            case _:
                assert_never(step)

    def question(self, gate: Gate, state: Attempt) -> Question:
        """Return what a person is shown: the action as it would really happen."""
        call = next((call for call in state.pending if call.call == gate.call), None)
        arguments, preview = self._shown(gate.action, call, state)
        return Question(
            approval=gate.approval,
            ticket=state.bound.ticket.id,
            attempt=state.id,
            action=gate.action,
            call=gate.call,
            archetype=state.bound.ticket.assigned_to,
            arguments=self._shop.blobs.keep(arguments),
            preview=self._shop.blobs.keep(preview),
            surroundings=self._surroundings(gate.action, state),
            system=state.system if gate.action.kind == "spawn" else "",
            rule=gate.rule,
            expiry=gate.expiry,
        )

    def _altered(self, onto: Onto, merged: Merged, state: Attempt) -> tuple[str, ...]:
        terms = state.bound
        if onto.commit == terms.base or not merge_was_asked(state):
            return ()
        shown, lands = (terms.base_tree, state.tree), (onto.tree, merged.tree)
        return altered(self._shop.repository, shown, lands)

    def _surroundings(self, action: Action, state: Attempt) -> Surroundings | None:
        return self._tools(state).surroundings(state.tree) if action.effect == "command" else None

    def _shown(self, action: Action, call: Call | None, state: Attempt) -> tuple[str, str]:
        read = self._shop.blobs.text
        if call is not None:
            edited = state.running.arguments if state.running is not None else None
            asked = _requested(call, read(call.arguments if edited is None else edited))
            return asked.arguments, self._tools(state).preview(asked)
        if action.kind == "merge":
            trees = (state.bound.base_tree, state.tree)
            return "", shown_diff(self._shop.repository, *trees, self._shop.redact)
        return read(state.message), f"{read(state.system)}\n\n{read(state.message)}"

    def _open(self, state: Attempt) -> RecordContext:
        terms, keep, read = state.bound, self._shop.blobs.keep, self._shop.blobs.text
        self._shop.spares.furnish(self._worktree, terms.base_tree)
        tools = tuple(spec.name for spec in self._tools(state).specs)
        context = assemble(
            brief_of(terms, tools, read),
            lambda path: self._file_at(terms.base_tree, path),
            Context(raw_max_tokens=terms.raw_max_tokens),
            self._shop.redact,
        )
        system, message = keep(context.system), keep(context.message)
        if isinstance(system, str):
            system = sys.intern(system)  # most attempts have the same, and the run keeps them all
        digest = digest_of(read(system), read(message))  # of what is kept: it holds no secret
        return RecordContext(system, message, tools, context.views, digest)

    def _file_at(self, tree: TreeId, path: str) -> FileAt | None:
        with self._shop.repository.objects() as objects:
            return file_at(objects, tree, path)

    def _tools(self, state: Attempt) -> Toolbox:
        self._outputs = state.outputs
        if self._toolbox is None:
            place, linked = self._worktree.folder, lambda: self._worktree.submodules
            self._toolbox = self._shop.toolbox(place, state.bound, self._output, linked)
        return self._toolbox

    def _output(self, call: CallId) -> str | None:
        kept = self._outputs.get(call)
        return None if kept is None else self._shop.blobs.text(kept)

    def _prompt(self, state: Attempt) -> Prompt:
        specs = {spec.name: spec for spec in self._tools(state).specs}
        return prompt_of(state, specs, self._shop.blobs.text)

    def _prepare(self, state: Attempt) -> BeginCall:
        prompt = self._prompt(state)
        elapsed_s = time.monotonic() - self._began
        return BeginCall(prompt.digest, estimate_of(prompt), elapsed_s)

    def most_of(self, begin: BeginCall, state: Attempt) -> Amount:
        """Return the most that the next call may take: its prompt and the longest answer."""
        usage = Usage(begin.estimate, state.bound.max_output_tokens)
        return amount_of(usage, self._shop.price(state.model, usage))

    def _call(self, prompt: Prompt, delay_s: float) -> Pending:
        future = self._shop.models.submit(prompt, delay_s=delay_s)
        return Pending(future, lambda: self._answer_of(future, prompt.model), lambda: None)

    def _answer_of(self, future: "Future[Completion]", model: str) -> AttemptCommand:
        try:
            said = future.result()
        except ModelError as error:
            return RecordCallFailure(
                error.kind,
                str(error),
                error.retryable,
                error.retry_after_s,
                error.usage,
                self._shop.price(model, error.usage),
            )
        keep, read = self._shop.blobs.keep, self._shop.blobs.text
        calls = tuple(
            Call(CallId(""), call.tool, keep(call.arguments), call.native_id) for call in said.calls
        )
        text = keep(said.text)
        return RecordReply(
            text,
            calls,
            keep(said.native),
            said.served_by,
            said.usage,
            said.latency_s,
            self._shop.price(model, said.usage),
            read(text)[:OPENING_CHARS],
        )

    def _consider(self, call: Call, state: Attempt) -> RequestTool:
        arguments = call.arguments
        if state.permit is not None and state.permit.arguments is not None:
            arguments = state.permit.arguments
        asked = _requested(call, self._shop.blobs.text(arguments))
        considered = self._tools(state).consider(asked, state.tree)
        if isinstance(considered, Refusal):
            self._worktree.require()  # else it may be refused for what is missing there
            return RequestTool(call.call, None, considered.text)
        words = _words_of(asked) if call.tool in {FINISH, GIVE_UP} else ""
        return RequestTool(call.call, considered, words=words)

    def _run_tool(self, call: Call, state: Attempt) -> Pending:
        arguments = call.arguments
        if state.running is not None and state.running.arguments is not None:
            arguments = state.running.arguments
        asked = _requested(call, self._shop.blobs.text(arguments))
        future = self._tools(state).run(asked, call.call)

        def conclude() -> RecordToolResult:
            ran: Ran = future.result()
            tree, undone = self._after(ran, state)
            return RecordToolResult(call.call, self._kept(_telling(ran.outcome, undone)), tree)

        return Pending(future, conclude, lambda: self._shop.cancel(state.id, call.call))

    def _after(self, ran: Ran, state: Attempt) -> Snapshot:
        """Return the tree after a tool: only what it may have touched is looked at."""
        if ran.touched is None:
            return self._worktree.snapshot(state.bound.policy.protected)
        if not ran.touched:
            self._worktree.require()
            return Snapshot(state.tree)
        return Snapshot(self._worktree.snapshot_paths(ran.touched))

    def _set_up(self, command: str, state: Attempt) -> Pending:
        timeout_s = state.bound.limits.command_timeout_s

        def concluded(outcome: Outcome) -> RecordSetup:
            tree, undone = self._worktree.snapshot(state.bound.policy.protected)
            return RecordSetup(_telling(outcome, undone), tree)

        return self._command(command, "setup", timeout_s, state, concluded)

    def _check(self, command: str, tree: TreeId, state: Attempt) -> Pending:
        """Run the check on exactly `tree`; what it leaves behind is no part of the ticket."""
        self._worktree.restore(tree)

        def concluded(outcome: Outcome) -> RecordCheck:
            self._worktree.restore(tree)
            return RecordCheck(outcome)

        return self._command(command, "check", state.bound.limits.check_timeout_s, state, concluded)

    def _command(
        self,
        command: str,
        name: str,
        timeout_s: float,
        state: Attempt,
        concluded: Callable[[Outcome], AttemptCommand],
    ) -> Pending:
        future = self._shop.run_command(
            command, self._worktree.folder, timeout_s, f"{state.id}.{name}"
        )

        def conclude() -> AttemptCommand:
            result: CommandResult = future.result()
            limits = state.bound.limits
            return concluded(self._kept(outcome_of(command, result, limits, self._shop.redact)))

        return Pending(future, conclude, lambda: self._shop.cancel(state.id, name))

    def _kept(self, outcome: Outcome) -> Outcome:
        """Return the outcome with its long texts beside the log, and what QA needs of a failure."""
        read, keep = self._shop.blobs.text, self._shop.blobs.keep
        whole = keep(read(outcome.output))
        output = read(whole)
        kept = replace(outcome, text=keep(read(outcome.text)), output=whole)
        if not outcome.failing:
            return replace(kept, fingerprint=_sameness(outcome, output))
        source = keep(self._source_around(f"{outcome.finding}\n{output}"))
        return replace(kept, source=source, fingerprint=fingerprint(outcome, output))

    def _source_around(self, output: str) -> str:
        """Return the lines around the most telling place that `output` names in the worktree."""
        for place in places(output, str(self._worktree.folder)):
            try:
                data = files.read(self._worktree.folder, place.path)
                source, _ = decoded(place.path, data)
            except (ToolError, OSError):
                continue
            return f"{place.path}\n{source_excerpt(self._shop.redact(source), place.line)}"
        return ""


def estimate_of(prompt: Prompt) -> int:
    """Return about how many tokens of input the prompt will cost."""
    return estimate_tokens(msgspec.json.encode((prompt.system, prompt.messages, prompt.tools)))


def _sameness(outcome: Outcome, output: str) -> Digest:
    """Return what two results share that are the same, if their texts do not say it."""
    if outcome.command:
        return fingerprint(outcome, output)
    return digest_of(output) if output else Digest("")


def _telling(outcome: Outcome, undone: Sequence[str]) -> Outcome:
    """Return the outcome of a command with what of its work was undone."""
    if not undone:
        return outcome
    more = len(undone) - UNDONE_NAMED
    named = (*map(printable, undone[:UNDONE_NAMED]), *([f"{more} more"] if more > 0 else []))
    told = replace(outcome, undone=named)
    if outcome.failing:  # QA speaks of it
        return told
    return replace(told, text=f"{outcome.text}\n{told.undone_note}")


def _requested(call: Call, arguments: str) -> RequestedCall:
    return RequestedCall(call.tool, arguments, call.native_id)


def _words_of(asked: RequestedCall) -> str:
    """Return what a valid ``finish`` or ``give_up`` says."""
    said = msgspec.json.decode(asked.arguments or "{}", type=dict[str, object])
    return str(said.get("summary") or said.get("reason") or "")[:WORDS_CHARS]
