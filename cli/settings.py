"""The configuration in force, and where each value of it comes from.

Five layers, of which the later wins, value by value:

1. the defaults of `events.settings`;
2. the user's file, ``$XDG_CONFIG_HOME/trackside/trackside.toml`` (``~/.config/...``);
3. the repository's: ``trackside.toml``, or ``[tool.trackside]`` in its pyproject.toml, not both;
4. the environment: the key in capitals, joined by underscores, as ``TRACKSIDE_WORKERS`` and
   ``TRACKSIDE_MODELS_QA`` (see `VARIABLES`); lists with commas; empty means not set;
5. the command line.

A relative path in a file, of a policy or in the name of a model, is meant from the file's folder;
all others are meant from the current one.

A repository is not trusted: what it may not loosen is in `cli.tightening`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cli.errors import InputUnreadableError
from cli.inputs import read_input
from cli.places import from_home
from cli.tightening import Key, loosened
from events.documents import DocumentError, decode
from events.errors import SettingsInvalidError
from events.policy import PRESETS
from events.reading import Problems, key_of, quoted, read
from events.settings import Settings
from models.names import located
from workspace.tool_schemas import TOOLS

FILE = "trackside.toml"
COMMAND_LINE = "command line"
DEFAULT = "default"
PREFIX = "TRACKSIDE_"
_TOOLS = tuple(tool.name for tool in TOOLS)

Table = dict[str, Any]
Values = dict[Key, object]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration in force."""

    settings: Settings
    origins: dict[str, str]
    """Dotted key -> the file, variable or layer that has the last word on it."""
    ignored: tuple[str, ...] = ()
    """Variables that begin with ``TRACKSIDE_`` and set nothing, for a person to notice."""


@dataclass(slots=True)
class _Stack:
    """The layers so far, flat: one value and one origin for each key."""

    values: Values = field(default_factory=dict)
    origins: dict[Key, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def put(self, table: Table, origin: str, folder: Path | None = None) -> None:
        """Lay a table over what is there, or take down why not; a file has a `folder`."""
        found = Problems()
        settings = read(table, Settings, "", found)
        if settings is not None:
            _check_tools(settings, found)
        if len(found):
            self.problems += (f"{origin}: {problem}" for problem in found)
            return
        for key, value in _flat(table):
            self.values[key] = value if folder is None else _located(key, value, folder)
            self.origins[key] = origin


def load_settings(
    repository: Path, environment: Mapping[str, str], flags: Mapping[str, object]
) -> Loaded:
    """Return the configuration for a run on `repository`.

    `flags` has dotted keys (``models.ladder``) and holds only what was given on the command line.

    Raises:
        SettingsInvalidError: with all problems of all layers, each with its file and key.
    """
    stack = _Stack()
    stack.put(msgspec.to_builtins(Settings()), DEFAULT)
    _put_user_file(stack, environment)
    _put_repository(stack, repository)
    for name, key in VARIABLES.items():
        if text := environment.get(name):
            stack.put(_nested(key, _from_text(key, text)), name)
    for dotted, value in flags.items():
        stack.put(_nested(tuple(dotted.split(".")), value), COMMAND_LINE)
    if stack.problems:
        raise SettingsInvalidError("configuration", stack.problems)
    settings = msgspec.convert(_joined(stack.values), Settings)
    origins = {_dotted(key): origin for key, origin in stack.origins.items()}
    ignored = (name for name in environment if name.startswith(PREFIX) and name not in VARIABLES)
    return Loaded(settings, origins, tuple(sorted(ignored)))


def _located(key: Key, value: Any, folder: Path) -> object:  # noqa: ANN401  # checked by its reader
    """Return a value of a file in `folder` with the path in it, if it is one, by where it leads."""
    match key:
        case ("policy",) if value not in PRESETS:
            return str(folder / from_home(value))
        case ("models", "ladder"):
            return [located(model, folder) for model in value]
        case ("models", "qa" | "fallback") | ("archetypes", _, "model") if value is not None:
            return located(value, folder)
        case _:
            return value


def _check_tools(settings: Settings, found: Problems) -> None:
    """Take down each tool of an archetype that there is not: its workers would have none."""
    for name, archetype in settings.archetypes.items():
        for tool in archetype.tools:
            if tool not in _TOOLS:
                place = _dotted(("archetypes", name, "tools"))
                found.add(place, f"no tool {quoted(tool)}; there are {', '.join(_TOOLS)}")


def user_file(environment: Mapping[str, str]) -> Path:
    """Return where the user's own file is, or would be."""
    home = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(home) if home.startswith("/") else _home(environment) / ".config"
    return folder / "trackside" / FILE


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment["HOME"]) if environment.get("HOME") else Path.home()


