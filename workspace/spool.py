"""What is kept of an endless output: its beginning, its end, its true length and its digest."""

import hashlib
import string

KEPT_BYTES = 8 * 1024 * 1024
"""Up to this much is kept whole; of a longer output, the first and the last half of it."""

LONGEST_WORD = 4096
"""Bytes; of a longer word at the cut, what may be a token is left out."""
_SPACES = (b" ", b"\t", b"\n", b"\r")
_TOKEN = (string.ascii_letters + string.digits + "_.~+/=%:-").encode()


class Spool:
    """Takes bytes in order, in flat memory (at most 1.5 times what it keeps)."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._half = kept_bytes // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._hasher = hashlib.sha256()
        self.size = 0
        """Bytes taken so far."""

    def take(self, data: bytes) -> None:
        """Add `data` at the end."""
        self.size += len(data)
        self._hasher.update(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    @property
    def sha256(self) -> str:
        """The digest of everything taken, in lower-case hex."""
        return self._hasher.hexdigest()

    def kept(self) -> bytes:
        """Return all of it, or its two ends around a line that says how much is missing.

        The words at the cut are left out: half a secret does not look like one.
        """
        tail = bytes(self._tail[-self._half :])
        head = bytes(self._head)
        if self.size == len(head) + len(tail):
            return head + tail
        head, tail = head.removesuffix(_last_word(head)), tail.removeprefix(_first_word(tail))
        missing = self.size - len(head) - len(tail)
        return head + f"\n[... {missing} bytes are not kept ...]\n".encode() + tail


def _last_word(data: bytes) -> bytes:
    near = data[-LONGEST_WORD:]
    word = near[max(near.rfind(space) for space in _SPACES) + 1 :]
    return near[len(near.rstrip(_TOKEN)) :] if len(word) == LONGEST_WORD else word


def _first_word(data: bytes) -> bytes:
    near = data[:LONGEST_WORD]
    ends = [at for space in _SPACES if (at := near.find(space)) >= 0]
    word = near[: min(ends, default=len(near))]
    return near[: len(near) - len(near.lstrip(_TOKEN))] if len(word) == LONGEST_WORD else word
