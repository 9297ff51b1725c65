"""Results cut to what a prompt may hold, with a note of what was cut. Pure.

Bytes are bytes of UTF-8. The note comes on top of the cap and stays under 200 bytes.
"""

from typing import NamedTuple


class Cap(NamedTuple):
    """The most that a result may bring."""

    bytes: int
    lines: int


class Head(NamedTuple):
    """The beginning of a text."""

    text: str
    lines: int
    """Lines shown, a cut one included."""
    cut: bool
    """Whether anything is missing."""


def head(lines: list[str], cap: Cap) -> Head:
    """Return as many of the first `lines` (without their endings) as the cap lets through."""
    kept: list[str] = []
    room = cap.bytes
    for line in lines[: cap.lines]:
        size = len(line.encode()) + (1 if kept else 0)
        if size > room and kept:
            break
        if size > room:
            return Head(_first(line, room) + " ...", 1, cut=True)
        kept.append(line)
        room -= size
    return Head("\n".join(kept), len(kept), cut=len(kept) < len(lines))


def head_and_tail(text: str, cap: Cap) -> str:
    r"""Return `text`, or its first and last parts with a note of how much is missing between.

    >>> print(head_and_tail("1\n2\n3\n4\n5", Cap(bytes=100, lines=2)))
    1
    [... 3 lines, 7 bytes cut here ...]
    5
    """
    lines = text.split("\n")
    size = len(text.encode())
    if size <= cap.bytes and len(lines) <= cap.lines:
        return text
    front = _first("\n".join(lines[: (cap.lines + 1) // 2]), (cap.bytes + 1) // 2)
    back = _last("\n".join(lines[len(lines) - cap.lines // 2 :]), cap.bytes // 2)
    missing = size - len(front.encode()) - len(back.encode())
    gone = len(lines) - front.count("\n") - 1 - (back.count("\n") + 1 if back else 0)
    return f"{front}\n[... {max(gone, 0)} lines, {missing} bytes cut here ...]\n{back}".rstrip("\n")


def _first(text: str, size: int) -> str:
    return text[:size].encode()[:size].decode(errors="ignore")


def _last(text: str, size: int) -> str:
    return text[max(0, len(text) - size) :].encode()[-size:].decode(errors="ignore") if size else ""