def _put_user_file(stack: _Stack, environment: Mapping[str, str]) -> None:
    path = user_file(environment)
    stack.put(_table_of(path, str(path), stack), str(path), path.parent)


def _put_repository(stack: _Stack, repository: Path) -> None:
    own = _table_of(repository / FILE, FILE, stack)
    project = _project_table(repository / "pyproject.toml", stack)
    if own and project:
        stack.problems.append(f"{FILE} and [tool.trackside] in pyproject.toml: keep one of them")
    table, origin = (own, FILE) if own else (project, "pyproject.toml")
    refused = loosened(dict(_flat(table)), stack.values)
    stack.problems += (f"{origin}: {_dotted(key)}: {reason}" for key, reason in refused)
    stack.put(table, origin, repository)


def _project_table(path: Path, stack: _Stack) -> Table:
    tools = _table_of(path, "pyproject.toml", stack, about=b"trackside").get("tool")
    table = tools.get("trackside") if isinstance(tools, dict) else None
    return table if isinstance(table, dict) else {}


def _table_of(path: Path, origin: str, stack: _Stack, about: bytes = b"") -> Table:
    """Return the TOML table in a file; empty if there is none, or none that says `about`."""
    if not os.path.lexists(path):
        return {}
    try:
        data = read_input(path)
        table: Table = decode(data, "toml") if data.strip() and about in data else {}
    except InputUnreadableError as error:
        stack.problems.append(str(error))
        return {}
    except DocumentError as error:
        stack.problems.append(f"{origin}: {error}")
        return {}
    return table


def flat_values(settings: Settings) -> dict[str, object]:
    """Return every value of `settings` by its dotted key."""
    return {_dotted(key): value for key, value in _flat(msgspec.to_builtins(settings))}


def _flat(table: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, object]]:
    """Go through the values of nested tables; an empty table is a value of its own."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


def _joined(values: Mapping[Key, object]) -> Table:
    whole: Table = {}
    for (*above, name), value in values.items():
        table = whole
        for step in above:
            table = table.setdefault(step, {})
        if value != {}:
            table[name] = value
        else:
            table.setdefault(name, {})
    return whole


def _nested(key: Key, value: object) -> Table:
    return _joined({key: value})


def _dotted(key: Key) -> str:
    place = ""
    for name in key:
        place = key_of(place, name)
    return place


def _variables() -> Iterable[tuple[str, Key]]:
    for key, _ in _flat(msgspec.to_builtins(Settings())):
        if key != ("archetypes",):
            yield PREFIX + "_".join(key).upper(), key


VARIABLES: dict[str, Key] = dict(_variables())
"""Variable of the environment -> the key it sets. Archetypes are set in files only."""


def _from_text(key: Key, text: str) -> object:
    """Return the value that `text` stands for: itself, a list, or what is due instead of a text."""
    if isinstance(_DEFAULTS[key], bool):
        return _TRUTHS.get(text.casefold(), text)
    if isinstance(_DEFAULTS[key], tuple):
        return [word.strip() for word in text.split(",") if word.strip()]
    if read(_nested(key, text), Settings, "", Problems()) is not None:
        return text
    try:
        number: int | float = msgspec.convert(text, int | float, strict=False)
    except msgspec.ValidationError:
        return text
    return number


_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_DEFAULTS: Values = dict(_flat(msgspec.to_builtins(Settings())))
