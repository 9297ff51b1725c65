"""One view of one file with all that a reader of it must know: mode, note and sizes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

import msgspec
from msgspec.structs import replace

from workspace.tokens import estimate_tokens
from workspace.views.curated import curated
from workspace.views.errors import SymbolUnknownError
from workspace.views.excerpt import EXCERPT_BYTES, excerpt
from workspace.views.outline import outline
from workspace.views.skeleton import skeleton
from workspace.views.source import EMPTY, Rendered, Source, decoded, render
from workspace.views.targeted import targeted

Mode = Literal["raw", "skeleton", "curated", "outline"]
"""What can be asked for."""

MODES: Final[tuple[Mode, ...]] = get_args(Mode)

PYTHON_SUFFIXES: Final = (".py", ".pyi", ".pyw")

_DRAWN: Final[Mapping[str, tuple[Callable[[Source], bytes], bool]]] = {
    "skeleton": (skeleton, False),
    "curated": (curated, True),
    "outline": (outline, False),
}
"""Who draws a mode, and whether it also keeps what does not parse."""


class SourceView(msgspec.Struct, frozen=True):
    """A view as it is shown, and what became of the file on the way."""

    mode: str
    """What it is: ``raw``, ``skeleton``, ``curated``, ``outline``, ``targeted`` or ``excerpt``."""
    content: bytes
    """In the file's own encoding, with its own line ends."""
    note: str
    """What a reader must know (errors, why it is an excerpt); empty if all is as asked."""
    encoding: str
    """The codec of `content`: the file's own, or UTF-8 if the file cannot be read by its own."""
    original_bytes: int
    original_tokens: int
    """Estimated, as all tokens here."""
    tokens: int

    @property
    def text(self) -> str:
        r"""Return `content` as text; bytes that are no text are shown as ``\xff``."""
        return self.content.decode(self.encoding, "backslashreplace").removeprefix("\ufeff")

    @property
    def sizes(self) -> str:
        """Return both sizes in words: ``1,204 tokens of 23,919 (99,661 bytes)``."""
        return f"{self.tokens:,} tokens of {self.original_tokens:,} ({self.original_bytes:,} bytes)"

    def of(self, file: bytes) -> "SourceView":
        """Return the view with the sizes of `file`, which it was made of, if secrets are hidden."""
        size, tokens = len(file), estimate_tokens(file)
        return replace(self, original_bytes=size, original_tokens=tokens)


def view_of(
    source: bytes,
    mode: Mode = "skeleton",
    symbols: Sequence[str] = (),
    *,
    path: str = "",
    limit_bytes: int = EXCERPT_BYTES,
) -> SourceView:
    """Return the view of a file: the targeted one if `symbols` are given, else the one of `mode`.

    Pure: equal arguments give equal views in every process. `path` only tells whether the file is
    Python (no path: it is). Of other files there is ``raw`` and, for every other mode, head and
    tail of at most `limit_bytes`; so it is with files that cannot be parsed.

    Raises:
        SymbolUnknownError: a symbol is not defined in the file, or the file is not Python.
    """
    python = is_python(source, path)
    if symbols and not python:
        raise SymbolUnknownError(symbols[0], ())
    if symbols:
        name = "targeted"
        rendered = render(source, lambda parsed: targeted(parsed, symbols))
    elif mode == "raw":
        name, rendered = mode, raw(source)
    elif python:
        name = mode
        draw, whole = _DRAWN[mode]
        rendered = render(source, draw, whole=whole)
    else:
        return excerpt_of(source, f"it is not Python, so it has no {mode} view", limit_bytes)
    return _view(source, name, rendered)


def excerpt_of(source: bytes, reason: str, limit_bytes: int = EXCERPT_BYTES) -> SourceView:
    """Return head and tail of a file, together at most `limit_bytes`, with the reason for it."""
    rendered = Rendered(excerpt(source, reason, limit_bytes), reason, excerpted=True)
    return _view(source, "excerpt", rendered)


def _view(source: bytes, name: str, rendered: Rendered) -> SourceView:
    found = decoded(source)
    return SourceView(
        mode="excerpt" if rendered.excerpted else name,
        content=rendered.content,
        note=rendered.note,
        encoding="utf-8" if isinstance(found, str) else found[0],
        original_bytes=len(source),
        original_tokens=estimate_tokens(source),
        tokens=estimate_tokens(rendered.content),
    )


def raw(source: bytes) -> Rendered:
    """Return the file as it is; of a binary one only a remark that says so."""
    if b"\0" in source:
        note = "it is binary"
        return Rendered(excerpt(source, note), note, excerpted=True)
    found = decoded(source)
    return Rendered(source, found if isinstance(found, str) else "" if source else EMPTY)


def is_python(source: bytes, path: str) -> bool:
    """Return whether a file is Python, by its suffix, else by a ``#!`` line that names python.

    Without a path it is taken to be.
    """
    if not path or path.endswith(PYTHON_SUFFIXES):
        return True
    first = source[:128].split(b"\n", 1)[0]
    return first.startswith(b"#!") and b"python" in first
