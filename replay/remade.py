"""Made again: prompts, contexts, hints, merges and commits, from the state before them alone."""

from collections.abc import Callable, Iterator
from typing import assert_never

import msgspec
from msgspec.structs import replace

from events.attempt import Attempt
from events.attempt_commands import BeginCall, RecordCommit, RecordContext, RecordMerge
from events.brief import brief_of
from events.commit_message import commit_message
from events.conversation import Message, ModelMessage, Prompt, WorkerContext, digest_of
from events.counted import counted
from events.diagnosis import asked_again, first_cause, hint_in, hint_prompt
from events.hint import Failure, Hint, RecordHint, cut
from events.ids import TreeId
from events.secret_patterns import Redact, placeholders_in
from events.settings import Context
from replay.decisions import Scene
from replay.desk import Desk
from replay.divergence import Divergence
from replay.exchange import prompt_again
from replay.worktrees import roots_in
from workspace.context import FileAt, assemble, system_of
from workspace.git import IDENTITY
from workspace.merge import Conflicted, Merged, merge
from workspace.objects import Objects, object_id
from workspace.tool_schemas import TOOLS, specs
from workspace.tree_files import file_as_it_lies, file_at

ALL_TOOLS = frozenset(tool.name for tool in TOOLS)
_Look = Callable[[Objects, TreeId, str], FileAt | None]


def made_again(scene: Scene, desk: Desk) -> Iterator[Divergence]:
    """Give what differs if what a command carries is made again.

    Raises:
        DamageError: a kept text that it is made of is lost.
        TreeMissingError, ObjectDamagedError: a file that it is made of is.
    """
    match scene.command:
        case RecordContext():
            yield from _context(scene, scene.command, desk)
        case BeginCall():
            yield from _prompt(scene, scene.command, desk)
        case RecordHint():
            yield from _hint(scene, scene.command, desk)
        case RecordMerge():
            yield from _merge(scene, scene.command, desk)
        case RecordCommit():
            yield from _commit(scene, scene.command, desk)


def _context(scene: Scene, command: RecordContext, desk: Desk) -> Iterator[Divergence]:
    state: Attempt = scene.state
    terms = state.bound
    desk.counts.contexts += 1
    tools = tuple(spec.name for spec in specs(terms.archetype.tools))
    system, message = desk.read(command.system), desk.read(command.message)

    def assembled(redact: Redact, look: _Look = file_at) -> WorkerContext:
        return assemble(
            brief_of(terms, tools, desk.read),
            lambda path: look(desk.objects, terms.base_tree, path),
            Context(raw_max_tokens=terms.raw_max_tokens),
            redact,
        )

    made = assembled(desk.redact)
    if made.message != message:
        if _names_a_key(message) - _names_a_key(made.message):
            desk.counts.contexts -= 1
            desk.counts.unseen_contexts += 1
            return
        # before links were followed, and before placeholders stood for secrets
        earlier = (assembled(redact, file_as_it_lies) for redact in (desk.redact, as_files_are))
        made = next((one for one in earlier if one.message == message), made)
    former = system_of(brief_of(terms, tools, desk.read), ALL_TOOLS)
    if former == system:  # recorded when the rules spoke of tools that a worker had not
        made = replace(made, system=former)
    digest = digest_of(made.system, made.message)
    for what, expected, got in (
        ("tools", ", ".join(tools), ", ".join(command.tools)),
        ("system text", made.system, system),
        ("first message", made.message, message),
        ("views", _json(made.views), _json(command.views)),
        ("digest", digest, command.digest),
    ):
        if expected != got:
            yield scene.decision.differs("context", *_around(what, expected, got))
            return


def as_files_are(text: str) -> str:
    """Return `text`: nothing is taken out."""
    return text


def _names_a_key(text: str) -> set[str]:
    """Return the placeholders of keys that are known by their names only."""
    return {one for one in placeholders_in(text) if one.count(":") == 1}


