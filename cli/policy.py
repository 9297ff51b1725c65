"""`trackside policy test`: what another policy would have said in past runs."""

import argparse
from collections import defaultdict
from collections.abc import Iterator

from cli.answers import print_answer
from cli.escape import clipped, columns, shown
from cli.exit_code import ExitCode
from cli.history import CODEC
from cli.past import say_torn
from cli.policy_source import load_policy
from cli.request_answers import PolicyTrial, TrialExample, TrialRow
from cli.which_run import add_repository, repository_of
from cli.words import action_words
from events.action import Kind
from events.counted import counted
from events.policy import Policy, Verdict
from replay.archive import Archive
from replay.trial import Judged, trial
from store.run_folder import RunFolder

EXAMPLES = 3
"""Actions that are named of each kind of change; the first ones."""
WORDS_CHARS = 200

_Key = tuple[Kind, Verdict, Verdict]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("what", choices=["test"], help="try a policy on past runs")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="runs (default: the latest)")
    parser.add_argument(
        "--policy", metavar="P", required=True, help="auto, ask, deny, or a policy file"
    )
    add_repository(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the counts and the first examples; nothing is run and nothing is written."""
    repository = repository_of(args)
    policy = load_policy(args.policy, repository)
    folders = [RunFolder.find(repository, name) for name in args.runs or [None]]
    answer = _tried(policy, folders)
    if args.json:
        print_answer(answer)
    else:
        print(*_lines(answer), sep="\n")
    return ExitCode.COMPLETED


def _tried(policy: Policy, folders: list[RunFolder]) -> PolicyTrial:
    counts: dict[_Key, int] = defaultdict(int)
    examples: dict[_Key, list[TrialExample]] = defaultdict(list)
    for folder in folders:
        archive = Archive(folder, CODEC)
        for judged in trial(archive, policy):
            key = (judged.action.kind, judged.was, judged.would_be)
            counts[key] += 1
            if len(examples[key]) < EXAMPLES:
                examples[key].append(_example(folder, judged))
        say_torn(archive)
    return PolicyTrial(
        policy=policy.name,
        version=policy.version,
        runs=tuple(folder.run for folder in folders),
        actions=sum(counts.values()),
        changed=sum(count for (_, was, would_be), count in counts.items() if was != would_be),
        rows=tuple(
            TrialRow(
                kind=kind,
                was=was,
                would_be=would_be,
                count=counts[kind, was, would_be],
                examples=tuple(examples[kind, was, would_be]),
            )
            for kind, was, would_be in sorted(counts)
        ),
    )


def _example(folder: RunFolder, judged: Judged) -> TrialExample:
    return TrialExample(
        run=folder.run,
        position=judged.position,
        attempt=judged.attempt,
        action=action_words(judged.action),
        rule=judged.rule,
    )


def _lines(answer: PolicyTrial) -> Iterator[str]:
    runs = counted(len(answer.runs), "run")
    yield (
        f"policy {shown(answer.policy)} on {counted(answer.actions, 'action')} of {runs}: "
        f"{answer.changed:,} judged otherwise"
    )
    header = ["kind", "then", "now", "actions"]
    rows = [[row.kind, row.was, row.would_be, f"{row.count:,}"] for row in answer.rows]
    yield from columns([header, *rows])
    for row in answer.rows:
        if row.was == row.would_be:
            continue
        yield f"{row.kind}: {row.was} then, {row.would_be} now, first of {row.count:,}:"
        yield from columns(
            [
                f"  {shown(one.run)}",
                str(one.position),
                shown(one.attempt),
                clipped(one.action, WORDS_CHARS),
                f"by {shown(one.rule)}",
            ]
            for one in row.examples
        )
