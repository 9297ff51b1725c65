"""All of the standard library, against `ast` alone."""

import ast
import gc
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from workspace.tokens import estimate_tokens
from workspace.views import get_skeleton_view
from workspace.views.curated import curated
from workspace.views.skeleton import skeleton
from workspace.views.source import Source, render

LIBRARY = Path(sysconfig.get_path("stdlib"))
TESTS = {"test", "tests", "idle_test"}
FILES = sorted(
    path
    for path in LIBRARY.rglob("*.py")
    if not {"site-packages", "dist-packages"} & set(path.relative_to(LIBRARY).parts)
)
PARTS = 4

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture
def _no_collection() -> Iterator[None]:
    """Make trees without looking for cycles in them all the while, which takes a third of it."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collection")
@pytest.mark.parametrize("part", range(PARTS))
def test_views_parse_and_have_what_ast_sees(part: int) -> None:
    checked = 0
    for path in FILES[part::PARTS]:
        source = path.read_bytes()
        short, long = drawn(source)
        tree = parsed(source)
        if tree is None:  # some files of the test suite are broken on purpose
            continue
        reduced, hidden = parsed(short), parsed(long)
        assert reduced is not None, path
        assert hidden is not None, path
        assert sorted(docstrings(hidden)) == sorted(docstrings(tree)), path
        expected = list(signatures(tree.body))
        assert list(signatures(reduced.body)) == expected, path
        assert list(signatures(hidden.body)) == expected, path
        checked += 1
    assert checked >= len(FILES) // PARTS - 20


def test_the_skeleton_is_a_small_part_of_the_library() -> None:
    """The thresholds are what `benchmarks/views.py` measured, with a little room."""
    whole = kept = 0
    shares = []
    for path in FILES:
        if not TESTS & set(path.relative_to(LIBRARY).parts):
            source = path.read_bytes()
            size, small = estimate_tokens(source), estimate_tokens(get_skeleton_view(source))
            whole, kept = whole + size, kept + small
            if size >= 2000:
                shares.append(small / size)
    assert kept / whole < 0.086
    assert sum(share < 0.15 for share in shares) / len(shares) > 0.88


@pytest.mark.parametrize("name", ["argparse.py", "typing.py", "turtle.py", "_pydecimal.py"])
def test_the_skeleton_of_a_large_file_is_under_15_percent(name: str) -> None:
    path = LIBRARY / name
    if not path.exists() or path.stat().st_size < 20_000:
        pytest.skip(f"this Python has no {name} of size")
    source = path.read_bytes()
    assert estimate_tokens(get_skeleton_view(source)) < 0.15 * estimate_tokens(source)


def drawn(content: bytes) -> tuple[bytes, str]:
    """Return the skeleton and, without a remark on errors, the curated view, from one parse."""
    long: list[str] = []

    def draw(source: Source) -> bytes:
        long.append(curated(source).decode())
        return skeleton(source)

    return render(content, draw).content, "".join(long)


def parsed(source: bytes | str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            return None


def signatures(nodes: list[ast.stmt]) -> Iterator[str]:
    """Yield the definitions outside of functions but for their bodies, which are emptied."""
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                node.body, node.type_comment = [], None
                yield ast.dump(node)
            case ast.ClassDef(body=body):
                node.body = []
                yield ast.dump(node)
                yield from signatures(body)
                yield f"end of {node.name}"
            case _:
                for block in blocks(node):
                    yield from signatures(block)


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements in a statement, in their order."""
    for clause in getattr(node, "cases", ()):
        yield clause.body
    if isinstance(node, ast.stmt | ast.Module):
        yield getattr(node, "body", [])
        for clause in getattr(node, "handlers", ()):
            yield clause.body
        yield getattr(node, "orelse", [])
        yield getattr(node, "finalbody", [])


def docstrings(tree: ast.Module) -> Iterator[str]:
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        for block in blocks(node):
            nodes += block
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            said = ast.get_docstring(node, clean=False)
            if said is not None:
                yield said
