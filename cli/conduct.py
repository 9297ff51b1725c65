"""Conducting a run to its rest: what ``run`` and ``resume`` have in common."""

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from actors.conductor import Rest
from actors.messages import Down
from actors.system import Surroundings, System
from cli.attending import attended
from cli.bug_report import keep_reports_in, write_report
from cli.diagnostics import Diagnostics
from cli.escape import json_text, path_text, shown
from cli.interrupts import interrupting
from cli.own_prices import prices_in_force
from cli.progress import Progress, progress_for
from cli.recordings import recording_at
from cli.standing import exit_code_of, standing_of
from cli.summary import summary_of
from cli.summary_text import lines_of
from cli.terminal import at_terminal
from cli.wiring import OpenRun, workshop_of
from cli.words import words_of
from events import run_rules
from events.errors import CommandRefusedError, fault_of
from events.ids import CommitId, attempt_id
from events.run import Deliver, Run, due
from events.run_commands import EndRun, PauseRun, RecordDelivery, RecordSandbox, RecordWait
from events.streams import RUN
from events.waiting import answered
from models.service import ModelService, Wait
from store.clocks import clocks
from store.entity import Entity
from workspace.command import CommandRunner
from workspace.delivery import branch_of, deliver_apply, deliver_branch
from workspace.errors import WorkspaceError
from workspace.folders import remove_folder
from workspace.sandbox import Sandbox


def carry_through(opened: OpenRun, sandbox: Sandbox, args: argparse.Namespace) -> int:
    """Conduct the run to its rest and show it; return the exit code.

    A run that ended is sealed, and its worktrees are removed: its trees are in its repository.
    """
    for dropped in opened.dropped:
        note = f"{path_text(opened.folder.log)}: {words_of(dropped)}"
        print(f"trackside: {shown(note)}", file=sys.stderr)
    keep_reports_in(opened.folder.path)
    progress = progress_for(sys.stderr, opened.view, quiet=args.json)
    opened.log.subscribe(progress.take)
    try:
        _record_sandbox(opened, sandbox)
        rest = _rest_of(opened, sandbox, progress, args)
    finally:
        progress.close()
    if rest.error is not None:
        raise rest.error
    if rest.why == "ended":
        opened.log.seal()
        remove_folder(opened.worktrees)
    standing = standing_of(opened.world.run, held=False)
    summary = summary_of(opened.view, standing, opened.repository.user.top)
    print(json_text(summary) if args.json else "\n".join(lines_of(summary)))
    return exit_code_of(standing, opened.world.run.delivery)


def _rest_of(
    opened: OpenRun, sandbox: Sandbox, progress: Progress, args: argparse.Namespace
) -> Rest:
    """Conduct the run until it rests, and again if something has come while it lay down to rest."""
    while True:
        before = opened.log.end_position
        rest = conduct(opened, sandbox, progress, args)
        after = opened.log.end_position
        if rest.why not in {"waiting", "paused"} or after == before:
            return rest
        opened.log.flush(after)
        if standing_of(opened.world.run, held=False) == rest.why and not answered(opened.world):
            return rest


def close_books(opened: OpenRun) -> None:
    """Bring a run that was cancelled to its end, on which nobody works: deliver it and seal it."""
    version = opened.world.versions[RUN]
    run = Entity(opened.log, RUN, run_rules.DECIDER, opened.world.run, version)
    while steps := due(run.state):
        match steps[0]:
            case Deliver(commit=commit):
                run.execute(deliver(opened, run.state, commit))
            case _:
                run.execute(EndRun())
    opened.log.seal()
    remove_folder(opened.worktrees)


def _record_sandbox(opened: OpenRun, sandbox: Sandbox) -> None:
    """Put on record how commands are confined from now on, if that is news."""
    version = opened.world.versions[RUN]
    run = Entity(opened.log, RUN, run_rules.DECIDER, opened.world.run, version)
    why = f" ({sandbox.not_stronger})" if sandbox.not_stronger else ""
    run.execute(RecordSandbox(sandbox.level, f"{sandbox.description}{why}"))


