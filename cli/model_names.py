"""Names of models as they go on record: the file or run that they name is found from anywhere."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from cli.places import plain_path
from cli.recordings import recording_at
from events.run import Run
from events.settings import Settings
from events.ticket import Ticket
from models.recorded import PREFIX as RECORDED
from models.recorded import taken_apart
from models.scripted import PREFIX as SCRIPTED
from models.service import ModelService
from store.run_folder import RunFolder


def placed(model: str, repository: Path) -> str:
    """Return the name of a model with the file or run that it names by its absolute path.

    ``recorded:RUN`` names a run of `repository`, or the folder of any run.

    Raises:
        RunFolderError: there is no such run.
    """
    if model.startswith(SCRIPTED):
        return f"{SCRIPTED}{plain_path(model.removeprefix(SCRIPTED))}"
    if not model.startswith(RECORDED):
        return model
    run, live = taken_apart(model)
    folder = RunFolder(Path(plain_path(run)))
    if not folder.began:
        folder = RunFolder.find(repository, run)
    behind = f"+{placed(live, repository)}" if live else ""
    return f"{RECORDED}{folder.path}{behind}"


def settings_placed(settings: Settings, repository: Path) -> Settings:
    """Return `settings` with every name of a model in them placed; raises as `placed`."""
    models, kinds = settings.models, settings.archetypes
    return replace(
        settings,
        models=replace(
            models,
            ladder=tuple(placed(model, repository) for model in models.ladder),
            qa=placed(models.qa, repository),
            fallback=models.fallback and placed(models.fallback, repository),
        ),
        archetypes={
            name: replace(kind, model=placed(kind.model, repository)) if kind.model else kind
            for name, kind in kinds.items()
        },
    )


def tickets_placed(tickets: Iterable[Ticket], repository: Path) -> tuple[Ticket, ...]:
    """Return `tickets` with the names of their own models placed; raises as `placed`."""
    return tuple(
        replace(ticket, model_override=placed(ticket.model_override, repository))
        if ticket.model_override
        else ticket
        for ticket in tickets
    )


def named_models(tickets: Iterable[Ticket], settings: Settings) -> set[str]:
    """Return the names of all models that may be asked for the work on `tickets`."""
    own = (ticket.model_override for ticket in tickets)
    kinds = (kind.model for kind in settings.archetypes.values())
    models = settings.models
    return {name for name in (*models.ladder, models.qa, models.fallback, *own, *kinds) if name}


def check_answers(run: Run, left_out: Sequence[Ticket] = ()) -> None:
    """Make sure that the playbooks and recordings that a run still needs are there.

    Of a plan that is not complete, `left_out` are the tickets that are not on record.

    Without them, every question would fail, and each would cost an attempt.

    Raises:
        PlaybookInvalidError: a playbook is gone, or cannot be used any more.
        LogUnusableError, DamageError: a recording is.
    """
    settings = run.facts.settings
    planned = (*run.planned, *left_out) if run.track is None else run.plan
    tickets = [ticket for ticket in planned if ticket.status not in _OVER]
    models = ModelService(settings.models, os.environ, recordings=recording_at)
    for name in sorted(named_models(tickets, settings)) if tickets else ():
        if name.startswith((SCRIPTED, RECORDED)):
            models.check(name)


_OVER = frozenset({"completed", "skipped", "blocked"})
