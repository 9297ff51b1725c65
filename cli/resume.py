"""``trackside resume``: a run goes on from its log, wherever it was left."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import ResumedElsewhereError
from cli.escape import shown
from cli.interrupts import interruptible
from cli.person import who
from cli.run import add_common
from cli.which_run import add_folder
from events.run_commands import ContinueRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.run import Run
    from events.ticket import Ticket
    from store.run_folder import RunFolder
    from workspace.sandbox import Sandbox


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``resume``."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, or the start of its name")
    add_folder(parser, Path(), "the repository (default: here)")
    add_common(parser)


@interruptible()
def run(args: argparse.Namespace) -> int:
    """Go on with the run; see product.md, section 9, for the exit codes.

    Raises:
        ResumedElsewhereError: it was paused, and the process that holds it goes on with it.
        HeldError: another process works on it already.
    """
    from store.errors import HeldError
    from store.run_folder import RunFolder
    from workspace.user_repository import UserRepository

    checkout = UserRepository.find(args.repo)
    folder = RunFolder.find(checkout.top, args.run)
    try:
        return _go_on(args, folder, checkout.top)
    except HeldError:
        if not _continued(folder, checkout.top):
            raise
    return _go_on(args, folder, checkout.top)  # the holder has ended meanwhile


def _continued(folder: "RunFolder", checkout: Path) -> bool:
    """Have a run go on that its holder has paused; return whether nobody holds it any more.

    Raises:
        ResumedElsewhereError: its holder goes on with it.
    """
    from cli.history import load_history
    from cli.post import send
    from store.inbox import TellRun

    if load_history(folder).view.world.run.standing != "paused":
        return False
    sent = send(folder, checkout, TellRun(ContinueRun(who())))
    if sent.reply.refusal:
        return False
    if sent.held_by is not None:
        raise ResumedElsewhereError(folder.run, sent.held_by)
    return True


def _go_on(args: argparse.Namespace, folder: "RunFolder", checkout: Path) -> int:
    from cli.changes import changes
    from cli.conduct import carry_through
    from cli.model_names import check_answers, tickets_placed
    from cli.own_prices import prices_in_force
    from cli.places import make_cache_folder
    from cli.planning import complete_plan, left_out
    from cli.post import applied, apply_letters
    from cli.sandboxing import sandbox_for
    from cli.wiring import opened
    from store.inbox import TellRun

    found: list[tuple[Sequence[Ticket], Sandbox]] = []

    def require(run: "Run") -> None:
        missing = tickets_placed(left_out(run, folder.run), checkout)
        check_answers(run, missing)
        prices_in_force(os.environ)
        settings = run.facts.settings.sandbox
        found.append((missing, sandbox_for(settings, checkout, args.sandbox, run.sandbox)))

    make_cache_folder()
    with opened(folder, checkout, require) as this:
        ((missing, sandbox),) = found
        complete_plan(this, missing)
        for change in changes(this.world.run, checkout, os.environ):
            print(f"trackside: {shown(change)}", file=sys.stderr)
        apply_letters(this)
        if this.world.run.standing == "paused":
            applied(this, "", TellRun(ContinueRun(who())))
        return carry_through(this, sandbox, args)