def conduct(
    opened: OpenRun, sandbox: Sandbox, progress: Progress, args: argparse.Namespace
) -> Rest:
    """Let the run go on until it rests, and return why it does.

    It waits for people only if it is told to, or if somebody sits at the terminal. On SIGINT,
    SIGTERM or SIGHUP it is interrupted: everything under way is let go, and the log is left so
    that `resume` goes on. Must be called on the main thread.
    """
    price = prices_in_force(os.environ)
    diagnostics = Diagnostics(opened.folder.diagnostics, verbose=args.verbose)
    runner = CommandRunner(sandbox)
    settings = opened.world.run.facts.settings
    asks_here = at_terminal() and not args.json

    def note_wait(wait: Wait) -> None:
        attempt = attempt_id(wait.key.ticket, wait.key.attempt)
        system.conductor.tell(RecordWait(attempt, wait.model, wait.reason, wait.seconds))

    def note_stale(refusal: CommandRefusedError) -> None:
        diagnostics.note("stale", refusal=str(refusal))

    def mourn(down: Down) -> None:
        note_bug(down.actor, down.error)

    def note_bug(where: str, error: BaseException) -> None:
        diagnostics.note("actor_died", actor=where, error=str(error))
        if fault_of(error) is None:
            write_report(error)

    models = ModelService(settings.models, os.environ, on_wait=note_wait, recordings=recording_at)
    workshop = workshop_of(opened, runner, models, price)
    system = System(
        opened.log,
        opened.world,
        workshop,
        Surroundings(
            clocks=lambda: clocks(opened.view.at),
            deliver=lambda run, commit: deliver(opened, run, commit),
            mourn=mourn,
            stale=note_stale,
            stays=lambda rest: args.wait or (asks_here and rest.asks),
        ),
        qa_model=settings.models.qa,
    )
    began_s = time.monotonic()
    with closing(diagnostics), interrupting(system.interrupt):
        try:
            workshop.spares.find(live=opened.world.run.active)
            system.start()
            with (
                pausing(system, settings.limits.run_wall_s, began_s),
                attended(opened, system, workshop, progress, note_bug, asks_here=asks_here),
            ):
                return system.wait()
        finally:
            runner.close()
            models.close()
            if system.stop():
                workshop.spares.clear()
            else:
                diagnostics.note("actors_left", threads=[t.name for t in threading.enumerate()])


@contextmanager
def pausing(system: System, limit_s: float | None, began_s: float) -> Iterator[None]:
    """Have the run pause `limit_s` after `began_s` (monotonic): what is under way is finished.

    Only a system that was started hears of it.
    """
    if limit_s is None:
        yield
        return
    pause = PauseRun("trackside", f"limits.run_wall_s is reached: {limit_s:g} s in one process")
    left_s = max(0.0, began_s + limit_s - time.monotonic())
    timer = threading.Timer(left_s, system.operate, [pause, lambda _: None])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def deliver(opened: OpenRun, run: Run, commit: CommitId) -> RecordDelivery:
    """Bring `commit` to the user's repository, as the settings say, and return what to record.

    A checkout that cannot be moved forward gets the branch instead, with the reason.

    Raises:
        WorkspaceError: the fault is in the world around: the disk takes no more, or objects are
            lost. Nothing is decided then, and a resume delivers again.
    """
    facts = run.facts
    branch = branch_of(facts.run)
    problem = ""
    if facts.settings.deliver == "apply":
        try:
            deliver_apply(opened.repository, commit, facts.base)
        except WorkspaceError as error:
            if error.fault is not None:
                raise
            problem = str(error)
        else:
            return RecordDelivery(commit, "apply")
    before = run.delivery.commit if run.delivery is not None and run.delivery.branch else None
    try:
        deliver_branch(opened.repository, commit, facts.base, branch, before)
    except WorkspaceError as error:
        if error.fault is not None:
            raise
        return RecordDelivery(commit, "none", problem=" ".join([problem, str(error)]).strip())
    return RecordDelivery(commit, "branch", branch, problem)
