"""An edited question, made fit to run: validated like a model's own call, and shown anew."""

import msgspec

from actors.workshop import Workshop
from events.action import Surroundings
from events.approval import Answer
from events.attempt import Attempt, Gate
from events.attempt_gates import judgement_of
from events.conversation import RequestedCall, digest_of
from events.errors import TracksideError
from events.ids import CallId
from workspace.tools import Refusal
from workspace.worktree import Worktree

PARTS = "===== above: the system prompt; below: the first message ====="
"""The line between the two parts of a worker's prompt, where it is edited as one text."""


class Fitted(msgspec.Struct, frozen=True):
    """An answer that carries the edited version, bound to what it will do."""

    answer: Answer
    preview: str
    """What will run, as a person is shown it."""


class EditInvalidError(TracksideError):
    """What was made of a call or a prompt cannot run; ``str()`` says why."""


def editable(system: str, message: str) -> str:
    """Return a worker's prompt as one text to edit."""
    return f"{system}\n{PARTS}\n{message}"


def fitted(
    workshop: Workshop,
    state: Attempt,
    answer: Answer,
    edited: str,
    surroundings: Surroundings | None = None,
) -> Fitted:
    """Return `answer` with `edited` in place of what the attempt asks about.

    Of a tool call that is the JSON of its arguments; of a spawn the prompt, with or without its
    system part. What counts is what is kept of it, without secrets: that will run, and is shown.
    The worktree is looked at as it is, and nothing is changed. `surroundings` are those of the
    process that asked, for a command that will not run in this one.

    Raises:
        EditInvalidError: it cannot run so, or the policy denies it.
    """
    gate = state.gate
    if gate is None or gate.action.kind not in {"spawn", "tool"}:
        raise EditInvalidError("there is nothing to edit")
    if gate.action.kind == "spawn":
        return _fitted_prompt(workshop, state, answer, edited)
    return _fitted_call(workshop, state, gate, answer, edited, surroundings)


def take_up(workshop: Workshop, state: Attempt) -> None:
    """Bring the worktree to where the log says it is; only for who holds the run, without actors.

    An edit is considered by the files that it would change.
    """
    Worktree(workshop.repository, workshop.worktrees / state.id).restore(state.tree)


def _fitted_prompt(workshop: Workshop, state: Attempt, answer: Answer, edited: str) -> Fitted:
    above, line, below = edited.partition(f"\n{PARTS}\n")
    system = above if line else workshop.blobs.text(state.system)
    message = below if line else edited
    if not message.strip():
        raise EditInvalidError("a worker needs a prompt")
    keep, read = workshop.blobs.keep, workshop.blobs.text
    kept_system, kept_message = keep(system), keep(message)
    system, message = read(kept_system), read(kept_message)
    changed = msgspec.structs.replace(
        answer,
        arguments=kept_message,
        system=kept_system if line else None,
        digest=digest_of(system, message),
    )
    return Fitted(changed, f"{system}\n\n{message}")


def _fitted_call(
    workshop: Workshop,
    state: Attempt,
    gate: Gate,
    answer: Answer,
    edited: str,
    surroundings: Surroundings | None,
) -> Fitted:
    def read_output(call: CallId) -> str | None:
        kept = state.outputs.get(call)
        return None if kept is None else workshop.blobs.text(kept)

    call = next(call for call in state.pending if call.call == gate.call)
    tools = workshop.toolbox(
        workshop.worktrees / state.id,
        state.bound,
        read_output,
        lambda: workshop.repository.submodules(state.tree),
    )
    arguments = workshop.blobs.keep(edited)
    asked = RequestedCall(call.tool, workshop.blobs.text(arguments), call.native_id)
    considered = tools.consider(asked, state.tree, surroundings)
    if isinstance(considered, Refusal):
        raise EditInvalidError(considered.text)
    judgement = judgement_of(state, considered)
    if judgement.verdict == "deny":
        raise EditInvalidError(f"the policy denies it: {judgement.reason}")
    changed = msgspec.structs.replace(answer, arguments=arguments, digest=considered.digest)
    return Fitted(changed, tools.preview(asked, surroundings))
