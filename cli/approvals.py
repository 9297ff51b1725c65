"""`trackside approvals`: what waits for a person, in all runs or one, now or as it comes."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from cli.answers import print_answer
from cli.escape import json_text, path_text, shown
from cli.exit_code import ExitCode
from cli.history import CODEC, History, load_history, load_planned
from cli.holder import holder_of
from cli.next_steps import next_of
from cli.request_answers import Request, Requests, RunRequests, request_of
from cli.request_text import request_lines
from cli.run_view import RunView
from cli.which_run import add_arguments, folder_of, repository_of
from events.approval import Question
from events.state_digest import state_digest
from events.waiting import waiting
from store.blobs import Blobs
from store.clocks import clocks
from store.errors import DamageError, LogUnusableError
from store.reader import LogReader
from store.run_folder import RunFolder
from store.watch import Watch

SHOWN_LINES = 40
"""Lines of a preview that are shown without `--full`."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_arguments(parser, "all runs; with --follow the latest")
    parser.add_argument("--full", action="store_true", help="print long diffs and prompts whole")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="print each request of one run as it comes, until no process works on it any more",
    )


def run(args: argparse.Namespace) -> int:
    """Print what waits; without RUN in every run of the repository, with `--follow` in the latest.

    With `--json` it is one object; with `--follow` one object for each request, a line each.
    """
    if args.follow:
        return _follow(args)
    folders = RunFolder.all_of(repository_of(args)) if args.run is None else [folder_of(args)]
    damaged: list[DamageError] = []
    histories = [load_planned(args)] if args.run else list(_readable(folders, damaged))
    code = _told_of(damaged)
    if args.json:
        found = tuple(_requests_of(history) for history in histories)
        repository = path_text(repository_of(args))
        print_answer(Requests(repository=repository, runs=tuple(one for one in found)))
        return code
    asking = [history for history in histories if waiting(history.view.world)]
    for history in asking:
        for question in waiting(history.view.world):
            _print(history.view, question, whole=args.full)
            print()
        print("next:")
        for step in next_of(history, repository_of(args)):
            print(f"  {shown(step)}")
    if not asking:
        print("nothing waits for approval")
    return code


def _readable(folders: list[RunFolder], damaged: list[DamageError]) -> Iterator[History]:
    """Give the runs that are planned; add what is wrong with a log that cannot be trusted."""
    for folder in folders:
        try:
            with suppress(LogUnusableError):
                history = load_history(folder)
                if history.note:
                    print(f"trackside: {shown(history.note)}", file=sys.stderr)
                if history.view.world.run.track is not None:
                    yield history
        except DamageError as error:
            damaged.append(error)


def _told_of(damaged: list[DamageError]) -> ExitCode:
    """Say which runs may wait without a word of it here; return the exit code."""
    for error in damaged:
        print(f"trackside: {shown(str(error))}", file=sys.stderr)
    return ExitCode.LOG_DAMAGED if damaged else ExitCode.COMPLETED


def _requests_of(history: History) -> RunRequests:
    world = history.view.world
    return RunRequests(
        run=world.run.facts.run,
        code=history.standing,
        position=world.position,
        digest=state_digest(world),
        requests=tuple(_request(history.view, question) for question in waiting(world)),
    )


def _request(view: RunView, question: Question) -> Request:
    texts = (view.text(question.arguments), view.text(question.system), view.text(question.preview))
    return request_of(view.world.run.facts.run, question, texts, _left_s(view, question))


def _left_s(view: RunView, question: Question) -> float | None:
    return view.world.approval(question.approval).left_s(clocks(view.at))


def _print(view: RunView, question: Question, *, whole: bool) -> None:
    lines = request_lines(
        view.world.run.facts.run,
        question,
        view.text(question.preview),
        left_s=_left_s(view, question),
        most_lines=None if whole else SHOWN_LINES,
    )
    print(*lines, sep="\n")


def _follow(args: argparse.Namespace) -> int:
    folder = folder_of(args)
    view = RunView(Blobs(folder.blobs).text)
    seen: set[str] = set()
    with ExitStack() as stack:
        watch = stack.enter_context(Watch([folder.log, folder.lock]))
        reader = stack.enter_context(LogReader(folder.log, CODEC))
        while True:
            held = holder_of(folder.lock) is not None
            for recorded in reader:
                view.take(recorded)
            for question in waiting(view.world):
                if question.approval not in seen:
                    seen.add(question.approval)
                    _print_one(view, question, args)
            sys.stdout.flush()
            if not held:
                break
            watch.wait()
    name = shown(path_text(Path(folder.run)))
    print(f"trackside: no process works on run {name}", file=sys.stderr)
    return ExitCode.COMPLETED


def _print_one(view: RunView, question: Question, args: argparse.Namespace) -> None:
    if args.json:
        print(json_text(msgspec.to_builtins(_request(view, question))))
        return
    _print(view, question, whole=args.full)
    print()
