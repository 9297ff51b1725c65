"""What to type next: every answer about a run ends with the commands that lead on."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from cli.main import COMMANDS
from cli.standing import Standing
from events.run import Run, due
from events.waiting import waiting
from events.world import World

MOST = 5
"""Commands that are named; one for each question or block would be a page."""
MOST_ANSWERS = 3
"""Of them such as answer a question, so that there is room for what follows them."""


def to_name(repository: Path) -> Path | None:
    """Return the repository if commands have to name it; None for a person who is inside of it."""
    return None if Path.cwd().is_relative_to(repository) else repository


def next_steps(world: World, standing: Standing, repository: Path | None) -> tuple[str, ...]:
    """Return the commands that lead on from here, the likeliest first.

    Args:
        world: The run.
        standing: How it stands.
        repository: Named in each command; None if it need not be, see `to_name`.
    """
    git = "git" if repository is None else f"git -C {shlex.quote(str(repository))}"
    option = option_of(repository)
    steps = [
        words if words.startswith("git ") else words + option
        for words in _steps(world, standing, git)
        if words.startswith("git ") or words.split()[1] in COMMANDS
    ]
    return tuple(steps[:MOST])


def ways_out(world: World, standing: Standing, repository: Path | None) -> tuple[str, ...]:
    """Return what to type after a refusal: as `next_steps`, without those that are git's."""
    steps = next_steps(world, standing, repository)
    ours = tuple(step for step in steps if not step.startswith("git "))
    name, option = shlex.quote(world.run.facts.run), option_of(repository)
    return ours or (f"trackside status {name}{option}",)


def option_of(repository: Path | None) -> str:
    """Return the option that names a repository, a space before it; empty for None."""
    return "" if repository is None else f" --repo {shlex.quote(str(repository))}"


def _steps(world: World, standing: Standing, git: str) -> Iterator[str]:
    run = world.run
    name = shlex.quote(run.facts.run)
    match standing:
        case "waiting":
            yield from _answers(world, name)
            yield from _about_budget(run, name)
            yield f"trackside resume {name}"
        case "paused" | "interrupted":
            yield f"trackside resume {name}"
        case "running":
            yield from _answers(world, name)
            yield f"trackside log {name} --follow"
        case "completed" | "blocked" | "cancelled":
            yield from _after_the_end(run, name, git)


def _answers(world: World, name: str) -> Iterator[str]:
    """Give the commands that say yes, and the one that lists all questions if there are many."""
    questions = waiting(world)
    for question in questions[:MOST_ANSWERS]:
        yield f"trackside approve {name} {shlex.quote(question.approval)}"
    if len(questions) > MOST_ANSWERS:
        yield f"trackside approvals {name}"


def _about_budget(run: Run, name: str) -> Iterator[str]:
    """Give the commands that raise each limit that binds, to twice as much, or end the wait."""
    enough: dict[str, float] = {}
    for lacks in run.ledger.lacking.values():
        limit = f"{lacks.scope}.{lacks.unit}"
        enough[limit] = max(enough.get(limit, 0), 2 * lacks.limit, lacks.needed)
    for limit, number in sorted(enough.items()):
        shown = f"{number:.0f}" if limit.endswith("tokens") else f"{number:.6g}"
        yield f"trackside budget {name} --raise {limit}={shown}"
    if enough:
        yield f"trackside budget {name} --stop"


def _after_the_end(run: Run, name: str, git: str) -> Iterator[str]:
    if due(run):
        yield f"trackside resume {name}"
    if run.delivery is not None and run.delivery.branch:
        # or git overwrites an ignored file, such as .env, that a worker has written by name too
        yield f"{git} switch --no-overwrite-ignore {shlex.quote(run.delivery.branch)}"
    for ticket in run.plan:
        if ticket.status == "blocked" and ticket.block and ticket.block.cause != "dependency":
            yield f"trackside retry {name} {shlex.quote(ticket.id)}"
    if run.ending != "completed":
        yield f"trackside status {name}"
