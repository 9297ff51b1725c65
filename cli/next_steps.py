"""What to type next: every answer about a run ends with the commands that lead on."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from cli.history import History
from cli.main import COMMANDS
from cli.standing import Standing
from events.ids import RunId
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


def next_steps(
    world: World, standing: Standing, repository: Path | None, *, held: bool
) -> tuple[str, ...]:
    """Return the commands that lead on from here, the likeliest first.

    Args:
        world: The run.
        standing: How it stands.
        repository: Named in each command; None if it need not be, see `to_name`.
        held: Whether a live process works on it, which goes on by itself.
    """
    git = "git" if repository is None else f"git -C {shlex.quote(str(repository))}"
    steps = [
        words
        for words in _steps(world, standing, git, option_of(repository), held=held)
        if words.startswith("git ") or words.split()[1] in COMMANDS
    ]
    return tuple(steps[:MOST])


def next_of(history: History, repository: Path) -> tuple[str, ...]:
    """Return the `next_steps` of a run of `repository` as it stands."""
    place, held = to_name(repository), history.held_by is not None
    return next_steps(history.view.world, history.standing, place, held=held)


def ways_out(history: History, repository: Path) -> tuple[str, ...]:
    """Return what to type after a refusal: as `next_of`, without those that are git's."""
    ours = tuple(step for step in next_of(history, repository) if not step.startswith("git "))
    run, option = history.folder.run, option_of(to_name(repository))
    return ours or (to_type("status", run, options=option),)


def to_type(verb: str, *names: str, options: str = "") -> str:
    """Return a command; names that look like options stand at its end, behind two dashes.

    >>> to_type("retry", "demo", "A 1", options=" --json")
    "trackside retry demo 'A 1' --json"
    >>> to_type("retry", "demo", "-x", options=" --json")
    'trackside retry --json -- demo -x'
    """
    quoted = " ".join(map(shlex.quote, names))
    if any(name.startswith("-") for name in names):
        return f"trackside {verb}{options} -- {quoted}"
    return f"trackside {verb} {quoted}{options}"


def option_of(repository: Path | None) -> str:
    """Return the option that names a repository, a space before it; empty for None."""
    return "" if repository is None else f" --repo {shlex.quote(str(repository))}"


def _steps(world: World, standing: Standing, git: str, option: str, *, held: bool) -> Iterator[str]:
    run = world.run
    name = run.facts.run
    match standing:
        case "waiting":
            yield from _answers(world, option)
            yield from _about_budget(run, option)
            if held:
                yield _to_follow(name, option)
            else:
                yield to_type("resume", name, options=option)
        case "paused" | "interrupted":
            yield to_type("resume", name, options=option)
        case "running":
            yield from _answers(world, option)
            yield _to_follow(name, option)
        case "completed" | "blocked" | "cancelled":
            yield from _after_the_end(run, git, option)


def _to_follow(name: RunId, option: str) -> str:
    return to_type("log", name, options=f" --follow{option}")


def _answers(world: World, option: str) -> Iterator[str]:
    """Give the commands that say yes, and the one that lists all questions if there are many."""
    questions, name = waiting(world), world.run.facts.run
    for question in questions[:MOST_ANSWERS]:
        yield to_type("approve", name, question.approval, options=option)
    if len(questions) > MOST_ANSWERS:
        yield to_type("approvals", name, options=option)


def _about_budget(run: Run, option: str) -> Iterator[str]:
    """Give the commands that raise each limit that binds, to twice as much, or end the wait."""
    enough: dict[str, float] = {}
    for lacks in run.ledger.lacking.values():
        limit = f"{lacks.scope}.{lacks.unit}"
        enough[limit] = max(enough.get(limit, 0), 2 * lacks.limit, lacks.needed)
    for limit, number in sorted(enough.items()):
        shown = f"{number:.0f}" if limit.endswith("tokens") else f"{number:.6g}"
        yield to_type("budget", run.facts.run, options=f" --raise {limit}={shown}{option}")
    if enough:
        yield to_type("budget", run.facts.run, options=f" --stop{option}")


def _after_the_end(run: Run, git: str, option: str) -> Iterator[str]:
    name = run.facts.run
    if due(run):
        yield to_type("resume", name, options=option)
    if run.delivery is not None and run.delivery.branch:
        # or git overwrites an ignored file, such as .env, that a worker has written by name too
        yield f"{git} switch --no-overwrite-ignore {shlex.quote(run.delivery.branch)}"
    for ticket in () if run.ending == "cancelled" else run.plan:
        if ticket.status == "blocked" and ticket.block and ticket.block.cause != "dependency":
            yield to_type("retry", name, ticket.id, options=option)
    if run.ending != "completed":
        yield to_type("status", name, options=option)
