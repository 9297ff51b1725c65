"""The outline: one line a definition."""

from workspace.views.definitions import definitions, docstring_line
from workspace.views.source import Source, render


def get_outline(source: bytes) -> bytes:
    """Return a line for each definition outside of function bodies, in the order of the file.

    A line holds qualified name, kind, first and last line (decorators included) and, if there is
    one, the first line of the docstring: ``Shop.total method 12-30 Return the sum.`` What cannot
    be parsed becomes an excerpt, as with `get_skeleton_view`.
    """
    return render(source, outline).content


def outline(source: Source) -> bytes:
    """Return the outline as UTF-8."""
    lines = []
    for name, kind, outer, _, body in definitions(source):
        first, last = outer.start_point.row + 1, body.end_point.row + 1
        entry = f"{name} {kind} {first}-{last} {docstring_line(source, body)}".rstrip()
        lines.append(entry.encode() + source.newline)
    return b"".join(lines)
