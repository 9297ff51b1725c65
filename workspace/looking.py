"""The tools that only look: what the model reads, within the cap, and what is kept of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, assert_never

from events.ids import CallId
from events.secret_patterns import Redact, without_secrets
from workspace import files, listing, paths, search
from workspace.capping import Cap, Head, head, head_and_tail
from workspace.encoding import binary_kind, decoded
from workspace.errors import FileRefusedError, ToolError
from workspace.file_cache import ASTParser
from workspace.git import printable
from workspace.placeholders import explained, hidden
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

KEPT = Cap(bytes=files.MAX_FILE_BYTES, lines=1_000_000)
"""What is kept of a whole result; beyond it, head and tail."""

NAMED = 3
"""How many are named of the files whose names no tool takes."""

MAX_HITS = 10_000
"""Where a search stops."""


class Seen(NamedTuple):
    """What a look shows."""

    text: str
    """For the model, within the cap."""
    whole: str = ""
    """All of it, within `KEPT`, if that is more; empty if it is not, or is kept already."""


ReadKeptOutput = Callable[[CallId], str | None]
"""Returns the whole output of an earlier call of the attempt, or None."""


def look(
    root: Path,
    arguments: ReadArguments,
    read_output: ReadKeptOutput,
    cap: Cap,
    redact: Redact = without_secrets,
) -> Seen:
    """Return what `arguments` ask to see, without secrets: they are replaced before any cut.

    A kept output comes without them.

    Raises:
        ToolError: it cannot be shown; the reason is for the model.
    """
    match arguments:
        case ReadFile(path=path, start_line=start, end_line=end):
            text = _text(root, path := paths.plain(path))
            shown = redact(text)
            seen = _slice(path, shown.replace("\r\n", "\n"), start or 1, end, cap)
            secrets = "" if shown == text else explained(seen.text)
            return seen._replace(text=f"{seen.text}\n[{secrets}]") if secrets else seen
        case ViewFile(path=path, view=view, symbol=symbol):
            return _view(root, paths.plain(path), view, symbol, cap, redact)
        case ListFiles(glob=glob):
            return _list(root, glob, cap, redact)
        case SearchText(pattern=pattern, glob=glob):
            return _search(root, pattern, glob, cap, redact)
        case ReadOutput(call_id=call, start_line=start, end_line=end):
            output = read_output(CallId(call))
            if output is None:
                raise ToolError(f"no output of a call {call[:64]!r} is kept")
            return Seen(_slice(f"the output of {call}", output, start, end, cap).text)
    assert_never(arguments)


def _text(root: Path, path: str) -> str:
    data = files.read(root, path)
    kind = binary_kind(data)
    if kind is not None:
        raise FileRefusedError(path, f"is {kind} of {len(data)} bytes, and is not shown as text")
    return decoded(path, data)[0]


def _view(root: Path, path: str, view: Mode, symbol: str | None, cap: Cap, redact: Redact) -> Seen:
    file = files.read(root, path)
    data = hidden(path, file, redact)
    if not is_python(data, path):
        raise FileRefusedError(path, "is not Python, and has no views; use read_file")
    try:
        seen = _PARSER.view(data, view, [symbol] if symbol else (), path=path)
    except SymbolUnknownError as error:
        raise FileRefusedError(path, f"has no such symbol: {error}") from None
    seen = seen if data is file else seen.of(file)
    text = seen.text.replace("\r\n", "\n").removesuffix("\n")
    lines = text.split("\n")
    shown = head(lines, cap)
    secrets = "" if data is file else explained(shown.text)
    about = [f"{seen.mode}: {seen.sizes}", *(note for note in (seen.note, secrets) if note)]
    if shown.cut:
        about.append(f"cut at the cap after {shown.lines} lines; ask for one symbol")
    return Seen(f"{shown.text}\n[{'; '.join(about)}]".removeprefix("\n"), _whole(lines, shown))


def _slice(name: str, text: str, start: int, end: int | None, cap: Cap) -> Seen:
    """Return lines `start` to `end` of `text`, both included, and say so if that is not all."""
    if not text:
        return Seen(f"[{name} is empty]")
    lines = text.removesuffix("\n").split("\n")
    last = min(end or len(lines), len(lines))
    if start > last:
        raise ToolError(f"{name} has no lines {start} to {end or 'the end'}: it has {len(lines)}")
    asked = lines[start - 1 : last]
    shown = head(asked, cap)
    if not shown.cut and len(asked) == len(lines):
        return Seen(shown.text)
    until = start + shown.lines - 1
    cut = f"; cut at the cap, go on from line {until + 1}" if shown.cut and until < last else ""
    text = f"{shown.text}\n[lines {start} to {until} of {len(lines)}{cut}]"
    return Seen(text, _whole(asked, shown))


def _list(root: Path, glob: str, cap: Cap, redact: Redact) -> Seen:
    left_out: list[str] = []
    walked = list(listing.files(root, left_out))
    found = [path for path in walked if listing.matches(path, glob)]
    nameless = [path for path in left_out if path.endswith("/") or listing.matches(path, glob)]
    notes = [f"[{_about_names(nameless, redact)}]"] if nameless else []
    if not found:
        return Seen("\n".join([f"[no file fits {glob}]", *notes]))
    found = redact("\n".join(found)).split("\n")
    shown = head(found, cap)
    if shown.cut:
        notes.append(f"[{shown.lines} of {len(found)} files; ask with a narrower glob]")
    if len(walked) == listing.MAX_FILES:
        notes.append(f"[only the first {len(walked)} files were looked at]")
    return Seen("\n".join([shown.text, *notes]), _whole(found, shown))


def _about_names(paths: list[str], redact: Redact) -> str:
    named = ", ".join(redact(printable(path)) for path in paths[:NAMED])
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return (
        f"{len(paths)} left out, whose names no tool takes: {named}{more}; a command can rename"
        " them"
    )


def _search(root: Path, pattern: str, glob: str, cap: Cap, redact: Redact) -> Seen:
    found = search.search(root, pattern, glob, most=MAX_HITS + 1, redact=redact)
    shown = head(found.lines, cap)
    notes = []
    if shown.cut:
        more = "more than " if len(found.lines) > MAX_HITS else ""
        many = f"{more}{min(len(found.lines), MAX_HITS)}"
        notes.append(f"{shown.lines} of {many} matches; narrow the pattern or the glob")
    if found.timed_out:
        notes.append(f"not all files were searched within {search.TIMEOUT_S:g} s")
    if not found.lines and not notes:
        return Seen("[no match]")
    text = "\n".join([*([shown.text] if found.lines else []), *(f"[{note}]" for note in notes)])
    return Seen(text, _whole(found.lines, shown))


def _whole(lines: list[str], shown: Head) -> str:
    return head_and_tail("\n".join(lines), KEPT) if shown.cut else ""
