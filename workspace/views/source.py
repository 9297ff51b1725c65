"""A Python file made ready to be viewed: decoded, parsed, and mended where it is broken."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from tree_sitter import Node

from workspace.views import grammar as g
from workspace.views.excerpt import excerpt, remark
from workspace.views.mend import blanked, first_error, mend

LARGEST_BYTES: Final = 2 * 1024 * 1024
"""Larger files are not parsed: 2 MiB of ordinary code take 0.2 s, of garbage 2 s and more."""

MENDED_BYTES: Final = 256 * 1024
"""Larger files that are broken are not mended: it takes ten parses and more."""

EMPTY: Final = "the file is empty"

BOM: Final = codecs.BOM_UTF8
_COOKIE: Final = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_BLANK_OR_COMMENT: Final = re.compile(rb"[ \t\f]*(?:#|$)")
_LONE_CR: Final = re.compile(rb"\r(?!\n)")
_ASCII: Final = bytes(range(128))


@dataclass(slots=True)
class Source:
    """One parsed file. Offsets of `root` are offsets into `text`."""

    text: bytes
    """The file as UTF-8, without byte order mark, its own line ends kept."""
    clean: bytes
    """The same without the pieces that do not parse; spaces are in their place."""
    root: Node
    newline: bytes
    codec: str = "utf-8"
    """The encoding by the file's cookie; a view is given back in it."""
    marked: bool = False
    """Whether the file begins with a byte order mark."""
    broken_at: int | None = None
    """Offset of the first syntax error, if any was met so far."""
    left_out: int = 0
    """Lines that do not parse and that a skeleton therefore lacks."""

    def blame(self, offset: int) -> None:
        """Take note of an error at `offset` that the grammar did not see; the first one is kept.

        In a mended file, an empty body is what was blanked, and the error is known.
        """
        if not self.left_out and (self.broken_at is None or offset < self.broken_at):
            self.broken_at = offset

    def line_of(self, offset: int) -> int:
        """Return the line (1, 2, ...) that holds the byte at `offset`."""
        return 1 + len(re.findall(rb"\r\n|\r|\n", self.text[:offset]))


class Rendered(NamedTuple):
    """A view in the file's own encoding, and what a reader must know about it."""

    content: bytes
    note: str
    excerpted: bool = False
    """True if no view could be made, so that head and tail stand in for it."""


def codec_of(content: bytes) -> str:
    """Return the encoding that the first two lines declare (PEP 263), by default ``utf-8``.

    The name is as the file spells it; whether there is such an encoding is for the caller.
    """
    for line in re.split(rb"\r\n|\r|\n", content[:4096], maxsplit=2)[:2]:
        if found := _COOKIE.match(line):
            return found[1].decode("ascii")
        if not _BLANK_OR_COMMENT.match(line):
            break
    return "utf-8"


def decoded(content: bytes) -> tuple[str, bytes] | str:
    """Return the codec and the file as UTF-8 (both without byte order mark), or why it has none.

    Only encodings that contain ASCII as it is are followed, and only if going there and back
    gives the same bytes: then a view can be given back exactly in the file's own encoding.
    """
    name = codec_of(content.removeprefix(BOM)) if b"coding" in content[:4096] else "utf-8"
    try:
        codec = codecs.lookup(name).name
        if _ASCII.decode(codec) != _ASCII.decode("ascii"):
            return f"its encoding {name} does not contain ASCII"
    except (LookupError, UnicodeError):
        return f"its encoding {name} is unknown or not followed"
    if codec in {"utf-8", "ascii", "utf-8-sig"} or content.startswith(BOM):
        if codec == "ascii" and not content.isascii():
            return "it is not ASCII, as it says it is"
        if content.startswith(BOM) and codec not in {"utf-8", "utf-8-sig"}:
            return f"it has a UTF-8 byte order mark and says it is {name}"
        bare = content.removeprefix(BOM)
        try:
            bare.decode()
        except UnicodeDecodeError as error:
            return f"it is not UTF-8 (byte 0x{bare[error.start]:02x} at offset {error.start})"
        return "utf-8", bare
    try:
        text = content.decode(codec)
        if text.encode(codec) == content:
            return codec, text.encode()
    except UnicodeError:
        pass
    return f"it is not valid {name}"


def read_source(content: bytes) -> Source | str:
    """Return the parsed file, or in a few words why it cannot be parsed at all.

    Never raises on any input. The same bytes give the same answer in every process.
    """
    if len(content) > LARGEST_BYTES:
        return f"it is larger than {LARGEST_BYTES:,} bytes"
    if b"\0" in content:
        return "it is binary"
    found = decoded(content)
    if isinstance(found, str):
        return found
    codec, text = found
    newline, parsed = b"\n", text
    if b"\r" in text:
        newline = b"\r\n" if b"\r\n" in text else b"\r" if b"\n" not in text else b"\n"
        parsed = _LONE_CR.sub(b"\n", text)
    source = Source(text, text, g.parse(parsed), newline, codec, content.startswith(BOM))
    error = first_error(source.root) if source.root.has_error else None
    if error is not None:
        mended = mend(parsed) if len(parsed) <= MENDED_BYTES else None
        if mended is None:
            return f"it does not parse at line {source.line_of(error)}"
        source.root = mended.root
        source.clean = blanked(text, 0, len(text), mended.pieces)
        source.broken_at = min(piece.error for piece in mended.pieces)
        source.left_out = mended.lines_blanked
    return source


def render(content: bytes, draw: Callable[[Source], bytes], *, whole: bool = False) -> Rendered:
    """Return what `draw` makes of the file, or head and tail if it cannot be parsed.

    `draw` gets the source and returns UTF-8; what it finds broken it tells the source. `whole`
    says that it also keeps what does not parse.
    """
    if not content:
        return Rendered(b"", EMPTY)
    source = read_source(content)
    if isinstance(source, str):
        return Rendered(excerpt(content, source), f"{source}: head and tail", excerpted=True)
    view = draw(source)
    note = ""
    if source.broken_at is not None:
        note = f"does not parse at line {source.line_of(source.broken_at)}"
        if source.left_out and not whole:
            note += f"; lines left out for it: {source.left_out:,}"
        cookie = "" if source.codec == "utf-8" else f" (coding: {source.codec})"
        view = remark(note + cookie) + source.newline + view
    elif not view:
        note = "nothing to show: the file defines, imports and assigns nothing"
        view = remark(note) + source.newline
    elif source.codec != "utf-8" and not whole:
        view = b"# coding: " + source.codec.encode() + source.newline + view
    if source.codec != "utf-8":
        view = view.decode().encode(source.codec)
    return Rendered(BOM + view if source.marked else view, note)
