"""Search by regular expression, bounded in time: in a process of its own, which can be ended.

A pattern may take exponential time on a short line, and nothing can interrupt a match inside our
own process.
"""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from events.secret_patterns import Redact, without_secrets
from workspace import files, listing
from workspace.encoding import binary_kind, decoded
from workspace.errors import ToolError

TIMEOUT_S = 10.0
MAX_LINE_CHARACTERS = 10_000
"""How much of a line is searched."""
_SHOWN_CHARACTERS = 300
_TOLD_CHARACTERS = 4096
"""How much of a line comes back from the process: keys by name are replaced before it is cut."""
_MEMORY_BYTES = 2 * 1024**3
_BAD_PATTERN = 3


class Hits(NamedTuple):
    """What a search found."""

    lines: list[str]
    """``path:line:text``, by path and line."""
    timed_out: bool
    """Whether it was ended before it had seen everything."""


def search(
    root: Path,
    pattern: str,
    glob: str,
    most: int,
    timeout_s: float = TIMEOUT_S,
    redact: Redact = without_secrets,
) -> Hits:
    """Return up to `most` matching lines of the text files whose path fits `glob`.

    A line matches as the file holds it, or as it is shown; it is shown as `redact` returns it.

    Raises:
        ToolError: the pattern is no regular expression.
    """
    request = json.dumps([str(root), pattern, glob, most])
    command = [sys.executable, "-P", "-m", "workspace.search"]
    timed_out = False
    try:
        done = subprocess.run(  # noqa: PLW1510 - what its exit code means is read below
            command, input=request.encode(), capture_output=True, timeout=timeout_s, cwd="/"
        )
        output, code, complaint = done.stdout, done.returncode, done.stderr
    except subprocess.TimeoutExpired as error:
        output, code, complaint = error.stdout or b"", 0, b""
        timed_out = True
    if code == _BAD_PATTERN:
        raise ToolError(f"pattern {pattern!r} is no regular expression: {output.decode()}")
    if code:
        reason = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise ToolError(f"the search ended early: {reason or f'exit code {code}'}")
    # The last line may be torn, and an ended search may have none.
    found = (json.loads(line) for line in output.split(b"\n")[:-1])
    return Hits([f"{redact(place)}:{_cut(redact(text))}" for place, text in found], timed_out)


def _cut(line: str) -> str:
    more = " ..." if len(line) > _SHOWN_CHARACTERS else ""
    return f"{line[:_SHOWN_CHARACTERS]}{more}"


def hits(root: Path, pattern: re.Pattern[str], glob: str) -> Iterator[tuple[str, str]]:
    """Yield ``path:line`` and text of each matching line, by path and line, without secrets.

    Binary files are left out, and those that cannot be read under the path rules.
    """
    for path in listing.files(root):
        if not listing.matches(path, glob):
            continue
        try:
            data = files.read(root, path)
        except (ToolError, OSError):
            continue
        if binary_kind(data) is not None:
            continue
        text = decoded(path, data)[0]
        shown = without_secrets(text)
        lines, hidden = _lines(text), shown is not text
        pairs = (
            zip(lines, _lines(shown), strict=True) if hidden else ((line, line) for line in lines)
        )
        for number, (line, told) in enumerate(pairs, start=1):
            if pattern.search(line) or (hidden and pattern.search(told)):
                yield f"{path}:{number}", told[:_TOLD_CHARACTERS]


def _lines(text: str) -> Iterator[str]:
    return (line[:MAX_LINE_CHARACTERS].removesuffix("\r") for line in text.split("\n"))


def main() -> int:
    """Answer one request from standard input, a JSON pair a line, or say why not: exit code 3."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    limit = int(TIMEOUT_S) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    root, source, glob, most = json.loads(sys.stdin.buffer.read())
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError, RecursionError) as error:
        sys.stdout.write(str(error))
        return _BAD_PATTERN
    for _, hit in zip(range(most), hits(Path(root), pattern, glob), strict=False):
        sys.stdout.write(json.dumps(hit) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
