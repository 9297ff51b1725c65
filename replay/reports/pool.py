"""The texts of a page: each kept once, packed in chunks that a browser opens when it needs them."""

import base64
import zlib
from collections.abc import Iterator

import msgspec

from events.counted import counted

CHUNK_CHARS = 262_144
MOST_CHARS = 262_144
"""Of one text; what is longer is cut with a word about it, for the run has the whole."""
_LEVEL = 9


class Pool:
    """A growing list of texts."""

    def __init__(self) -> None:
        """Begin with the empty text, which is number 0."""
        self._texts: list[str] = []
        self._known: dict[str, int] = {}
        self.add("")

    def add(self, text: str) -> int:
        """Return the number of `text`, which is kept once."""
        if text not in self._known:
            self._known[text] = self.reserve()
            self.fill(self._known[text], text)
        return self._known[text]

    def reserve(self) -> int:
        """Return the number of a text that is still to come."""
        self._texts.append("")
        return len(self._texts) - 1

    def fill(self, number: int, text: str) -> None:
        """Bring the text of a reserved number."""
        self._texts[number] = _cut(text)

    def chunks(self) -> Iterator[list[str]]:
        """Give the texts in order, some at a time."""
        chunk: list[str] = []
        size = 0
        for text in self._texts:
            if chunk and size + len(text) > CHUNK_CHARS:
                yield chunk
                chunk, size = [], 0
            chunk.append(text)
            size += len(text)
        yield chunk


def packed(chunk: list[str]) -> str:
    """Return a chunk as the page holds it: a JSON list, deflated (zlib), in base64."""
    data = msgspec.json.encode([_whole(text) for text in chunk])
    return base64.b64encode(zlib.compress(data, _LEVEL)).decode()


def _cut(text: str) -> str:
    left_out = len(text) - MOST_CHARS
    if left_out <= 0:
        return text
    return f"{text[:MOST_CHARS]}\n[{counted(left_out, 'more character')} kept in the run]"


def _whole(text: str) -> str:
    """Return a text without halves of characters, which no encoding can hold."""
    return text.encode("utf-8", "replace").decode()
