"""Views of files with a cache in front: the same bytes are parsed once in a process."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from workspace.reading import read_file
from workspace.views import Mode, SourceView, is_python, view_of

CACHE_BYTES: Final = 64 * 1024 * 1024
"""What the views of one cache may hold together, unless told otherwise."""

_Key = tuple[bytes, str, tuple[str, ...], bool]


class ASTParser:
    """The views of files, kept by the hash of their content.

    Safe to share between threads: views are frozen, tree-sitter's parser is one a thread, and a
    view that two threads need at the same moment is made twice rather than waited for. The least
    recently used views go first when the cache is full.
    """

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        """Keep views of at most `limit_bytes` together."""
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._views: OrderedDict[_Key, SourceView] = OrderedDict()
        self._held_bytes = 0

    def view(
        self,
        file: bytes | Path,
        mode: Mode = "skeleton",
        symbols: Sequence[str] = (),
        *,
        path: str = "",
    ) -> SourceView:
        """Return the view of a file, given as its content or as its path; see `views.view_of`.

        Raises:
            FileUnreadableError: the path names no regular file that can be read.
            SymbolUnknownError: a symbol is not defined in the file.
        """
        if isinstance(file, Path):
            path = path or file.name
            file = read_file(file)
        key = (hashlib.sha256(file).digest(), mode, tuple(symbols), is_python(file, path))
        with self._lock:
            if found := self._views.get(key):
                self._views.move_to_end(key)
                return found
        made = view_of(file, mode, symbols, path=path)
        with self._lock:
            self._held_bytes += 0 if key in self._views else len(made.content)
            self._views[key] = made
            while self._held_bytes > self._limit_bytes:
                _, dropped = self._views.popitem(last=False)
                self._held_bytes -= len(dropped.content)
        return made

    def get_skeleton_view(self, file: bytes | Path) -> bytes:
        """Return the skeleton of a Python file; see `views.get_skeleton_view`."""
        return self.view(file).content

    get_skeleton = get_skeleton_view

    def get_curated_view(self, file: bytes | Path) -> bytes:
        """Return the curated view of a Python file; see `views.get_curated_view`."""
        return self.view(file, "curated").content

    def get_outline(self, file: bytes | Path) -> bytes:
        """Return the outline of a Python file; see `views.get_outline`."""
        return self.view(file, "outline").content

    def get_targeted_view(self, file: bytes | Path, symbols: Sequence[str]) -> bytes:
        """Return chosen definitions whole and the skeleton of the rest.

        Raises:
            SymbolUnknownError: a symbol is not defined in the file.
        """
        return self.view(file, symbols=symbols).content
