"""Names of models that lead to a file or a folder."""

from pathlib import Path

from models.recorded import PREFIX as RECORDED
from models.recorded import taken_apart
from models.scripted import PREFIX as SCRIPTED


def located(model: str, folder: Path) -> str:
    """Return the name of a model with the relative path in it, if there is one, from `folder`.

    >>> located("scripted:playbook.json", Path("/shop"))
    'scripted:/shop/playbook.json'
    >>> located("recorded:runs/demo+scripted:more.json", Path("/shop"))
    'recorded:/shop/runs/demo+scripted:/shop/more.json'
    >>> located("recorded:demo", Path("/shop"))
    'recorded:demo'
    """
    if model.startswith(SCRIPTED):
        path = model.removeprefix(SCRIPTED)
        return f"{SCRIPTED}{folder / path}" if path else model
    if not model.startswith(RECORDED):
        return model
    run, live = taken_apart(model)
    behind = f"+{located(live, folder)}" if live else ""
    return f"{RECORDED}{folder / run if '/' in run else run}{behind}"
