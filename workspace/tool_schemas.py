"""What a worker may call: the table of tools, with their arguments as types and as schemas."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from events.action import Effect
from events.conversation import ToolSpec
from workspace.errors import ToolError
from workspace.placeholders import require_no_secret

MAX_COMMAND_CHARACTERS = 30_000
"""The kernel takes 131,071 bytes as one argument of a program, and UTF-8 up to 4 a character."""

_Path = Annotated[
    str, msgspec.Meta(description="Path relative to the root of the working copy, with slashes.")
]
_Line = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Glob = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=1000,
        description="`*`, `?`, `[...]`, `**` for any folders; without a slash it fits names in any"
        " folder.",
    ),
]
_ViewName = Annotated[
    Literal["skeleton", "curated", "outline"],
    msgspec.Meta(
        description="`skeleton`: signatures only; `curated`: that, docstrings and the important"
        " bodies; `outline`: one line for each definition."
    ),
]


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of one tool; decoded from JSON only, so that they are always valid."""


class ReadFile(Arguments, frozen=True):
    path: _Path
    start_line: Annotated[_Line, msgspec.Meta(description="First line, from 1.")] | None = None
    end_line: Annotated[_Line, msgspec.Meta(description="Last line, included.")] | None = None


class ViewFile(Arguments, frozen=True):
    path: _Path
    view: _ViewName
    symbol: (
        Annotated[
            str,
            msgspec.Meta(
                min_length=1,
                description="Dotted name of a class or function that is shown in full.",
            ),
        ]
        | None
    ) = None


class ListFiles(Arguments, frozen=True):
    glob: _Glob = "**"


class SearchText(Arguments, frozen=True):
    pattern: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=1000,
            description="Python regular expression, searched for in each line.",
        ),
    ]
    glob: _Glob = "**"


class ReadOutput(Arguments, frozen=True):
    call_id: Annotated[str, msgspec.Meta(description="Id of the call whose output is read.")]
    start_line: _Line
    end_line: _Line


class WriteFile(Arguments, frozen=True):
    path: _Path
    content: str


class ReplaceText(Arguments, frozen=True):
    path: _Path
    old: _Text
    new: str
    count: Annotated[
        int, msgspec.Meta(ge=1, le=100_000, description="How often `old` occurs in the file.")
    ] = 1


class DeleteFile(Arguments, frozen=True):
    path: _Path


class MoveFile(Arguments, frozen=True):
    source: _Path
    target: _Path


class RunCommand(Arguments, frozen=True):
    command: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_COMMAND_CHARACTERS)]
    timeout_s: (
        Annotated[
            float, msgspec.Meta(gt=0, description="Seconds; the run's own limit holds as well.")
        ]
        | None
    ) = None


class Finish(Arguments, frozen=True):
    summary: str


class GiveUp(Arguments, frozen=True):
    reason: _Text


ReadArguments = ReadFile | ViewFile | ListFiles | SearchText | ReadOutput
WriteArguments = WriteFile | ReplaceText | DeleteFile | MoveFile
EndArguments = Finish | GiveUp
AnyArguments = ReadArguments | WriteArguments | RunCommand | EndArguments


class Tool(NamedTuple):
    """One row of the table."""

    name: str
    arguments: type[AnyArguments]
    effect: Effect
    description: str


