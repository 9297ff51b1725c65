"""Views of the standard library without its tests: how small, and how fast.

Run it with ``python -P benchmarks/views.py``. Sizes are estimated tokens (`workspace.tokens`);
speed is CPU time against the bare parse of the same bytes by tree-sitter, the best of several
rounds that take turns, so that a busy machine slows all of them alike.
"""

import gc
import statistics
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from workspace.tokens import estimate_tokens
from workspace.views import get_curated_view, get_outline, get_skeleton_view
from workspace.views.grammar import parse

LARGE_TOKENS = 2000
ROUNDS = 5
LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idle_test"}
LARGEST = ("argparse.py", "typing.py", "turtle.py", "_pydecimal.py")

VIEWS: dict[str, Callable[[bytes], bytes]] = {
    "skeleton": get_skeleton_view,
    "curated": get_curated_view,
    "outline": get_outline,
}


def main() -> None:
    library = Path(sysconfig.get_path("stdlib"))
    files = [
        path
        for path in sorted(library.rglob("*.py"))
        if not LEFT_OUT & set(path.relative_to(library).parts)
    ]
    sources = [path.read_bytes() for path in files]
    sizes = [estimate_tokens(source) for source in sources]
    print(f"{len(files)} files, {sum(map(len, sources)):,} bytes, {sum(sizes):,} tokens\n")
    speeds = measured(sources)
    tenths = {}
    print(f"{'view':10} {'of all':>7} {'of bytes':>9} {'files < 15 %':>13} {'of the parse':>13}")
    for name, draw in VIEWS.items():
        drawn = [draw(source) for source in sources]
        small = [estimate_tokens(view) for view in drawn]
        large = [
            part / size for part, size in zip(small, sizes, strict=True) if size >= LARGE_TOKENS
        ]
        under = sum(share < 0.15 for share in large) / len(large)
        of_bytes = sum(map(len, drawn)) / sum(map(len, sources))
        print(
            f"{name:10} {sum(small) / sum(sizes):7.1%} {of_bytes:9.1%} {under:13.1%}"
            f" {speeds['parse'] / speeds[name]:12.2f}x"
        )
        tenths[name] = " ".join(f"{share:.1%}" for share in statistics.quantiles(large, n=10))
    megabytes = sum(map(len, sources)) / 1e6
    print(f"\nbare parse: {megabytes / speeds['parse']:.1f} MB/s of CPU time")
    print(f"skeletons of files of {LARGE_TOKENS:,} tokens and more, tenths: {tenths['skeleton']}")
    for path, source, size in zip(files, sources, sizes, strict=True):
        if path.parent == library and path.name in LARGEST:
            print(f"{path.name:16} {estimate_tokens(get_skeleton_view(source)) / size:.1%}")


def measured(sources: Sequence[bytes]) -> dict[str, float]:
    """Return the seconds of CPU time that the parse and each view take over all sources."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, draw in {"parse": parse, **VIEWS}.items():
            gc.collect()
            begun = time.process_time()
            for source in sources:
                draw(source)
            best[name] = min(best.get(name, 1e9), time.process_time() - begun)
    return best


if __name__ == "__main__":
    main()
