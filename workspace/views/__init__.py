"""Reduced forms of source files: pure functions from bytes to a view, the same on every run.

What lives here: the skeleton (definitions without bodies), the curated view (docstrings and the
bodies that matter), the outline (one line a definition), the targeted view (chosen symbols whole)
and the excerpt (head and tail of what cannot be shown otherwise).

What it never does: open a file, keep anything between calls, run the code it reads.

Start with `view_of`; `workspace.file_cache.ASTParser` is the same with a cache in front.
"""

from workspace.views.curated import get_curated_view
from workspace.views.errors import FileUnreadableError, SymbolUnknownError, ViewError
from workspace.views.outline import get_outline
from workspace.views.skeleton import get_skeleton, get_skeleton_view
from workspace.views.source_view import MODES, Mode, SourceView, excerpt_of, is_python, view_of
from workspace.views.targeted import get_targeted_view

__all__ = [
    "MODES",
    "FileUnreadableError",
    "Mode",
    "SourceView",
    "SymbolUnknownError",
    "ViewError",
    "excerpt_of",
    "get_curated_view",
    "get_outline",
    "get_skeleton",
    "get_skeleton_view",
    "get_targeted_view",
    "is_python",
    "view_of",
]
