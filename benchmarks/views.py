"""Views of the standard library without its tests: how small, and how fast.

Sizes are estimated tokens (`workspace.tokens`); speed is CPU time against the bare parse of the
same bytes by tree-sitter.
"""

import ast
import statistics
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Goal, Row, Task, in_turns, row_of
from workspace.tokens import estimate_tokens
from workspace.views import get_curated_view, get_outline, get_skeleton_view
from workspace.views.grammar import parse

LARGE_TOKENS = 2000
SMALL = 0.15
LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idle_test"}
VIEWS: dict[str, Callable[[bytes], bytes]] = {
    "skeleton": get_skeleton_view,
    "curated": get_curated_view,
    "outline": get_outline,
}


def rows(rounds: int, share: int = 1) -> list[Row]:
    """Measure every `share`-th file."""
    sources = [path.read_bytes() for path in _files()][::share]
    megabytes = sum(map(len, sources)) / 1e6

    def speed(draw: Callable[[bytes], object]) -> Task:
        def measured() -> float:
            began = time.process_time()
            for source in sources:
                draw(source)
            return megabytes / (time.process_time() - began)

        return measured

    tasks = {"limit": speed(parse), "ast.parse": speed(_parse_by_ast)}
    tasks |= {name: speed(draw) for name, draw in VIEWS.items()}
    figures = in_turns(rounds, tasks)
    return [
        row_of(
            f"views, {name}",
            "MB/s of CPU",
            {"limit": figures["limit"], "ours": figures[name], "ast.parse": figures["ast.parse"]},
            limit_is="the parse by tree-sitter",
            goal=Goal(">=", 0.9),
            note=_size_of(draw, sources),
        )
        for name, draw in VIEWS.items()
    ]


def _files() -> Iterator[Path]:
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        if not LEFT_OUT & set(path.relative_to(library).parts):
            yield path


def _parse_by_ast(source: bytes) -> None:
    try:
        ast.parse(source)
    except SyntaxError:  # some files of the library are broken on purpose
        return


def _size_of(draw: Callable[[bytes], bytes], sources: Sequence[bytes]) -> str:
    """Return what part of all tokens and bytes a view leaves, and how it does with large files.

    What the parts of a skeleton cost is in docs/views.md.
    """
    views = [draw(source) for source in sources]
    sizes = [
        (estimate_tokens(view), estimate_tokens(source))
        for view, source in zip(views, sources, strict=True)
    ]
    whole = sum(part for part, _ in sizes) / sum(size for _, size in sizes)
    of_bytes = sum(map(len, views)) / sum(map(len, sources))
    large = [part / size for part, size in sizes if size >= LARGE_TOKENS]
    under = sum(share < SMALL for share in large) / len(large)
    return (
        f"{whole:.1%} of all tokens ({of_bytes:.1%} of the bytes), {statistics.median(large):.1%}"
        f" of a usual large file, under {SMALL:.0%} of {under:.1%} of them"
    )
