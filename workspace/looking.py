"""The tools that only look: each returns the text that the model reads, within the cap."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, assert_never

from events.ids import CallId
from workspace import files, listing, paths, search
from workspace.capping import Cap, head
from workspace.encoding import binary_kind, decoded
from workspace.errors import FileRefusedError, ToolError
from workspace.file_cache import ASTParser
from workspace.tool_schemas import (
    ListFiles,
    ReadArguments,
    ReadFile,
    ReadOutput,
    SearchText,
    ViewFile,
)
from workspace.views import Mode, SymbolUnknownError, is_python

_PARSER: Final = ASTParser()
"""One for all worktrees of the process: most of their files are the same."""

ReadKeptOutput = Callable[[CallId], str | None]
"""Returns the whole output of an earlier call of the attempt, or None."""


def look(root: Path, arguments: ReadArguments, read_output: ReadKeptOutput, cap: Cap) -> str:
    """Return what `arguments` ask to see.

    Raises:
        ToolError: it cannot be shown; the reason is for the model.
    """
    match arguments:
        case ReadFile(path=path, start_line=start, end_line=end):
            text = _text(root, path := paths.plain(path))
            return _slice(path, text.replace("\r\n", "\n"), start or 1, end, cap)
        case ViewFile(path=path, view=view, symbol=symbol):
            return _view(root, paths.plain(path), view, symbol, cap)
        case ListFiles(glob=glob):
            return _list(root, glob, cap)
        case SearchText(pattern=pattern, glob=glob):
            return _search(root, pattern, glob, cap)
        case ReadOutput(call_id=call, start_line=start, end_line=end):
            output = read_output(CallId(call))
            if output is None:
                raise ToolError(f"no output of a call {call[:64]!r} is kept")
            return _slice(f"the output of {call}", output, start, end, cap)
    assert_never(arguments)


def _text(root: Path, path: str) -> str:
    data = files.read(root, path)
    kind = binary_kind(data)
    if kind is not None:
        raise FileRefusedError(path, f"is {kind} of {len(data)} bytes, and is not shown as text")
    return decoded(path, data)[0]


def _view(root: Path, path: str, view: Mode, symbol: str | None, cap: Cap) -> str:
    data = files.read(root, path)
    if not is_python(data, path):
        raise FileRefusedError(path, "is not Python, and has no views; use read_file")
    try:
        seen = _PARSER.view(data, view, [symbol] if symbol else (), path=path)
    except SymbolUnknownError as error:
        raise FileRefusedError(path, f"has no such symbol: {error}") from None
    text = seen.text.replace("\r\n", "\n").removesuffix("\n")
    shown = head(text.split("\n"), cap)
    about = [f"{seen.mode}: {seen.sizes}", *([seen.note] if seen.note else [])]
    if shown.cut:
        about.append(f"cut at the cap after {shown.lines} lines; ask for one symbol")
    return f"{shown.text}\n[{'; '.join(about)}]".removeprefix("\n")


def _slice(name: str, text: str, start: int, end: int | None, cap: Cap) -> str:
    """Return lines `start` to `end` of `text`, both included, and say so if that is not all."""
    if not text:
        return f"[{name} is empty]"
    lines = text.removesuffix("\n").split("\n")
    last = min(end or len(lines), len(lines))
    if start > last:
        raise ToolError(f"{name} has no lines {start} to {end or 'the end'}: it has {len(lines)}")
    shown = head(lines[start - 1 : last], cap)
    if not shown.cut and last - start + 1 == len(lines):
        return shown.text
    until = start + shown.lines - 1
    cut = f"; cut at the cap, go on from line {until + 1}" if shown.cut and until < last else ""
    return f"{shown.text}\n[lines {start} to {until} of {len(lines)}{cut}]"


def _list(root: Path, glob: str, cap: Cap) -> str:
    walked = list(listing.files(root))
    found = [path for path in walked if listing.matches(path, glob)]
    if not found:
        return f"[no file fits {glob}]"
    shown = head(found, cap)
    notes = []
    if shown.cut:
        notes.append(f"{shown.lines} of {len(found)} files; ask with a narrower glob")
    if len(walked) == listing.MAX_FILES:
        notes.append(f"only the first {len(walked)} files were looked at")
    return "\n".join([shown.text, *(f"[{note}]" for note in notes)])


def _search(root: Path, pattern: str, glob: str, cap: Cap) -> str:
    found = search.search(root, pattern, glob, most=cap.lines + 1)
    shown = head(found.lines, cap)
    notes = []
    if shown.cut:
        notes.append(f"only the first {shown.lines} matches; narrow the pattern or the glob")
    if found.timed_out:
        notes.append(f"not all files were searched within {search.TIMEOUT_S:g} s")
    if not found.lines and not notes:
        return "[no match]"
    return "\n".join([*([shown.text] if found.lines else []), *(f"[{note}]" for note in notes)])
