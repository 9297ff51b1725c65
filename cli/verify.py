"""`trackside verify`: whether runs are what their rules make of them, and what nobody can know."""

import argparse
import os
import sys
from collections.abc import Iterator

import msgspec

from cli.answers import print_answer
from cli.escape import clipped, shown
from cli.exit_code import ExitCode
from cli.history import CODEC
from cli.past import say_torn
from cli.redaction import Redactor
from cli.which_run import add_repository, repository_of
from events.counted import counted
from replay.archive import Archive
from replay.divergence import Divergence
from replay.verify import Verdict, verify
from store.errors import DamageError
from store.run_folder import RunFolder
from workspace.errors import RepositoryMissingError

WORDS_CHARS = 400
MOST = 10
"""Divergences that the text lists; the JSON has up to a hundred."""


class Damaged(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered about a run whose log cannot be trusted."""

    code: str = "damaged"
    run: str
    problem: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` answers."""

    code: str
    """``verified``, ``other_rules``, ``diverged`` or ``damaged``: the worst of all runs."""
    runs: tuple[Verdict, ...]
    damaged: tuple[Damaged, ...]
    """Runs of which nothing could be worked out."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="runs, or how their names begin (default: the latest)",
    )
    add_repository(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print what was found; exit code 4 if anything tells against a run."""
    repository = repository_of(args)
    names: list[str | None] = [*args.runs] or [None]
    folders = [RunFolder.find(repository, name) for name in names]
    verdicts: list[Verdict] = []
    damaged: list[Damaged] = []
    for folder in folders:
        archive = Archive(folder, CODEC)
        try:
            verdicts.append(verify(archive, repository, Redactor(os.environ)))
        except (DamageError, RepositoryMissingError) as error:
            damaged.append(Damaged(run=folder.run, problem=str(error)))
        say_torn(archive)
    codes = {one.code for one in verdicts} | {one.code for one in damaged}
    worst = max(codes, key=_BY_GRAVITY.index)
    if args.json:
        answer = Verification(code=worst, runs=tuple(verdicts), damaged=tuple(damaged))
        print_answer(answer)
    else:
        for verdict in verdicts:
            print(*lines_of(verdict), sep="\n")
        for one in damaged:
            print(f"trackside: {shown(one.problem)}", file=sys.stderr)
    return ExitCode.COMPLETED if worst in _GOOD else ExitCode.LOG_DAMAGED


_GOOD = ("verified", "other_rules")
_BY_GRAVITY = (*_GOOD, "diverged", "damaged")


def lines_of(verdict: Verdict) -> Iterator[str]:
    """Give a verdict as escaped lines; words of proof stand only where nothing tells against it."""
    counts = verdict.counts
    yield f"run {shown(verdict.run)}: {_WORDS[verdict.code]}"
    yield (
        f"  {counted(counts.records, 'record')}, {counted(counts.decisions, 'decision')} decided "
        f"again, {counted(counts.prompts, 'prompt')}, {counted(counts.contexts, 'context')} and "
        f"{counted(counts.hints, 'hint')} made again"
    )
    yield (
        f"  {counted(counts.payloads, 'payload')} and {counted(counts.objects, 'object')} of trees "
        f"read, {counted(counts.edits, 'edit')}, {counted(counts.merges, 'merge')}, "
        f"{counted(counts.commits, 'commit')} done again"
    )
    yield f"  position {verdict.position}, state digest {verdict.digest}"
    yield f"  sum of the log {verdict.sum}"
    if verdict.rules != verdict.installed_rules:
        yield (
            f"  written by rules {verdict.rules} (trackside {shown(verdict.program)}), looked at "
            f"with rules {verdict.installed_rules} (trackside {verdict.installed_program})"
        )
    yield from _listed("differs from what was recorded", verdict.divergences, verdict.total)
    yield from _listed(
        "decided otherwise by the installed rules", verdict.differences, verdict.differences_total
    )
    yield "  what this cannot know:"
    for sentence in verdict.unknown:
        yield f"    {shown(sentence)}"


_WORDS = {
    "verified": "everything agrees",
    "other_rules": "whole; another version of the rules wrote it",
    "diverged": "DIVERGED",
}


def _listed(title: str, found: tuple[Divergence, ...], total: int) -> Iterator[str]:
    if not found:
        return
    yield f"  {title}, first at position {found[0].position}:"
    for one in found[:MOST]:
        yield f"    position {one.position}, stream {shown(one.stream)}: {one.kind}"
        yield f"      expected  {clipped(one.expected, WORDS_CHARS)}"
        yield f"      got       {clipped(one.got, WORDS_CHARS)}"
    if total > MOST:
        yield f"    ... and {total - MOST:,} more"
