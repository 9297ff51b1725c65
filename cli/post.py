"""Messages to a run: applied at once if no process works on it, else left in its inbox."""

import os
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from actors.fitting import Fitted, fitted, take_up
from cli.errors import NotTakenError
from cli.escape import shown
from cli.holder import holder_of
from cli.own_prices import prices_in_force
from cli.redaction import Redactor
from cli.sandboxing import sandbox_for
from cli.wiring import OpenRun, opened, workshop_of
from events import approval as gate
from events import run_rules
from events.approval import Answer, Settle, standing_of
from events.errors import CommandRefusedError, TracksideError
from events.ids import ApprovalId, stream_of
from events.run_commands import OperatorCommand
from events.streams import RUN
from events.waiting import no_answer_because
from models.service import ModelService
from store.clocks import clocks
from store.entity import Entity
from store.errors import HeldError, InboxUnusableError
from store.inbox import GiveAnswer, Inbox, Message, Reply, TellRun
from store.run_folder import RunFolder
from store.watch import Watch
from workspace.command import CommandRunner

PATIENCE_S = 60.0
"""How long a process may take to take a message; it does at once, unless it is stopped."""
NOTICE_S = 3.0
"""After so long a person is told what is waited for."""
NO_MESSAGE = Reply(refusal="what lies in the inbox is no message of this version of trackside")


class Sent(msgspec.Struct, frozen=True):
    """What became of a message."""

    reply: Reply
    held_by: int | None
    """The process that took it; None: the message was applied here, and none works on the run."""


def inbox_of(folder: RunFolder) -> Inbox:
    """Return the inbox of a run; the keys of this process are written to none of its files."""
    return Inbox(folder.answers, Redactor(os.environ))


def send(folder: RunFolder, checkout: Path, message: Message) -> Sent:
    """Have a run take a message, whoever holds it; return once its effect is on record.

    Raises:
        NotTakenError: the process that holds the run does not reply; it may still take it.
        StoreError: the log, or the inbox, cannot be used.
    """
    inbox = inbox_of(folder)
    inbox.open()
    with suppress(HeldError), opened(folder, checkout) as this:
        apply_letters(this)
        return Sent(applied(this, "", message), None)
    with Watch([inbox.folder, folder.lock]) as watch:
        name = inbox.post(message)
        try:
            return _await_reply(folder, checkout, name, watch)
        except BaseException:
            inbox.withdraw(name)
            raise


def _await_reply(folder: RunFolder, checkout: Path, name: str, watch: Watch) -> Sent:
    """Return the reply of the process that holds the run; if it ends first, be that process."""
    inbox = inbox_of(folder)
    began, told = time.monotonic(), False
    while (waited_s := time.monotonic() - began) < PATIENCE_S:
        held_by = holder_of(folder.lock)
        reply = inbox.take_reply(name)
        if reply is not None:
            return Sent(reply, held_by)
        if held_by is not None:
            if waited_s >= NOTICE_S and not told:
                told = True
                _say_waiting(folder, held_by)
            watch.wait(NOTICE_S)
            continue
        with suppress(HeldError), opened(folder, checkout) as this:
            apply_letters(this)
            reply = inbox.take_reply(name)
            if reply is None:
                raise InboxUnusableError(inbox.folder, "its reply cannot be kept")
            return Sent(reply, None)
    raise NotTakenError(folder.run, holder_of(folder.lock))


def _say_waiting(folder: RunFolder, held_by: int) -> None:
    note = f"waits for process {held_by}, which holds run {folder.run}; it may be stopped or busy"
    print(f"trackside: {shown(note)}", file=sys.stderr, flush=True)


def apply_letters(this: OpenRun) -> None:
    """Apply all that lies in the inbox; for who has just opened the run, before it goes on."""
    inbox = inbox_of(this.folder)
    inbox.open()
    inbox.sweep()
    for letter in inbox.letters():
        message = letter.message
        reply = NO_MESSAGE if message is None else applied(this, letter.name, message)
        inbox.settle(letter.name, reply)


def applied(this: OpenRun, name: str, message: Message) -> Reply:
    """Put the effect of a message on record, or return why it has none.

    Args:
        this: The run, on which nobody works.
        name: Of the message; one whose effect is on record already has it once.
        message: What a person said.
    """
    match message:
        case TellRun(command=command):
            return _obeyed(this, name, command)
        case GiveAnswer():
            return _answered(this, name, message)


def _obeyed(this: OpenRun, name: str, command: OperatorCommand) -> Reply:
    if name and has_caused(this, name):
        return Reply()
    version = this.world.versions[RUN]
    run = Entity(this.log, RUN, run_rules.DECIDER, this.world.run, version)
    try:
        run.execute(msgspec.structs.replace(command, message=name))
    except CommandRefusedError as refusal:
        return Reply(refusal=refusal.reason)
    return Reply()


def has_caused(this: OpenRun, name: str) -> bool:
    """Return whether a command that the message `name` brought is on record; a crash left it."""
    said = b'"message":"%s"' % name.encode()
    return any(said in bytes(recorded.cause) for recorded in this.log.read_stream(RUN))


def _answered(this: OpenRun, name: str, given: GiveAnswer) -> Reply:
    if is_on_record(this, name, given.approval):
        return Reply()
    refusal = no_answer_because(this.world, given.approval)
    if refusal is not None:
        return Reply(refusal=refusal)
    answer, preview = msgspec.structs.replace(given.answer, message=name), ""
    stream = stream_of("approval", given.approval)
    state = this.world.approval(given.approval)
    question = Entity(this.log, stream, gate.DECIDER, state, this.world.versions[stream])
    try:
        if given.edited is not None:
            made = _fitted(this, given.approval, answer, given.edited)
            answer, preview = made.answer, made.preview
        question.execute(Settle(answer, clocks(this.view.at)))
    except CommandRefusedError as error:
        return Reply(refusal=error.reason)
    except TracksideError as error:
        return Reply(refusal=str(error))
    on_record = question.state.answer
    if on_record is not None and on_record.by_policy:
        return Reply(refusal=standing_of(question.state))
    return Reply(preview=preview)


def is_on_record(this: OpenRun, name: str, approval: ApprovalId) -> bool:
    """Return whether the message `name` has answered the question; it was left by a crash then."""
    answer = this.world.approval(approval).answer
    return bool(name) and answer is not None and answer.message == name


def _fitted(this: OpenRun, approval: ApprovalId, answer: Answer, edited: str) -> Fitted:
    """Return the answer with an edited version, validated in the worktree as the log has it."""
    run = this.world.run
    question = this.world.approval(approval).question
    assert question is not None, "only a question that was asked is answered"
    state = this.world.attempt(question.attempt)
    sandbox = sandbox_for(run.facts.settings.sandbox, this.repository.user.top, before=run.sandbox)
    with closing(CommandRunner(sandbox)) as runner:
        models = ModelService(run.facts.settings.models, {})
        workshop = workshop_of(this, runner, models, prices_in_force(os.environ))
        if state.gate is not None and state.gate.action.kind == "tool":
            take_up(workshop, state)
        return fitted(workshop, state, answer, edited, question.surroundings)
