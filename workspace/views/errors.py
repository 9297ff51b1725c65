"""What the views refuse.

WorkspaceError
+-- ViewError                       a view cannot be had; nothing was changed
    +-- SymbolUnknownError          no definition of that name in the file
    +-- FileUnreadableError         the path names nothing that can be read as a file
"""

from collections.abc import Sequence

from workspace.errors import WorkspaceError


class ViewError(WorkspaceError):
    """A view of a source file cannot be had."""


class SymbolUnknownError(ViewError):
    """A definition was asked for that the file does not have."""

    def __init__(self, symbol: str, near: Sequence[str]) -> None:
        """Remember the symbol, and up to five names of the file that are like it."""
        self.symbol = symbol
        self.near = tuple(near)
        hint = f"did you mean {', '.join(near)}?" if near else "the file has no definitions"
        super().__init__(f"no definition {symbol!r} in the file; {hint}")


class FileUnreadableError(ViewError):
    """A path does not lead to a regular file that can be read, or the file is too large."""

    def __init__(self, path: str, reason: str) -> None:
        """Remember the path and why it cannot be read."""
        self.path = path
        self.reason = reason
        super().__init__(f"cannot view {path!r}: {reason}")