def _around(what: str, expected: str, got: str) -> tuple[str, str]:
    """Return two long texts as the lines in which they first differ."""
    pairs = zip(expected.split("\n"), got.split("\n"), strict=False)
    for number, (one, other) in enumerate(pairs, start=1):
        if one != other:
            return f"{what}, line {number}: {one}", f"{what}, line {number}: {other}"
    one, other = (counted(len(text), "character") for text in (expected, got))
    return f"{what} of {one}", f"{what} of {other}"


def _prompt(scene: Scene, command: BeginCall, desk: Desk) -> Iterator[Divergence]:
    desk.counts.prompts += 1
    made = prompt_again(scene.state, command.prompt, desk.read).digest
    if made != command.prompt:
        yield scene.decision.differs("prompt", made, command.prompt)


def _hint(scene: Scene, command: RecordHint, desk: Desk) -> Iterator[Divergence]:
    state: Hint = scene.state
    if state.failure is None or command.source == "person":
        return
    desk.counts.hints += 1
    failure = state.failure
    output = desk.read(failure.outcome.output)
    roots = [command.root] if command.root else [*roots_in(output, failure.attempt), ""]
    if command.prompt:
        got = desk.read(command.prompt)
        model = scene.world.run.facts.settings.models.qa
        source = desk.read(failure.outcome.source)
        made = [_asked(failure, output, model, source, root, got) for root in roots]
        if got not in made:
            yield scene.decision.differs("hint", *_around("prompt", made[0], got))
    if command.source == "extract":
        causes = [first_cause(output, failure.outcome, root) for root in roots]
        if command.words not in causes:
            yield scene.decision.differs("hint", causes[0], command.words)
    elif command.reply:
        made_of = cut(hint_in(desk.read(command.reply)) or "")
        if made_of != cut(command.words):
            yield scene.decision.differs("hint", made_of, command.words)


def _asked(failure: Failure, output: str, model: str, source: str, root: str, recorded: str) -> str:
    """Return what QA's model was asked; if it was asked for a shorter hint, that too."""
    prompt = hint_prompt(failure, output, model, source, root)
    answers = [one.text for one in _messages(recorded) if isinstance(one, ModelMessage)]
    return _json(asked_again(prompt, answers[0]) if answers else prompt)


def _messages(prompt: str) -> tuple[Message, ...]:
    try:
        return msgspec.json.decode(prompt, type=Prompt).messages
    except msgspec.MsgspecError:
        return ()


def _merge(scene: Scene, command: RecordMerge, desk: Desk) -> Iterator[Divergence]:
    state: Attempt = scene.state
    if state.onto is None:
        return
    desk.counts.merges += 1
    terms, onto = state.bound, state.onto
    if state.tree in {terms.base_tree, onto.tree}:
        made: Merged | Conflicted = Merged(onto.tree)
    elif terms.base_tree == onto.tree:
        made = Merged(state.tree)
    else:
        made = merge(desk.scratch, terms.base_tree, onto.tree, state.tree)
    recorded = Conflicted(command.conflicts, "") if command.tree is None else Merged(command.tree)
    if _outcome(made) != _outcome(recorded):
        yield scene.decision.differs("merge", _outcome(made), _outcome(recorded))


def _outcome(merged: Merged | Conflicted) -> str:
    match merged:
        case Merged(tree=tree):
            return f"tree {tree}"
        case Conflicted(paths=paths):
            return f"a conflict in {', '.join(paths)}"
        case _:
            assert_never(merged)


def _commit(scene: Scene, command: RecordCommit, desk: Desk) -> Iterator[Divergence]:
    state: Attempt = scene.state
    if state.onto is None or state.merged is None:
        return
    desk.counts.commits += 1
    name, mail = IDENTITY
    who = f"{name} <{mail}> {state.onto.at_s} +0000"
    message = commit_message(state, scene.world.run.facts.run, state.onto).rstrip("\n")
    text = (
        f"tree {state.merged}\nparent {state.onto.commit}\n"
        f"author {who}\ncommitter {who}\n\n{message}\n"
    )
    made = object_id("commit", text.encode("utf-8", "surrogateescape"), command.commit)
    if made != command.commit:
        yield scene.decision.differs("commit", made, command.commit)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
