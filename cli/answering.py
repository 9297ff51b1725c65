"""What `approve` and `reject` have in common."""

import argparse
import shlex
from collections.abc import Sequence

from cli.errors import OptionInvalidError, RunRefusesError
from cli.firsts import answered_before
from cli.history import History, load_history, load_planned
from cli.next_steps import option_of, to_name, to_type
from cli.person import who
from cli.post import send
from cli.telling import add_run, refused, say
from cli.which_run import repository_of
from cli.words import action_words
from events.approval import Answer, Verdict
from events.ids import ApprovalId
from events.waiting import no_answer_because
from store.inbox import GiveAnswer

REASON_CHARS = 2000
VIA = "command"
STDIN = "-"
"""Instead of a file: what comes on standard input."""


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add the request that is meant."""
    add_run(parser)
    parser.add_argument(
        "approval", metavar="ID", help="the request, as `trackside approvals` names it"
    )


def answer(
    args: argparse.Namespace,
    verdict: Verdict,
    *,
    edited: str | None = None,
    ticket_wide: bool = False,
) -> None:
    """Answer the request and say so.

    Raises:
        OptionInvalidError: the reason is too long.
        RunRefusesError: it waits for no answer; somebody may have been first.
        NotTakenError, StoreError: see `cli.post.send`.
    """
    if len(args.reason) > REASON_CHARS:
        reason = f"a reason has {len(args.reason):,} characters; the most is {REASON_CHARS:,}"
        raise OptionInvalidError("--reason", reason)
    history, approval = load_planned(args), ApprovalId(args.approval)
    world = history.view.world
    because = no_answer_because(world, approval)
    if because is not None:
        raise _refused(args, history, because)
    given = Answer(
        verdict=verdict,
        by=who(),
        via=VIA,
        reason=args.reason,
        ticket_wide=ticket_wide,
    )
    sent = send(history.folder, repository_of(args), GiveAnswer(approval, given, edited))
    if sent.reply.refusal:
        after = load_history(history.folder)
        leads = () if edited is None else _edited_again(args, after, approval)
        raise _refused(args, after, sent.reply.refusal, leads)
    question = world.approval(approval).question
    assert question is not None, "what waits for an answer was asked"
    done = f"{verdict}: {approval} {action_words(question.action)}"
    say(args, history, sent, verdict, [done], approval)


def _edited_again(
    args: argparse.Namespace, history: History, approval: ApprovalId
) -> tuple[str, ...]:
    """Return how to hand in another edited version; nothing if the request is not open any more."""
    if no_answer_because(history.view.world, approval) is not None:
        return ()
    file = "FILE" if args.edit == STDIN else shlex.quote(args.edit)
    options = f" --edit {file}{option_of(to_name(repository_of(args)))}"
    return (to_type("approve", history.folder.run, approval, options=options),)


def _refused(
    args: argparse.Namespace, history: History, because: str, leads: Sequence[str] = ()
) -> RunRefusesError:
    approval = ApprovalId(args.approval)
    when = (
        ""
        if history.view.world.approval(approval).answer is None
        else answered_before(history, approval)
    )
    return refused(args, history, f"approval {approval}: {because}{when}", leads)
