"""`trackside budget`: what a run may spend and has spent; raise it, or stop what waits for more."""

import argparse
import math
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from cli.answers import print_answer
from cli.errors import BudgetInForceError, BudgetInvalidError, RunRefusesError
from cli.escape import columns, shown
from cli.exit_code import ExitCode
from cli.firsts import done_before
from cli.history import History, load_planned
from cli.person import who
from cli.request_answers import BudgetAnswer, BudgetRow
from cli.spending import Spending, Spent
from cli.telling import add_run, operate
from events.budget import SCOPES, UNITS, Amount, Ledger, Scope, amount_of
from events.ids import AttemptId
from events.run import Run, budget_wait
from events.run_commands import DeclineBudget, RaiseBudget
from events.settings import Budget
from events.state_digest import state_digest

NO_LIMIT = "none"
MOST_LOOKS = 10
"""How often a raise is made anew because others were faster."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_run(parser)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--raise",
        dest="raised",
        action="append",
        metavar="SCOPE.UNIT=N",
        help="a new limit, as run.tokens=500000, ticket.usd=2.5 or attempt.tokens=none",
    )
    choice.add_argument(
        "--stop", action="store_true", help="block every ticket that waits for budget"
    )


def run(args: argparse.Namespace) -> int:
    """Change the budget; without a change, print it."""
    if args.raised:
        _raise(args)
    elif args.stop:
        done = "tickets that wait for budget are blocked"
        operate(args, DeclineBudget(who()), "declined", done)
    else:
        _show(args)
    return ExitCode.COMPLETED


def _raise(args: argparse.Namespace) -> None:
    """Raise what is in force; if somebody else does at the same moment, look and raise again."""
    for left in reversed(range(MOST_LOOKS)):
        command = _as_wished(load_planned(args), args.raised)
        try:
            operate(args, command, "raised", "the budget is raised")
        except RunRefusesError:
            if not left or _in_force(load_planned(args)) == command.before:
                raise
        else:
            return


def _as_wished(history: History, wishes: Iterable[str]) -> RaiseBudget:
    before = limits = _in_force(history)
    for wish in wishes:
        try:
            limits = raised(limits, wish)
        except BudgetInForceError as error:
            first = done_before(history, RaiseBudget(limits, who()))
            raise BudgetInForceError(wish, error.reason + first) from error
    return RaiseBudget(limits, who(), before)


def _in_force(history: History) -> Budget:
    return history.view.world.run.ledger.limits


def raised(limits: Budget, wish: str) -> Budget:
    """Return `limits` with the one that ``scope.unit=number`` names higher than before.

    Raises:
        BudgetInForceError: it is not higher.
        BudgetInvalidError: it names none, or is no number.
    """
    name, _, text = wish.partition("=")
    scope, _, unit = name.partition(".")
    if scope not in SCOPES or unit not in UNITS:
        names = ", ".join(f"{scope}.{unit}" for scope in reversed(SCOPES) for unit in UNITS)
        raise BudgetInvalidError(wish, f"expected one of {names}, then = and a number")
    key = f"{scope}_{unit}"
    before: float | None = getattr(limits, key)
    number = None if text == NO_LIMIT else _number(wish, text, whole=unit == "tokens")
    if before is None and number is not None:
        reason = (
            f"there is no limit on {name} that could be raised; only a new run can have one, by "
            f"{key} under [budget] in trackside.toml"
        )
        flag = f", or by --budget-{unit}, as a fork can" if scope == "run" else ""
        raise BudgetInvalidError(wish, reason + flag)
    if number is not None and before is not None and number <= before:
        raise BudgetInForceError(wish, f"{name} is {before:,.10g} already")
    return msgspec.structs.replace(limits, **{key: number})


def _number(wish: str, text: str, *, whole: bool) -> float:
    try:
        number = int(text.replace("_", "")) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise BudgetInvalidError(wish, f"{text!r} is not {kind}, nor {NO_LIMIT}") from None
    if not (math.isfinite(number) and number > 0):
        raise BudgetInvalidError(wish, "a limit is more than 0")
    return number


def _show(args: argparse.Namespace) -> None:
    history = load_planned(args)
    world = history.view.world
    answer = BudgetAnswer(
        position=world.position,
        digest=state_digest(world),
        run=world.run.facts.run,
        rows=tuple(_rows(world.run.ledger, history.view.spending)),
        waits=tuple(_waits(world.run)),
    )
    if args.json:
        print_answer(answer)
        return
    print(*_lines(answer), sep="\n")


def _rows(ledger: Ledger, spending: Spending) -> Iterator[BudgetRow]:
    used = _settled(ledger) if ledger.limits.limits_anything else _spent(spending)
    for scope in reversed(SCOPES):
        for unit in UNITS:
            yield BudgetRow(
                scope=scope,
                unit=unit,
                limit=getattr(ledger.limits, f"{scope}_{unit}"),
                used=_most(used[scope], unit),
                reserved=getattr(ledger.set_aside, unit) if scope == "run" else 0,
            )


def _settled(ledger: Ledger) -> Mapping[Scope, Iterable[Amount]]:
    """Return what counts against the limits; it is kept only where there are any."""
    return {
        "run": [ledger.spent],
        "ticket": ledger.by_ticket.values(),
        "attempt": ledger.used.values(),
    }


def _spent(spending: Spending) -> Mapping[Scope, Iterable[Amount]]:
    """Return what the calls used, as `trackside usage` has it."""
    sums: dict[Scope, Iterable[Spent]] = {
        "run": [spending.total],
        "ticket": spending.by_ticket.values(),
        "attempt": spending.by_attempt.values(),
    }
    return {
        scope: [amount_of(one.usage, one.known_usd) for one in spent]
        for scope, spent in sums.items()
    }


def _most(amounts: Iterable[Amount], unit: str) -> float:
    return max((getattr(amount, unit) for amount in amounts), default=0)


def _waits(run: Run) -> Iterator[AttemptId]:
    for attempt, active in sorted(run.active.items()):
        if run.plan[active.ticket].waits_for == budget_wait(attempt):
            yield attempt


def _lines(answer: BudgetAnswer) -> Iterator[str]:
    header = ["", "limit", "used", "reserved"]
    rows = (
        [
            f"{row.scope} {row.unit}",
            "-" if row.limit is None else f"{row.limit:,.10g}",
            f"{row.used:,.6g}" if row.unit == "usd" else f"{row.used:,.0f}",
            f"{row.reserved:,.6g}" if row.unit == "usd" else f"{row.reserved:,.0f}",
        ]
        for row in answer.rows
    )
    yield from columns([header, *rows])
    if answer.waits:
        yield f"waits for more: {', '.join(map(shown, answer.waits))}"
        run = shown(answer.run)
        yield f"next: trackside budget {run} --raise SCOPE.UNIT=N, or trackside budget {run} --stop"
