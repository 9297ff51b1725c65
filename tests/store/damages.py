"""Ways to damage a log of lines, each with what a reader has to make of it.

python -m tests.store.damages    tries them all, and prints the table
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from store.errors import DamageError, LogUnusableError
from store.jsonl import JsonlLog
from store.reader import LogReader
from tests.store.disks import CountingDisk
from tests.store.words import CODEC, A, Note, Noted

Verdict = Literal["refused", "torn", "shorter", "whole", "silent or wrong"]
"""`torn` ends are dropped and said; `shorter` is a log without its last decisions, which only a
seal can tell."""


class Damage(NamedTuple):
    kind: str
    data: bytes
    expected: Verdict = "refused"
    """Of a log that is not sealed; a sealed one may not be cut either."""


def damages(log: bytes, other: bytes) -> Iterator[Damage]:
    """Give every damage to `log`; lines of `other`, a log of another run, are spliced in."""
    lines = log.splitlines(keepends=True)
    yield from _cuts(log, lines)
    for index in range(0, len(log), 11):
        yield Damage("a flipped bit", _with(log, index, bytes([log[index] ^ 1 << index % 8])))
    for index in range(0, len(log) - 600, 37):
        yield Damage("zeros in the middle", _with(log, index, bytes(9)))
    for index in range(0, len(log), 29):
        yield Damage("a byte deleted", log[:index] + log[index + 1 :])
        yield Damage("a byte put in", log[:index] + b"x" + log[index:])
    foreign = other.splitlines(keepends=True)
    for number, line in enumerate(lines):
        before, after = lines[:number], lines[number + 1 :]
        yield Damage("a line doubled", b"".join([*before, line, line, *after]))
        yield Damage("a line of another run", b"".join([*before, foreign[number], *after]))
        for kind, text in TEXTS.items():
            yield Damage(kind, b"".join([*before, text, line, *after]))
        if after:
            yield Damage("a line deleted", b"".join([*before, *after]))
            yield Damage("lines swapped", b"".join([*before, after[0], line, *after[1:]]))
    for kind, text in TEXTS.items():
        yield Damage(kind, log + text)
    yield Damage("zeros at the end", log + bytes(512), "torn")


TEXTS = {
    "a blank line": b"\n",
    "CRLF": b"{}\r\n",
    "a byte order mark": b"\xef\xbb\xbf{}\n",
    "UTF-16": "{}\n".encode("utf-16"),
    "no UTF-8": b'{"v":1,"x":"\xff\xfe"}\n',
    "a lone surrogate": b'{"v":1,"x":"\xed\xb0\x80"}\n',
    "garbage": b"so it goes\n",
    "no number": b'{"v":1,"position":NaN}\n',
    "a huge number": b'{"v":1,"position":' + b"9" * 5000 + b"}\n",
    "nesting": b"[" * 200_000 + b"\n",
    "an endless line": b"x" * (2 << 20) + b"\n",
}


def _cuts(log: bytes, lines: list[bytes]) -> Iterator[Damage]:
    ends = {len(b"".join(lines[: number + 1])) for number in range(len(lines))}
    inside = {len(b"".join(lines[:4]))}  # the fourth record and the fifth are one decision
    last = len(log) - len(lines[-1]) - len(lines[-2])
    for size in sorted({*ends, *range(min(ends), last, 7), *range(last, len(log))} - {len(log)}):
        whole = size in ends - inside
        yield Damage("cut at a byte", log[:size], "shorter" if whole else "torn")


def _with(log: bytes, index: int, new: bytes) -> bytes:
    return log[:index] + new + log[index + len(new) :]


def verdict(path: Path, original: bytes, *, writer: bool) -> Verdict:
    """Return what a reader makes of it, and if asked for, whoever opens the log to write."""
    data = path.read_bytes()
    try:
        with LogReader(path, CODEC) as reader:
            records, whole, tail = list(reader), reader.head.offset, reader.tail
    except (DamageError, LogUnusableError) as error:
        clear = "\n" not in str(error) and str(path.parent) in str(error)
        agreed = not writer or _is_refused_to_write(path, data)
        return "refused" if clear and agreed else "silent or wrong"
    if original[:whole] != data[:whole] or len(records) != data[:whole].count(b"\n"):
        return "silent or wrong"
    if whole < len(data):
        return "silent or wrong" if tail.clean else "torn"
    return "whole" if data == original else "shorter"


def _is_refused_to_write(path: Path, data: bytes) -> bool:
    try:
        JsonlLog.open(path, CODEC, disk=CountingDisk()).close()
    except (DamageError, LogUnusableError):
        return path.read_bytes() == data
    return False


def written(path: Path, *, sealed: bool) -> bytes:
    """Write a log of seven records, and return it."""
    path.parent.mkdir()
    with JsonlLog.open(path, CODEC, disk=CountingDisk(), program="1") as log:
        log.append(A, [Noted("one")], expected=0, cause=Note("one"))
        log.append(A, [Noted("two")], expected=1, cause=Note("two"))
        log.append(A, [Noted("three")] * 2, expected=2, cause=Note("three", 2))
    with JsonlLog.open(path, CODEC, disk=CountingDisk(), program="1") as log:
        log.append(A, [Noted("four, and this one is longer")], expected=4, cause=Note("four"))
        if sealed:
            log.seal()
    return path.read_bytes()


def try_all(folder: Path, *, sealed: bool) -> Counter[tuple[str, Verdict, Verdict]]:
    """Return how often which kind of damage was to be taken for what, and was."""
    path = folder / "R1" / "events.jsonl"
    log, other = written(path, sealed=sealed), written(folder / "R2" / "log", sealed=False)
    found: Counter[tuple[str, Verdict, Verdict]] = Counter()
    for number, damage in enumerate(damages(log, other)):
        path.write_bytes(damage.data)
        expected = "refused" if sealed and damage.kind == "cut at a byte" else damage.expected
        found[damage.kind, expected, verdict(path, log, writer=number % 5 == 0)] += 1
    return found


def main(say: Callable[[str], object] = sys.stdout.write) -> int:
    """Print the table; return the exit code."""
    found: Counter[tuple[str, Verdict, Verdict]] = Counter()
    with TemporaryDirectory() as folder:
        for name, sealed in (("sealed", True), ("open", False)):
            (Path(folder) / name).mkdir()
            found += try_all(Path(folder) / name, sealed=sealed)
    for (kind, expected, was), count in sorted(found.items()):
        say(f"{kind:<24}{expected:<10}{was:<18}{count:>6}\n")
    wrong = sum(count for (_, expected, was), count in found.items() if was != expected)
    say(f"tried {found.total()}, silent or wrong {wrong}\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
