"""The cache of views."""

import threading
from pathlib import Path

import pytest

from workspace.file_cache import ASTParser
from workspace.views import (
    SymbolUnknownError,
    get_curated_view,
    get_outline,
    get_skeleton_view,
    get_targeted_view,
)

SOURCE = b"class A:\n    'Doc.'\n    def f(self):\n        return 1\n\ndef g(): pass\n"


def test_the_methods_give_what_the_functions_give(tmp_path: Path) -> None:
    parser = ASTParser()
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    for file in (SOURCE, path):
        assert parser.get_skeleton_view(file) == get_skeleton_view(SOURCE)
        assert parser.get_skeleton(file) == get_skeleton_view(SOURCE)
        assert parser.get_curated_view(file) == get_curated_view(SOURCE)
        assert parser.get_outline(file) == get_outline(SOURCE)
        assert parser.get_targeted_view(file, ["A.f"]) == get_targeted_view(SOURCE, ["A.f"])


def test_the_same_content_is_viewed_once_whatever_its_path(tmp_path: Path) -> None:
    parser = ASTParser()
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    assert parser.view(path) is parser.view(SOURCE) is parser.view(SOURCE, path="b.py")
    assert parser.view(SOURCE, "curated") is not parser.view(SOURCE)
    path.write_bytes(SOURCE + b"x = 1\n")
    assert parser.view(path).content.endswith(b"x=...\n")


def test_a_file_that_is_not_python_is_another_view() -> None:
    parser = ASTParser()
    assert parser.view(SOURCE, path="a.txt").mode == "excerpt"
    assert parser.view(SOURCE, path="a.py").mode == "skeleton"


def test_the_least_recently_used_view_goes_first() -> None:
    parser = ASTParser(limit_bytes=40)
    first, second, third = (b"def %s(): x\n" % name for name in (b"aaa", b"bbb", b"ccc"))
    kept = parser.view(first)
    gone = parser.view(second)
    assert parser.view(first) is kept
    parser.view(third)
    assert parser.view(first) is kept
    assert parser.view(second) is not gone
    assert parser.view(second) == gone


def test_a_view_larger_than_the_cache_is_made_and_not_kept() -> None:
    parser = ASTParser(limit_bytes=1)
    assert parser.view(SOURCE) == parser.view(SOURCE)
    assert parser.view(SOURCE) is not parser.view(SOURCE)


def test_an_unknown_symbol_is_refused_each_time() -> None:
    parser = ASTParser()
    for _ in range(2):
        with pytest.raises(SymbolUnknownError):
            parser.get_targeted_view(SOURCE, ["h"])


def test_threads_share_a_cache() -> None:
    parser = ASTParser(limit_bytes=2000)
    sources = [b"def f%d():\n    return %d\n" % (number, number) for number in range(40)] * 5
    expected = [get_skeleton_view(source) for source in sources]
    seen: list[list[bytes]] = [[] for _ in range(4)]

    def read(into: list[bytes]) -> None:
        into.extend(parser.get_skeleton_view(source) for source in sources)

    threads = [threading.Thread(target=read, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [expected] * 4
