"""How the text of a file stands in its bytes, so that an edit can put it back the same way. Pure.

The way back is exact: a text is only taken apart if putting it together again gives the same bytes.
"""

import codecs
import re
from dataclasses import dataclass

from workspace.errors import EditRefusedError

PYTHON_SUFFIXES = (".py", ".pyi", ".pyw")

_BOMS = (
    # The marks of UTF-32 begin with those of UTF-16, so they are tried first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
"""From PEP 263."""
_BLANK = re.compile(r"^[ \t\f]*(?:#.*)?\r?$", re.ASCII)

_BINARIES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "an ELF binary"),
    (b"SQLite format 3\0", "an SQLite database"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """How one file holds its text."""

    encoding: str = "utf-8"
    bom: bytes = b""
    newline: str = "\n"
    """The ending of most of its lines."""
    declared: bool = False
    """Whether a PEP 263 line of the file names the encoding."""


def binary_kind(data: bytes) -> str | None:
    """Return what kind of binary file `data` is, or None for text. A NUL makes it binary."""
    for mark, kind in _BINARIES:
        if data.startswith(mark):
            return kind
    if b"\0" in data and not any(data.startswith(bom) for bom, _ in _BOMS):
        return "binary data"
    return None


def decoded(path: str, data: bytes) -> tuple[str, Form]:
    """Return the text of a file, line endings as they are, and how it is held.

    Bytes that fit no declared encoding and are no UTF-8 are taken as Latin-1, which fits all.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = _exactly(data[len(bom) :], encoding)
            if text is not None:
                return text, Form(encoding, bom, _newline(text))
    cookie = _cookie(path, data.decode("latin-1"))
    for encoding in [cookie, "utf-8"] if cookie else ["utf-8"]:
        text = _exactly(data, encoding)
        if text is not None:
            return text, Form(encoding, b"", _newline(text), declared=encoding == cookie)
    text = data.decode("latin-1")
    return text, Form("latin-1", b"", _newline(text))


def encoded(path: str, text: str, form: Form) -> bytes:
    """Return the bytes of a file that is to hold `text` in the way of `form`.

    A Python file is read by what its first lines declare, so what `text` declares wins.

    Raises:
        EditRefusedError: the encoding is unknown, or has no room for a character.
    """
    encoding = form.encoding
    if not form.bom:
        cookie = _cookie(path, text)
        encoding = cookie or ("utf-8" if form.declared else form.encoding)
    try:
        return form.bom + text.encode(encoding)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        reason = f"{text[error.start]!a} in line {line} cannot be written in {encoding}"
        raise EditRefusedError(path, f"{reason}, the encoding of this file") from None
    except (LookupError, ValueError):
        raise EditRefusedError(path, f"it declares {encoding!r}, no text encoding") from None


def _exactly(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
        return text if text.encode(encoding) == data else None
    except (LookupError, ValueError):
        return None


def _newline(text: str) -> str:
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def _cookie(path: str, text: str) -> str | None:
    if not path.endswith(PYTHON_SUFFIXES):
        return None
    for line in text.split("\n", 2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return found[1]
        if not _BLANK.match(line):
            return None
    return None
