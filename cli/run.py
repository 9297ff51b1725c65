"""``trackside run``: a track on a repository, from plan to branch."""

import argparse
import hashlib
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cli.errors import UnpricedModelError
from cli.escape import path_text, shown
from cli.inputs import read_input
from cli.interrupts import interruptible
from cli.policy_source import load_policy, placed_policy
from cli.settings import load_settings
from cli.which_run import add_folder
from events.conversation import Usage
from events.errors import TrackInvalidError
from events.ids import RunId, TreeId
from events.run_terms import Start
from events.settings import Settings
from events.track_file import check_archetypes, parse_track

if TYPE_CHECKING:
    from events.run import Run
    from workspace.user_repository import UserRepository

_FLAGS = {
    "workers": "workers",
    "policy": "policy",
    "deliver": "deliver",
    "budget_tokens": "budget.run_tokens",
    "budget_usd": "budget.run_usd",
    "sandbox": "sandbox.level",
}
"""Option -> key of the configuration."""
_BY_MODEL = ("models.ladder", "models.qa")
"""Keys that ``--model`` sets."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``run``."""
    parser.add_argument("track", metavar="TRACK", help="the track file (JSON or TOML)")
    add_folder(parser, Path(), "the repository (default: here)")
    parser.add_argument(
        "--model",
        metavar="M",
        help="one model instead of the ladder: gemini-..., scripted:FILE, recorded:RUN[+MODEL]",
    )
    parser.add_argument("--workers", metavar="N", type=int, help="attempts at one time")
    parser.add_argument("--policy", metavar="P", help="auto, ask, deny, or a policy file")
    parser.add_argument(
        "--deliver", choices=["branch", "apply", "none"], help="where the result goes"
    )
    parser.add_argument("--budget-tokens", metavar="N", type=int, help="most tokens of the run")
    parser.add_argument("--budget-usd", metavar="X", type=float, help="most USD of the run")
    parser.add_argument("--run-id", metavar="ID", help="name of the run (default: from the clock)")
    add_common(parser)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what ``run`` and ``resume`` have in common."""
    parser.add_argument(
        "--sandbox",
        choices=["auto", "bwrap", "landlock", "none"],
        help="how commands are confined (default: the best there is)",
    )
    parser.add_argument(
        "--wait", action="store_true", help="when people are needed, wait for them and go on"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object at the end, on stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="diagnostics on stderr")


@interruptible()
def run(args: argparse.Namespace) -> int:
    """Run the track; see product.md, section 9, for the exit codes."""
    from cli.conduct import carry_through
    from cli.model_names import named_models, tickets_placed
    from cli.own_prices import prices_in_force
    from cli.places import make_cache_folder, plain_path
    from cli.planning import record_plan
    from cli.recordings import recording_told
    from cli.sandboxing import sandbox_for
    from cli.wiring import opened
    from models.service import ModelService
    from store.run_folder import RunFolder
    from workspace.user_repository import UserRepository

    data = read_input(args.track)
    spec = parse_track(data, args.track)
    checkout = UserRepository.find(args.repo)
    flags = _flags(args)
    settings = _settings(args, flags, checkout.top)
    problems = check_archetypes(spec, settings.archetypes)
    if problems:
        raise TrackInvalidError(args.track, problems)
    tickets = tickets_placed(spec.tickets, checkout.top)
    name = new_name(args.run_id, checkout, settings)
    start = Start(
        run=name,
        track=replace(spec, tickets=()),
        tickets=len(tickets),
        settings=replace(settings, policy=placed_policy(settings.policy)),
        given=(*flags, *(_BY_MODEL if args.model else ())),
        policy=load_policy(settings.policy, checkout.top),
        base=checkout.resolve(spec.base or "HEAD"),
        base_tree=TreeId(""),
        repository=str(checkout.top),
        source=plain_path(args.track),
        track_digest=hashlib.sha256(data).hexdigest(),
        program=version("trackside"),
    )
    models = ModelService(settings.models, os.environ, recordings=recording_told)
    price = prices_in_force(os.environ)
    for model in sorted(named_models(tickets, settings)):
        models.check(model)
        if settings.budget.limits_usd and price(model, Usage()) is None:
            raise UnpricedModelError(model)
    sandbox = sandbox_for(settings.sandbox, checkout.top)
    if checkout.has_changes():
        note = f"{path_text(checkout.top)} has changes that are not committed"
        print(f"trackside: {shown(note)}; the run is without them", file=sys.stderr)
    make_cache_folder()
    folder = RunFolder.create(checkout.top, start.run)
    with opened(folder, checkout.top, _require_new) as this:
        tree = this.repository.tree_of(start.base)
        record_plan(this, replace(start, base_tree=tree), tickets)
        return carry_through(this, sandbox, args)


def _require_new(run: "Run") -> None:
    """Make sure that no other process has begun the run since its name was found to be free."""
    from store.errors import RunExistsError

    if run.standing != "new":
        raise RunExistsError(run.facts.run)


def _flags(args: argparse.Namespace) -> dict[str, object]:
    """Return what the command line says of the configuration, by its keys."""
    given = ((key, getattr(args, name)) for name, key in _FLAGS.items())
    return {key: value for key, value in given if value is not None}


def _settings(args: argparse.Namespace, flags: Mapping[str, object], repository: Path) -> Settings:
    """Return the settings in force, with every playbook and recording by its absolute path."""
    from cli.model_names import settings_placed
    from models.service import with_model

    settings = load_settings(repository, os.environ, flags).settings
    models = with_model(settings.models, args.model) if args.model else settings.models
    return settings_placed(replace(settings, models=models), repository)


def new_name(wanted: str | None, checkout: "UserRepository", settings: Settings) -> RunId:
    """Return the name of a new run, `wanted` or from the clock; nothing is made.

    Raises:
        RunFolderError: it cannot be one, or there is such a run.
        DeliveryRefusedError: the run is to be delivered, and there can be no branch of its name.
            A fast-forward that is refused at the end needs the branch too.
    """
    from store.run_folder import RunFolder
    from workspace.delivery import branch_of, require_free

    clock = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    name = RunId(clock if wanted is None else wanted)
    RunFolder.to_make(checkout.top, name)
    if settings.deliver != "none":
        require_free(checkout, branch_of(name))
    return name
