"""What all commands have in common that tell a run something: send it, and say what came of it."""

import argparse
from collections.abc import Callable, Sequence

from cli.answers import print_answer
from cli.errors import RunRefusesError
from cli.escape import shown
from cli.firsts import done_before
from cli.history import History, load_history, load_planned
from cli.next_steps import next_of, option_of, to_name, to_type, ways_out
from cli.post import Sent, send
from cli.request_answers import Told
from cli.request_text import preview_lines
from cli.which_run import add_repository, repository_of
from events.errors import CommandRefusedError
from events.ids import ApprovalId, TicketId
from events.run_commands import OperatorCommand, SkipTicket
from events.run_rules import decide
from events.state_digest import state_digest
from store.inbox import TellRun
from store.run_folder import RunFolder

_DOES = {"cancelled": "ends", "paused": "finishes what is under way in"}
"""What the process that holds a run does once it is told so."""
MOST_LEADS = 2
"""Commands that lead out of a refusal."""


def add_run(parser: argparse.ArgumentParser, *others: str) -> None:
    """Add the run that is meant, other words behind it, where it is, and the form of the answer."""
    parser.add_argument("run", metavar="RUN", help="the run, or how its name begins")
    for other in others:
        parser.add_argument(other, metavar=other.upper())
    add_repository(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def operate(
    args: argparse.Namespace,
    command: OperatorCommand,
    code: str,
    done: str,
    then: Callable[[RunFolder], None] | None = None,
) -> Sent:
    """Have the run take `command`, and print what was done; `code` is the word of the JSON.

    If no process works on the run, `then` is called before anything is said.

    Raises:
        RunRefusesError: it makes no sense now; nothing was recorded.
        NotTakenError, StoreError: see `send`.
    """
    history = load_planned(args)
    try:
        decide(command, history.view.world.run)
    except CommandRefusedError as refusal:
        raise _refused_again(args, history, command, refusal.reason) from refusal
    sent = send(history.folder, repository_of(args), TellRun(command))
    if sent.reply.refusal:
        raise _refused_again(args, load_history(history.folder), command, sent.reply.refusal)
    if then is not None and sent.held_by is None:
        then(history.folder)
    say(args, history, sent, code, [done])
    return sent


def _refused_again(
    args: argparse.Namespace, history: History, command: OperatorCommand, reason: str
) -> RunRefusesError:
    leads = _to_skip(args, history, command.ticket) if isinstance(command, SkipTicket) else ()
    return refused(args, history, reason + done_before(history, command), leads)


def refused(
    args: argparse.Namespace, history: History, reason: str, leads: Sequence[str] = ()
) -> RunRefusesError:
    """Return the refusal with the commands that lead out of it: `leads`, or what the run needs."""
    steps = leads or ways_out(history, repository_of(args))
    return RunRefusesError(history.folder.run, reason, steps[:MOST_LEADS])


def _to_skip(args: argparse.Namespace, history: History, ticket: TicketId) -> tuple[str, ...]:
    """Return the one line that skips a ticket that is blocked; a release comes before it."""
    run = history.view.world.run
    found = None if run.track is None else run.track.tickets.get(ticket)
    own = found is not None and found.block is not None and found.block.cause != "dependency"
    if not own or run.ending == "cancelled":
        return ()
    option, name = option_of(to_name(repository_of(args))), history.folder.run
    steps = [to_type(verb, name, ticket, options=option) for verb in ("retry", "skip")]
    if history.held_by is None:
        steps.append(to_type("resume", name, options=option))
    return (" && ".join(steps),)


def say(
    args: argparse.Namespace,
    history: History,
    sent: Sent,
    code: str,
    lines: Sequence[str],
    approval: ApprovalId | None = None,
) -> None:
    """Print what was done, what runs instead if it was edited, and what to type next."""
    after = load_history(history.folder)
    world, steps = after.view.world, next_of(after, repository_of(args))
    if args.json:
        print_answer(
            Told(
                code=code,
                position=world.position,
                digest=state_digest(world),
                run=world.run.facts.run,
                approval=approval,
                preview=sent.reply.preview,
                held_by=sent.held_by,
                next=steps,
            )
        )
        return
    for line in lines:
        print(shown(line))
    if sent.reply.preview:
        print("this will run instead:")
        print(*preview_lines(sent.reply.preview, None, colour=False), sep="\n")
    if sent.held_by is not None:
        does = _DOES.get(code, "goes on with")
        print(f"process {sent.held_by} {does} run {shown(history.folder.run)}")
    elif steps:
        print("next:")
        print(*(f"  {shown(step)}" for step in steps), sep="\n")
