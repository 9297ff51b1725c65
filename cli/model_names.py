"""Names of models as they go on record: the file or run that they name is found from anywhere."""

from pathlib import Path

from msgspec.structs import replace

from events.settings import Models
from models.recorded import PREFIX as RECORDED
from models.recorded import taken_apart
from models.scripted import PREFIX as SCRIPTED
from store.run_folder import RunFolder


def placed(model: str, repository: Path) -> str:
    """Return the name of a model with the file or run that it names by its absolute path.

    ``recorded:RUN`` names a run of `repository`, or the folder of any run.

    Raises:
        RunFolderError: there is no such run.
    """
    if model.startswith(SCRIPTED):
        return f"{SCRIPTED}{Path(model.removeprefix(SCRIPTED)).absolute()}"
    if not model.startswith(RECORDED):
        return model
    run, live = taken_apart(model)
    folder = RunFolder(Path(run).absolute())
    if not folder.began:
        folder = RunFolder.find(repository, run)
    behind = f"+{placed(live, repository)}" if live else ""
    return f"{RECORDED}{folder.path}{behind}"


def all_placed(models: Models, repository: Path) -> Models:
    """Return `models` with the names of workers' models and QA's placed; raises as `placed`."""
    ladder = tuple(placed(model, repository) for model in models.ladder)
    return replace(models, ladder=ladder, qa=placed(models.qa, repository))
