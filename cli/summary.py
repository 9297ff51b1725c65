"""What there is to say about a run: what was delivered, what is blocked and why, what waits."""

from collections.abc import Iterator
from pathlib import Path

from cli.answers import Blocked, Delivery, Parent, Summary, TierUse, Use, Wait
from cli.blocks import because_of
from cli.escape import path_text
from cli.next_steps import next_steps, to_name
from cli.run_view import RunView
from cli.spending import Spending, Spent
from cli.standing import Standing
from cli.words import action_words, paused_words
from events.ids import ApprovalId
from events.run import Active, Run, budget_wait, model_wait
from events.state_digest import state_digest
from events.ticket import TicketState
from events.world import World

STATES: tuple[TicketState, ...] = (
    "completed", "in_progress", "step_paused", "pending", "locked", "blocked", "skipped",
)  # fmt: skip
"""In the order in which they are counted."""

BUDGET, NO_BUDGET = "budget", "a model call that the budget does not cover"
MODEL, NO_MODEL = "model", "a model that refuses every call for now"
"""Kinds and words of the waits that are no question about an action."""


def summary_of(
    view: RunView, standing: Standing, repository: Path | None = None, *, held: bool = False
) -> Summary:
    """Return all of it as one value; only of a run whose plan is on record.

    Args:
        view: The run.
        standing: How it stands.
        repository: Where it is now; None: where it began, and commands need not name it.
        held: Whether a live process works on it.
    """
    run = view.world.run
    facts, plan, total = run.facts, run.plan, view.spending.total
    return Summary(
        code=standing,
        position=view.world.position,
        digest=state_digest(view.world),
        run=facts.run,
        repository=path_text(repository or facts.repository),
        track=facts.track.id,
        title=facts.track.title,
        began=view.began,
        at=view.at,
        tickets=len(plan),
        counts={state: plan.count(state) for state in STATES},
        commit=run.commit,
        delivery=_delivery(run),
        blocked=tuple(
            Blocked(ticket=ticket, title=plan[ticket].title, because=chain)
            for ticket, chain in because_of(view).items()
        ),
        waits=tuple(_waits(view)),
        use=use_of(total),
        tiers=tiers_of(view.spending),
        unpriced=tuple(sorted(total.unpriced)),
        next=next_steps(view.world, standing, repository and to_name(repository), held=held),
        parent=_parent(view),
        paused=paused_words(run) if run.standing == "paused" else "",
    )


def use_of(spent: Spent) -> Use:
    """Return a sum as answers have it."""
    usage = spent.usage
    return Use(
        calls=spent.calls,
        input=usage.input,
        output=usage.output,
        cached=usage.cached,
        thinking=usage.thinking,
        tokens=usage.total,
        usd=spent.usd,
        failed=spent.failed,
        latency_s=round(spent.latency_s, 3),
    )


def tiers_of(spending: Spending) -> tuple[TierUse, ...]:
    """Return what each model has used in each tier, in the order of their names."""
    return tuple(
        TierUse(tier=tier, model=model, use=use_of(spent))
        for (tier, model), spent in sorted(spending.by_model.items())
    )


def _parent(view: RunView) -> Parent | None:
    lineage = view.world.run.lineage
    if not lineage:
        return None
    inherited = use_of(view.spending.inherited)
    return Parent(run=lineage[-1].run, position=lineage[-1].position, inherited=inherited)


def _delivery(run: Run) -> Delivery | None:
    done = run.delivery
    if done is None:
        return None
    return Delivery(commit=done.commit, how=done.how, branch=done.branch, problem=done.problem)


def _waits(view: RunView) -> Iterator[Wait]:
    """Go through what holds a ticket until a person answers, by priority, then file order.

    What was answered while nobody worked on the run waits for nobody: the run has to go on.
    """
    run, rank = view.world.run, view.world.run.plan.plan.rank
    if run.standing not in {"running", "paused"}:
        return
    for active in sorted(run.active.values(), key=lambda active: rank[active.ticket]):
        gate = view.world.attempt(active.attempt).gate
        waits_for = run.plan[active.ticket].waits_for if gate is None else gate.approval
        if waits_for is None or _has_its_answer(view.world, active, waits_for):
            continue
        kind, words = (gate.action.kind, action_words(gate.action)) if gate else _wait(run, active)
        yield Wait(
            approval=waits_for,
            kind=kind,
            ticket=active.ticket,
            attempt=active.attempt,
            action=words,
        )


def _has_its_answer(world: World, active: Active, waits_for: ApprovalId) -> bool:
    """Return whether a question was answered, or a budget raised, that held an attempt."""
    if waits_for == budget_wait(active.attempt):
        return active.attempt not in world.run.ledger.lacking
    return world.approval(waits_for).answer is not None


def _wait(run: Run, active: Active) -> tuple[str, str]:
    """Return kind and words of a wait that is no question."""
    if run.plan[active.ticket].waits_for == model_wait(active.attempt):
        return MODEL, NO_MODEL
    lacking = run.ledger.lacking.get(active.attempt)
    return BUDGET, NO_BUDGET if lacking is None else f"{NO_BUDGET}: {lacking.words}"
