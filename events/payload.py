"""Text that may be long: short text stands in the record, long text beside the log by its hash."""

from collections.abc import Callable

import msgspec

from events.ids import Digest

INLINE_BYTES = 2048
"""Text of up to this many bytes of UTF-8 stays in the record; a record stays under 4 KiB or so."""


class BlobRef(msgspec.Struct, frozen=True):
    """A payload kept by content hash; the bytes are durable before a record names them."""

    blob: Digest
    size: int
    """Bytes."""


Text = str | BlobRef
"""A text as an event holds it."""

ReadText = Callable[[Text], str]
"""Resolves a `Text` to its characters. For `str` it is the identity."""

KeepText = Callable[[str], Text]
"""Makes a text durable, beside the log if it is long, and returns how an event names it."""


def plain(text: Text) -> str:
    """Return an inline text; for tests and folds that never meet a blob.

    Raises:
        TypeError: the text is kept in a blob.
    """
    if isinstance(text, BlobRef):
        msg = f"the text is kept in blob {text.blob}"
        raise TypeError(msg)
    return text
