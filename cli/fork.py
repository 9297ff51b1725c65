"""`trackside fork`: a new run that begins in the middle of another one."""

import argparse
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from msgspec.structs import replace

from cli.answers import print_answer
from cli.errors import OptionInvalidError, RunRefusesError, UnpricedModelError
from cli.escape import shown
from cli.exit_code import ExitCode
from cli.given import given_in
from cli.inputs import read_input
from cli.model_names import named_models, placed, tickets_placed
from cli.next_steps import to_name
from cli.own_prices import prices_in_force
from cli.past import archive_in, say_torn
from cli.person import who
from cli.policy_source import load_policy, placed_policy
from cli.recordings import recording_told
from cli.redaction import Redactor
from cli.run import new_name
from cli.settings import COMMAND_LINE
from cli.which_run import add_repository
from events.conversation import Usage
from events.errors import CommandRefusedError, SettingsInvalidError, TrackInvalidError
from events.fork_words import Changes
from events.ids import CommitId, TicketId
from events.reading import Problems, read
from events.run import Run
from events.run_commands import RaiseBudget
from events.settings import Budget, Settings
from events.ticket import Ticket
from events.ticket_edit import edited_ticket
from events.track_file import check_archetypes
from models.service import ModelService, with_model
from replay.fork import Forked, fork, past_of
from replay.show import planned, require_ticket
from workspace.user_repository import UserRepository


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="the parent (default: the latest)")
    add_repository(parser)
    parser.add_argument(
        "--at",
        metavar="POS",
        type=int,
        help="the last position that the fork has in common with its parent",
    )
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--model", metavar="M", help="one model instead of the ladder")
    model.add_argument(
        "--ladder",
        metavar="M,M,...",
        help="another ladder; attempt n uses rung n",
    )
    parser.add_argument(
        "--edit-ticket",
        nargs=2,
        action="append",
        default=[],
        metavar=("T", "FILE"),
        help="the keys of FILE (JSON or TOML) in place of the ticket's own; it begins anew",
    )
    parser.add_argument(
        "--answer",
        nargs=2,
        metavar=("POS", "FILE"),
        help="what the model is taken to have said at POS: a turn of a playbook or a hint (JSON)",
    )
    parser.add_argument("--policy", metavar="P", help="auto, ask, deny, or a policy file")
    parser.add_argument("--budget-tokens", metavar="N", type=int, help="most tokens of the fork")
    parser.add_argument("--budget-usd", metavar="X", type=float, help="most USD of the fork")
    parser.add_argument("--run-id", metavar="ID", help="name of the fork (default: from the clock)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Make the fork; `trackside resume` has it go on.

    Raises:
        RepositoryMissingError, TreeMissingError: there is no code to begin with.
    """
    given = None if args.answer is None else given_in(args.answer)
    if args.at is None and given is None:
        raise OptionInvalidError("--at", "name a position with --at POS")
    user = UserRepository.find(Path(args.repo or ""))
    checkout = user.top
    archive = archive_in(args)
    past = past_of(archive, args.at, given)
    say_torn(archive)
    archive.repository(checkout).tree_of(CommitId(planned(past.world).tree))
    limits = _limits(args, past.world.run.ledger.limits)
    changes = _changes(args, past.world.run, limits, checkout)
    name = new_name(args.run_id, user, past.world.run.facts.settings)
    try:
        answer = fork(
            archive, checkout, name, past,
            changes=changes, budget=None if limits is None else RaiseBudget(limits, who()),
            program=version("trackside"),
            redact=Redactor(os.environ),
        )  # fmt: skip
    except CommandRefusedError as refusal:
        raise RunRefusesError(archive.folder.run, refusal.reason, ()) from refusal
    if args.json:
        print_answer(answer)
    else:
        print(*_lines(answer, to_name(checkout)), sep="\n")
    return ExitCode.COMPLETED


def _limits(args: argparse.Namespace, before: Budget) -> Budget | None:
    """Return the limits that the command line sets, and of those in force the others; or None.

    Raises:
        SettingsInvalidError: one is no limit.
    """
    named = {"run_tokens": args.budget_tokens, "run_usd": args.budget_usd}
    given = {key: limit for key, limit in named.items() if limit is not None}
    problems = Problems()
    read(given, Budget, "budget", problems)
    if len(problems):
        told = [f"{COMMAND_LINE}: {problem}" for problem in problems]
        raise SettingsInvalidError("configuration", told)
    return replace(before, **given) if given else None


def _changes(args: argparse.Namespace, run: Run, limits: Budget | None, checkout: Path) -> Changes:
    before = run.facts.settings
    settings = _settings(args, before, checkout)
    policy = None if args.policy is None else load_policy(args.policy, checkout)
    tickets = tuple(
        _edited(require_ticket(run, TicketId(name)), path, checkout)
        for name, path in args.edit_ticket
    )
    problems = check_archetypes(replace(run.facts.track, tickets=tickets), settings.archetypes)
    if problems:
        raise TrackInvalidError("--edit-ticket", problems)
    known = {ticket.model_override for ticket in run.plan}
    asked = {ticket.model_override or "" for ticket in tickets} - known - {""}
    if settings != before:
        asked |= {*settings.models.ladder, settings.models.qa}
    models = ModelService(settings.models, os.environ, recordings=recording_told)
    for model in sorted(asked):
        models.check(model)
    if limits is not None:
        plan = {ticket.id: ticket for ticket in (*run.plan, *tickets)}
        asked = named_models(plan.values(), settings)
    price = prices_in_force(os.environ)
    for model in sorted(asked) if (limits or run.ledger.limits).limits_usd else ():
        if price(model, Usage()) is None:
            raise UnpricedModelError(model)
    return Changes(
        settings=None if settings == before else settings, policy=policy, tickets=tickets
    )


def _edited(ticket: Ticket, path: str, checkout: Path) -> Ticket:
    edited = edited_ticket(ticket, read_input(path), path)
    if edited.model_override == ticket.model_override:
        return edited
    return tickets_placed([edited], checkout)[0]


def _settings(args: argparse.Namespace, settings: Settings, checkout: Path) -> Settings:
    models = settings.models
    policy = placed_policy(args.policy) if args.policy else settings.policy
    if args.model:
        models = with_model(models, placed(args.model, checkout))
    elif args.ladder:
        rungs = (placed(model, checkout) for model in args.ladder.split(","))
        models = replace(models, ladder=tuple(rungs))
    return replace(settings, models=models, policy=policy)


def _lines(answer: Forked, repository: Path | None) -> Iterator[str]:
    yield (
        f"run {shown(answer.run)} is a fork of {shown(answer.parent)} at position {answer.at}; "
        f"its past took {answer.inherited.total:,} tokens, which are not its own"
    )
    for words, attempts in (
        ("go on", answer.goes_on),
        ("go on under other terms", answer.rebound),
        ("begin anew", answer.begun_anew),
    ):
        if attempts:
            yield f"  {words}: {shown(', '.join(attempts))}"
    where = "" if repository is None else f" --repo {shown(str(repository))}"
    yield "next:"
    yield f"  trackside resume {shown(answer.run)}{where}"
