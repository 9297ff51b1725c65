"""What is kept of an endless output: its beginning, its end, its true length and its digest."""

import hashlib

KEPT_BYTES = 8 * 1024 * 1024
"""Up to this much is kept whole; of a longer output, the first and the last half of it."""


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
        """Return all of it, or its two ends around a line that says how much is missing."""
        tail = bytes(self._tail[-self._half :])
        missing = self.size - len(self._head) - len(tail)
        note = f"\n[... {missing} bytes are not kept ...]\n".encode() if missing else b""
        return bytes(self._head) + note + tail
