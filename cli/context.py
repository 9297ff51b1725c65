"""`trackside context`: the exact prompt of any turn, and the exact answer to it."""

import argparse
import difflib
import sys
from collections.abc import Iterator

import msgspec

from cli.answers import print_answer
from cli.context_hint import hint_number, run_hint
from cli.escape import columns, json_text, shown
from cli.exit_code import ExitCode
from cli.past import archive_in, say_torn
from cli.which_run import add_arguments
from events.counted import counted
from events.ids import TicketId
from replay.exchange import Conversation, Exchange, Reply
from replay.prompt_text import prompt_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser)
    parser.add_argument("ticket", metavar="TICKET")
    parser.add_argument("--attempt", metavar="N", type=int, help="1, 2, ... (default: the last)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--turn", metavar="N", type=int, help="1, 2, ... (default: the last)")
    what.add_argument(
        "--hint",
        metavar="N",
        type=hint_number,
        help="what QA was asked about the N-th failure of the attempt, or the `last` one",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--raw", action="store_true", help="the wire JSON of prompt and answer")
    form.add_argument(
        "--diff",
        action="store_true",
        help="only what is new since the one before (for a first turn, the attempt before)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the turn; exit code 4 if this program would send another prompt than was sent."""
    archive = archive_in(args)
    if args.hint is not None:
        return run_hint(archive, args)
    conversation = Conversation(archive, TicketId(args.ticket))
    say_torn(archive)
    turn = conversation.exchange(args.attempt, args.turn)
    if args.raw:
        print(raw_json(turn))
    elif args.json:
        print_answer(turn)
    elif args.diff:
        print(*difference(conversation.before(turn), turn), sep="\n")
    else:
        print(*lines_of(turn), sep="\n")
    if turn.code == "exact":
        return ExitCode.COMPLETED
    print(f"trackside: {shown(_divergence(turn))}", file=sys.stderr)
    return ExitCode.LOG_DAMAGED


def raw_json(turn: Exchange) -> str:
    """Return prompt, answer and the provider's own form of the answer, as one line of JSON."""
    reply = turn.reply
    native = msgspec.Raw(reply.native.encode() if reply and reply.native else b"null")
    return json_text({"prompt": turn.prompt, "reply": reply, "native": native})


def lines_of(turn: Exchange) -> Iterator[str]:
    """Give the turn as escaped lines; every character of prompt and answer is there."""
    yield shown(_title(turn))
    yield f"asked at position {turn.asked} ({turn.asked_at}), prompt digest {turn.sent}"
    if turn.views:
        yield ""
        yield from columns([("view", "path", "shown", "whole", ""), *_views(turn)])
    yield ""
    yield shown(prompt_text(turn.prompt), lines=True).removesuffix("\n")
    for failed in turn.failed:
        words = f"call failed at position {failed.position} ({failed.kind}): {failed.message}"
        yield shown(f"=== {words}")
    if turn.reply is None:
        yield "=== no answer is on record"
    else:
        yield shown("\n".join(_answer(turn.reply)), lines=True)


def difference(before: Exchange | None, turn: Exchange) -> Iterator[str]:
    """Give the lines by which the prompt differs from the one before, escaped."""
    if before is None:
        yield "there is no turn before the first one of a ticket"
        return
    yield from (
        shown(line)
        for line in difflib.unified_diff(
            prompt_text(before.prompt).split("\n"),
            prompt_text(turn.prompt).split("\n"),
            _title(before),
            _title(turn),
            lineterm="",
        )
    )


def _title(turn: Exchange) -> str:
    return (
        f"run {turn.run}, ticket {turn.ticket}, attempt {turn.attempt} of {turn.attempts}, "
        f"turn {turn.turn} of {turn.turns}"
    )


def _views(turn: Exchange) -> Iterator[tuple[str, ...]]:
    for view in turn.views:
        sizes = (counted(view.tokens, "token"), counted(view.original_tokens, "token"))
        yield view.view, shown(view.path), *sizes, shown(view.note)


def _answer(reply: Reply) -> Iterator[str]:
    used = reply.usage
    yield (
        f"=== answer at position {reply.position} by {reply.served_by or 'the model'}: "
        f"{used.input:,} tokens in, {used.output + used.thinking:,} out, {reply.latency_s:.1f} s"
    )
    yield reply.text
    for call in reply.calls:
        yield f"--- call {call.tool} {call.arguments}"


def _divergence(turn: Exchange) -> str:
    return (
        f"this prompt is not the one that was sent: expected {turn.sent}, got {turn.rebuilt}; "
        "another version of trackside may have sent it, see `trackside verify`"
    )
