"""`trackside usage`: what a run has used, by tier and model, by ticket and by attempt."""

import argparse
from collections.abc import Iterable

from cli.answers import NamedUse, UsageAnswer, Use, print_answer
from cli.escape import columns, shown
from cli.exit_code import ExitCode
from cli.history import load_planned
from cli.spending import usd_words
from cli.summary import tiers_of, use_of
from cli.which_run import add_arguments
from cli.words import model_words
from events.state_digest import state_digest

configure = add_arguments

HEADER = ["", "calls", "failed", "in", "cached", "out", "thinking", "time", "cost"]


def run(args: argparse.Namespace) -> int:
    """Print what the run has used so far."""
    history = load_planned(args)
    world, spending = history.view.world, history.view.spending
    answer = UsageAnswer(
        code=history.standing,
        position=world.position,
        digest=state_digest(world),
        run=world.run.facts.run,
        use=use_of(spending.total),
        tiers=tiers_of(spending),
        tickets=tuple(
            NamedUse(name=ticket, use=use_of(spending.of_ticket(ticket)))
            for ticket in world.run.plan.plan.order
            if ticket in spending.by_ticket
        ),
        attempts=tuple(
            NamedUse(name=attempt, use=use_of(spent))
            for attempt, spent in spending.by_attempt.items()
        ),
    )
    if args.json:
        print_answer(answer)
    else:
        print(*_lines(answer), sep="\n")
    return ExitCode.COMPLETED


def _lines(answer: UsageAnswer) -> Iterable[str]:
    rows = [HEADER]
    rows += [
        _row(f"tier {row.tier}, {shown(model_words(row.model))}", row.use) for row in answer.tiers
    ]
    rows += [_row(f"ticket {shown(row.name)}", row.use) for row in answer.tickets]
    rows += [_row(f"attempt {shown(row.name)}", row.use) for row in answer.attempts]
    return columns([*rows, _row("all", answer.use)])


def _row(name: str, use: Use) -> list[str]:
    counts = [use.calls, use.failed, use.input, use.cached, use.output, use.thinking]
    return [name, *(f"{count:,}" for count in counts), f"{use.latency_s:.1f} s", usd_words(use.usd)]
