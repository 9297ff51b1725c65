"""`trackside view FILE`: a file as a worker would see it, with no repository and no run."""

import argparse
import os
import sys
from pathlib import Path

import msgspec

from cli.escape import json_text, shown
from cli.exit_code import ExitCode

MODES = ("raw", "skeleton", "curated", "outline")

NOTES = """\
modes:
  raw       the file as it is
  skeleton  definitions with their signatures and no bodies, imports, names (the default)
  curated   all but the bodies; those marked by @core_logic or a comment # [HOT] stay whole
  outline   one line a definition: name, kind, lines, first line of its docstring

A file that is not Python is shown raw, unless a mode is asked for: then head and tail of it. So it
is with Python that cannot be parsed. Secrets have placeholders, as for a worker: the output is no
copy of such a file. Standard output is the view alone; sizes and notes go to standard error.
"""


class ViewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What `trackside view --json` prints."""

    code: str = "viewed"
    path: str
    mode: str
    """``raw``, ``skeleton``, ``curated``, ``outline``, ``targeted`` or ``excerpt``."""
    note: str
    """Why the view is not what was asked for, or what it lacks; empty if all is well."""
    text: str
    tokens: int
    """Estimated, as `original_tokens`."""
    original_tokens: int
    original_bytes: int


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = NOTES
    parser.add_argument("file", metavar="FILE", type=Path, help="the file to view")
    parser.add_argument("--mode", choices=MODES, help="which view (see below)")
    parser.add_argument(
        "--symbol",
        metavar="NAME",
        action="append",
        default=[],
        help="show this definition whole (Class.method), the rest as skeleton; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the view, and its sizes on standard error.

    Raises:
        FileUnreadableError: the path names no regular file that can be read.
        SymbolUnknownError: a symbol is not defined in the file.
        ViewError: the file is binary.
    """
    from cli.redaction import Redactor
    from workspace.placeholders import hidden
    from workspace.reading import read_file
    from workspace.views import Mode, ViewError, is_python, view_of

    original = read_file(args.file)
    path = str(args.file)
    content = hidden(path, original, Redactor(os.environ))
    if b"\0" in content:
        raise ViewError(f"cannot view {path!r}: it is binary")
    if args.symbol and args.mode not in {None, "skeleton"}:
        raise ViewError(f"--symbol cannot be shown in a view that is {args.mode}; leave out --mode")
    mode: Mode = args.mode or ("skeleton" if is_python(content, path) else "raw")
    view = view_of(content, mode, args.symbol, path=path)
    view = view if content is original else view.of(original)
    if args.json:
        answer = ViewAnswer(
            path=path.encode(errors="backslashreplace").decode(),
            mode=view.mode,
            note=view.note,
            text=view.text,
            tokens=view.tokens,
            original_tokens=view.original_tokens,
            original_bytes=view.original_bytes,
        )
        print(json_text(answer))
        return ExitCode.COMPLETED
    if sys.stdout.isatty():
        print(shown(view.text, lines=True), end="")
    else:
        sys.stdout.buffer.write(view.content)
    sys.stdout.flush()
    note = f"; {view.note}" if view.note else ""
    print(shown(f"{path}: {view.mode}, {view.sizes}{note}"), file=sys.stderr)
    return ExitCode.COMPLETED
