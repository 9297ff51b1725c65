"""Head and tail of a file, for what cannot be shown in another way."""

from typing import Final

EXCERPT_BYTES: Final = 8192
"""What an excerpt keeps of a file unless told otherwise: about 2,000 tokens."""

_HEAD_SHARE: Final = 2 / 3


def remark(words: str) -> bytes:
    """Return `words` of ours as one line that a view may hold; it is a comment to Python."""
    return f"# trackside: {words}".encode()


def excerpt(content: bytes, reason: str, limit_bytes: int = EXCERPT_BYTES) -> bytes:
    """Return the first two thirds and the last third of `limit_bytes`, cut between lines.

    Begins with a remark that gives the `reason`; a second one stands where lines are left out.
    Of a binary file (one with a zero byte) nothing but the remark is left.
    """
    size = f"{len(content):,} bytes"
    if b"\0" in content:
        return remark(f"{reason}; {size}, not shown") + b"\n"
    if len(content) <= limit_bytes:
        return remark(f"{reason}; {size}, shown as they are") + b"\n" + content
    head, tail = ends(content, limit_bytes)
    gap = content[len(head) : len(content) - len(tail)]
    lines = gap.count(b"\n")
    cut = remark(f"{lines:,} lines, {len(gap):,} bytes left out here")
    separator = b"" if head.endswith(b"\n") else b"\n"
    return b"".join(
        (remark(f"{reason}; head and tail of {size}"), b"\n", head, separator, cut, b"\n", tail)
    )


def ends(content: bytes, limit_bytes: int) -> tuple[bytes, bytes]:
    """Return head and tail of `content`, together at most `limit_bytes`.

    They end and begin at a line end if there is one near (in the second half of what may be
    kept), else between two characters of UTF-8.
    """
    most_head = int(limit_bytes * _HEAD_SHARE)
    most_tail = limit_bytes - most_head
    head = content[:most_head]
    at = head.rfind(b"\n") + 1
    head = head[:at] if at > most_head // 2 else _whole_characters(head)
    tail = content[len(content) - most_tail :] if most_tail else b""
    at = tail.find(b"\n") + 1
    if 0 < at <= most_tail // 2:
        return head, tail[at:]
    return head, tail.lstrip(bytes(range(0x80, 0xC0)))


def _whole_characters(head: bytes) -> bytes:
    """Return `head` without the beginning of a character that its end cuts."""
    for back in range(1, min(4, len(head)) + 1):
        lead = head[-back]
        if lead >= 0xC0:  # noqa: PLR2004 - the first byte of a character of several bytes
            width = 2 + (lead >= 0xE0) + (lead >= 0xF0)  # noqa: PLR2004 - the same
            return head if width == back else head[:-back]
        if lead < 0x80:  # noqa: PLR2004 - ASCII
            break
    return head