TOOLS = (
    Tool("read_file", ReadFile, "read", "Read a text file, whole or from one line to another."),
    Tool(
        "view_file",
        ViewFile,
        "read",
        "See a Python file in reduced form. Cheaper than reading it whole.",
    ),
    Tool(
        "list_files",
        ListFiles,
        "read",
        "List files, sorted. Caches, virtual environments and git's own folder are left out.",
    ),
    Tool(
        "search_text",
        SearchText,
        "read",
        "Search text files for a regular expression. Answers `path:line:text`.",
    ),
    Tool(
        "read_output",
        ReadOutput,
        "read",
        "Read lines of the whole output of an earlier call, such as a failed command.",
    ),
    Tool(
        "write_file",
        WriteFile,
        "write",
        "Write a whole file, new or not. Missing folders are made.",
    ),
    Tool(
        "replace_text",
        ReplaceText,
        "write",
        "Replace text in a file. `old` must occur exactly `count` times, character for character.",
    ),
    Tool("delete_file", DeleteFile, "write", "Delete one file."),
    Tool("move_file", MoveFile, "write", "Move or rename one file. `target` must not exist yet."),
    Tool(
        "run_command",
        RunCommand,
        "command",
        "Run a shell command (`/bin/sh`) at the root of the working copy. No terminal, no input;"
        " what it leaves running is ended. There is no git repository.",
    ),
    Tool(
        "finish",
        Finish,
        "none",
        "Say that the ticket is done, and what was done. The check runs next.",
    ),
    Tool("give_up", GiveUp, "none", "Say that the ticket cannot be done, and why."),
)
"""Every tool there is, in the order in which models are told of them."""

_ALWAYS = frozenset({"finish", "give_up"})
_BY_NAME = {tool.name: tool for tool in TOOLS}


def allowed_tools(names: Sequence[str] = ()) -> tuple[Tool, ...]:
    """Return the tools of `names` (all, if empty), in the fixed order, with the two that end."""
    return tuple(tool for tool in TOOLS if not names or tool.name in names or tool.name in _ALWAYS)


def specs(names: Sequence[str] = ()) -> tuple[ToolSpec, ...]:
    """Return the tools of `names` (all, if empty) as a model is told of them; always the same."""
    return tuple(
        ToolSpec(tool.name, tool.description, _parameters(tool.arguments))
        for tool in allowed_tools(names)
    )


def former_specs() -> tuple[ToolSpec, ...]:
    """Return every tool as models were told of it before `skeleton` was described rightly."""
    now = "signatures only; `curated`: that, docstrings and"
    before = "signatures and docstrings; `curated`: that and"
    return tuple(
        ToolSpec(spec.name, spec.description, spec.parameters.replace(now, before))
        for spec in specs()
    )


def decoded_arguments(tool: str, text: str, names: Sequence[str] = ()) -> tuple[Tool, AnyArguments]:
    """Return the tool of that name and the arguments that the JSON `text` holds.

    Numbers may come as text ("3"), as models send them so; nothing else is forgiven.

    Raises:
        ToolError: no such tool among `names` (all, if empty), or not its arguments.
    """
    found = _BY_NAME.get(tool)
    allowed = allowed_tools(names)
    if found not in allowed:
        listed = ", ".join(each.name for each in allowed)
        raise ToolError(f"there is no tool {tool[:64]!r}; the tools are {listed}")
    try:
        arguments = msgspec.json.decode(text, type=found.arguments, strict=False)
    except (ValueError, RecursionError) as error:
        raise ToolError(f"the arguments of {tool} are not right: {error}") from None
    if isinstance(arguments, RunCommand):
        if "\0" in arguments.command:
            raise ToolError(f"the arguments of {tool} are not right: a command cannot hold a NUL")
        require_no_secret("command", arguments.command)
    return found, arguments


def canonical(arguments: AnyArguments) -> bytes:
    """Return arguments as JSON text that is the same for the same values, defaults included."""
    return msgspec.json.encode(arguments, order="deterministic")


def _parameters(arguments: type[AnyArguments]) -> str:
    """Return the JSON Schema of `arguments`: one object, with no references and no titles.

    What may be left out is not told that it may be null, as some models then send nothing else.
    """
    schema: dict[str, Any] = msgspec.json.schema(arguments)["$defs"][arguments.__name__]
    del schema["title"]
    for name, field in schema["properties"].items():
        if "anyOf" in field:
            schema["properties"][name] = field["anyOf"][0]
    return msgspec.json.encode(schema).decode()
