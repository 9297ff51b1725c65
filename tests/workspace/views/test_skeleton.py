"""The skeleton, snippet by snippet."""

import textwrap

import pytest

from workspace.views import get_skeleton, get_skeleton_view

# One row: what is shown, a snippet, its skeleton. Snippets are dedented.
SNIPPETS = {
    "a function": ("def f(a, b=1):\n    return a", "def f(a, b=1): pass\n"),
    "annotations": (
        "def f(a: int, *b: str, c: 'X' = 1, **d: bool) -> list[int]:\n    return a",
        "def f(a: int, *b: str, c: 'X' = 1, **d: bool) -> list[int]: pass\n",
    ),
    "positional only and keyword only (3.8)": (
        "def f(a, /, b, *, c): ...",
        "def f(a, /, b, *, c): pass\n",
    ),
    "a one-line definition": ("def f(): return 1; x = 2", "def f(): pass\n"),
    "no space before a one-line body": ("def f():pass", "def f(): pass\n"),
    "async": ("async def f():\n    await g()", "async def f(): pass\n"),
    "a nested function goes with its body": (
        "def f():\n    def g():\n        pass\n    class C:\n        pass\n    return g",
        "def f(): pass\n",
    ),
    "a function with a docstring": ('def f():\n    """Doc."""', "def f(): pass\n"),
    "a signature over several lines": (
        "def f(\n    a,  # first\n    b=[1,\n       2],\n) -> dict[\n    str, int\n]:\n    return",
        "def f(a, b=[1, 2]) -> dict[str, int]: pass\n",
    ),
    "a comment after the colon": (
        "def f():  # type: ignore\n    # why\n    x = 1",
        "def f(): pass\n",
    ),
    "a comment on its own before the body": (
        "def f(\n a):\n\n  # why\n  x\ndef g(a: int  # why:\n ): x\nclass A:  #: why\n  b: c",
        "def f(a): pass\ndef g(a: int): pass\nclass A: b: c\n",
    ),
    "strings in a signature over several lines": (
        "def f(a='x',\n      b=('y', 1,\n         ), *,\n\n      c=f'{1}', d='\\n'\n      ): pass",
        "def f(a='x', b=('y', 1,), *, c=f'{1}', d='\\n'): pass\n",
    ),
    "tuples in a signature over several lines": (
        "def f(a=(1,\n  ),\n  b=(\n    2, 3\n  )\n): pass",
        "def f(a=(1,), b=(2, 3)): pass\n",
    ),
    "strings in a signature of plain lines": (
        "def f(a='x', b='(',\n  c=[\n    1, 2\n  ], d=(3\n  )): pass",
        "def f(a='x', b='(', c=[1, 2], d=(3)): pass\n",
    ),
    "a hash in a default": ("def f(a='#'):\n    pass", "def f(a='#'): pass\n"),
    "a string of several lines as default": (
        "def f(a='''x\n  y''', b=1):\n    pass",
        "def f(a='''x\n  y''', b=1): pass\n",
    ),
    "a continued line": ("def f(a, \\\n      b): \\\n    pass", "def f(a, b): pass\n"),
    "a lambda as default": (
        "def f(key=lambda x: {1: x}[1]): pass",
        "def f(key=lambda x: {1: x}[1]): pass\n",
    ),
    "an f-string as default": (
        "def f(a=f'{x!r:>{y}} {{}}'): pass",
        "def f(a=f'{x!r:>{y}} {{}}'): pass\n",
    ),
    "an f-string with nested quotes (3.12)": (
        "def f(a=f'{x['k']}'): pass",
        "def f(a=f'{x['k']}'): pass\n",
    ),
    "a walrus in a default (3.8)": ("def f(a=(b := 1)): pass", "def f(a=(b := 1)): pass\n"),
    "a tuple of one in a default keeps its comma": (
        "def f(\n    a=(1,),\n): pass",
        "def f(a=(1,)): pass\n",
    ),
    "type parameters (3.12)": (
        "def f[T: (int, str), *Ts, **P](a: T) -> T: pass",
        "def f[T: (int, str), *Ts, **P](a: T) -> T: pass\n",
    ),
    "type parameters with defaults (3.13)": (
        "def f[T = int, *Ts = *tuple[int]](): pass\nclass A[T: int = bool]: pass",
        "def f[T = int, *Ts = *tuple[int]](): pass\nclass A[T: int = bool]: pass\n",
    ),
    "a starred annotation (3.11)": ("def f(*a: *Ts): pass", "def f(*a: *Ts): pass\n"),
    "names that are soft keywords": (
        "def match(type, case, _): pass\nmatch = type = case = 1",
        "def match(type, case, _): pass\nmatch=type=case=...\n",
    ),
    "names beyond ASCII": (
        "def größe(π, 名='ü'): pass\nclass Ünï: pass",
        "def größe(π, 名='ü'): pass\nclass Ünï: pass\n",
    ),
    "an empty class": ("class A: pass", "class A: pass\n"),
    "a class of a docstring alone": ("class A:\n    '''Doc.'''", "class A: pass\n"),
    "bases and keywords": (
        "class A(B, C[int], metaclass=M, **kw):\n    def f(self): pass",
        "class A(B, C[int], metaclass=M, **kw):\n def f(self): pass\n",
    ),
    "bases over several lines": (
        "class A(\n    B,  # why\n    C,\n):\n    x = 1",
        "class A(B, C): x=...\n",
    ),
    "a generic class (3.12)": ("class A[T](B[T]): pass", "class A[T](B[T]): pass\n"),
    "a class in a class": (
        "class A:\n    class B:\n        def f(self):\n            return 1\n    def g(self): pass",
        "class A:\n class B:\n  def f(self): pass\n def g(self): pass\n",
    ),
    "a class on one line": ("class A: x = 1; y: int = 2", "class A:\n x=...\n y: int = 2\n"),
    "tabs": ("class A:\n\tdef f(self):\n\t\treturn 1", "class A:\n def f(self): pass\n"),
    "a form feed": ("\f\nclass A:\n\f    def f(self): pass", "class A:\n def f(self): pass\n"),
    "decorators": (
        "@a\n@b.c(1, k=2)\ndef f(): pass",
        "@a\n@b.c(1, k=2)\ndef f(): pass\n",
    ),
    "comments between decorators": (
        "@a  # one\n# two\n\n@b(\n    1,\n    # three\n)\n# four\nclass C: pass",
        "@a\n@b(1)\nclass C: pass\n",
    ),
    "a decorator that is an expression (3.9)": (
        "@(lambda f: f)\n@x[0].y\n@(z := w)\ndef f(): pass",
        "@(lambda f: f)\n@x[0].y\n@(z := w)\ndef f(): pass\n",
    ),
    "a property and its setter": (
        "class A:\n  @property\n  def x(self): return 1\n  @x.setter\n  def x(self, v): pass",
        "class A:\n @property\n def x(self): pass\n @x.setter\n def x(self, v): pass\n",
    ),
    "overloads": (
        "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str): ...\ndef f(a): return a",
        "@overload\ndef f(a: int) -> int: pass\n@overload\ndef f(a: str): pass\ndef f(a): pass\n",
    ),
    "imports": (
        "import os, sys as s  # why\nfrom . import a\nfrom ..b import *\nfrom c import (d)",
        "import os, sys as s\nfrom . import a\nfrom ..b import *\nfrom c import d\n",
    ),
    "imports that follow each other": (
        "import a\n# why\nfrom m import b\nimport c as d\nfrom m import (e,\n f)\nfrom m import *",
        "import a, c as d\nfrom m import b, e, f\nfrom m import *\n",
    ),
    "imports from packages around": (
        "from . import g\nfrom . import h\nfrom .import i\nfrom ..import j",
        "from . import g, h\nfrom .import i\nfrom ..import j\n",
    ),
    "imports around a definition": (
        "import a\ndef f(): pass\nimport b",
        "import a\ndef f(): pass\nimport b\n",
    ),
    "an import with a comma that Python refuses": (
        "from a import b,\nimport c,",
        "from a import b\nimport c\n",
    ),
    "imports over several lines": (
        "from a import (\n    b,  # why\n    c as d,\n)\nimport e, \\\n    f",
        "from a import b, c as d\nimport e, f\n",
    ),
    "imports from the future": (
        '"""Doc."""\nfrom __future__ import (annotations,\n  division)',
        "from __future__ import annotations, division\n",
    ),
    "statements on one line": (
        "import a; b = 1; import c; d = 2",
        "import a, c\nb=d=...\n",
    ),
    "names together, once, where the first is": (
        "import a\nX = [1, 2]\nY = 3\ndef f(): pass\nX = 4\n_z = W = 5",
        "import a\nX=Y=_z=W=...\ndef f(): pass\n",
    ),
    "unpacked names": (
        "a, (b, *c) = d = 1\n[e, x.y, f] = 2\n*g, = 3",
        "a=b=c=d=e=f=g=...\n",
    ),
    "what is assigned to is no name": (
        "a.b = 1\nc[0] = 2\nd.e: int = 3\nf += 1\n(g := 2)\nh = 1",
        "h=...\n",
    ),
    "annotated names": (
        "a: int\nb: str = 'x'\nc: list[int] = [1, 2, 3, 4, 5, 6, 7, 8, 9]",
        "a: int\nb: str = 'x'\nc: list[int] = ...\n",
    ),
    "an annotation over several lines": (
        "a: dict[\n    str,\n    int,\n] = {  # why\n}",
        "a: dict[str, int,] = {}\n",
    ),
    "fields of a data class": (
        "@dataclass\nclass A:\n    x: int\n    y: list = field(default_factory=list, repr=False)",
        "@dataclass\nclass A:\n x: int\n y: list = ...\n",
    ),
    "members of an enumeration": (
        "class C(Enum):\n    RED = 1\n    BLUE = auto()",
        "class C(Enum): RED=BLUE=...\n",
    ),
    "type aliases (3.12)": (
        "type X = int\ntype Y[T] = dict[str, list[tuple[T, T, T, T]]]\ntype = 1",
        "type X = int\ntype Y[T] = ...\ntype=...\n",
    ),
    "TYPE_CHECKING": (
        "if TYPE_CHECKING:  # why\n    from a import b\n    C = int\nelse:\n    C = str",
        "if TYPE_CHECKING: from a import b\nC=...\n",
    ),
    "an import that may fail": (
        "try:\n    import a\nexcept ImportError:\n    a = None\nelse:\n    x()\nfinally:\n    pass",
        "try: import a\nexcept ImportError: pass\na=...\n",
    ),
    "a try with a finally alone": (
        "try:\n    import a\nfinally:\n    x()",
        "try: import a\nfinally: pass\n",
    ),
    "except groups (3.11)": (
        "try:\n    pass\nexcept* E as e:\n    def f(): pass",
        "try: pass\nexcept* E as e:\n def f(): pass\n",
    ),
    "except without parentheses (3.14)": (
        "try:\n    import a\nexcept A, B:\n    import b",
        "try: import a\nexcept A, B: import b\n",
    ),
    "a template string (3.14)": ("def f(a=t'{x}'): pass", "def f(a=t'{x}'): pass\n"),
    "conditional definitions": (
        "if a:\n    def f(): return 1\nelif b: x()\nelse:\n    def f(): return 2",
        "if a:\n def f(): pass\nelif b: pass\nelse:\n def f(): pass\n",
    ),
    "a condition over several lines": (
        "if (a and  # why\n        b):\n    import c",
        "if (a and b): import c\n",
    ),
    "an if without definitions or imports": ("if a:\n    x = 1\nelse:\n    print(2)", "x=...\n"),
    "the guard of a script": (
        "if __name__ == '__main__':\n    x = 1\n    import a\n    main()",
        "if __name__ == '__main__': import a\n",
    ),
    "a loop": (
        "for a in b:\n    c = 1\n    def f(): pass\nelse:\n    pass\nwhile d:\n    e = 2",
        "for a in b:\n def f(): pass\n",
    ),
    "a with statement (3.9)": (
        "with (a as b, c):\n    x = 1\n    def f(): pass",
        "with (a as b, c):\n def f(): pass\nx=...\n",
    ),
    "a match statement (3.10)": (
        "match a:\n  case {'k': [1, *_], **rest} if rest:\n    def f(): pass\n  case _:\n    y = 2",
        "match a:\n case {'k': [1, *_], **rest} if rest:\n  def f(): pass\ny=...\n",
    ),
    "async with and for, at the top as a notebook may": (
        "async with a:\n    def f(): pass\nasync for b in c:\n    def g(): pass",
        "async with a:\n def f(): pass\nasync for b in c:\n def g(): pass\n",
    ),
    "a conditional method": (
        "class A:\n    if x:\n        def f(self): pass\n    y = 1",
        "class A:\n if x:\n  def f(self): pass\n y=...\n",
    ),
    "other statements": ("print(1)\ndel a\nassert b\nglobal c\nraise d\n'''e'''\n1\npass", None),
    "the last line without an end": ("def f(): pass", "def f(): pass\n"),
    "a line that goes on after a backslash in an if": (
        "if a and \\\n   b:\n    import c",
        "if a and b: import c\n",
    ),
    "a return annotation that is a string": (
        "def f(self) -> 'dict[str, #]':\n    pass",
        "def f(self) -> 'dict[str, #]': pass\n",
    ),
    "print and exec as names": (
        "def print(exec): pass\nprint = exec = 1",
        "def print(exec): pass\nprint=exec=...\n",
    ),
}
NOTHING = "# trackside: nothing to show: the file defines, imports and assigns nothing\n"


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_skeleton_of(name: str) -> None:
    snippet, expected = SNIPPETS[name]
    source = textwrap.dedent(snippet).encode()
    assert get_skeleton_view(source).decode() == (NOTHING if expected is None else expected)


@pytest.mark.parametrize("newline", [b"\r\n", b"\r"])
@pytest.mark.parametrize("name", SNIPPETS)
def test_line_ends_are_those_of_the_file(name: str, newline: bytes) -> None:
    source = SNIPPETS[name][0].encode() + b"\n"
    expected = get_skeleton_view(source).replace(b"\n", newline)
    assert get_skeleton_view(source.replace(b"\n", newline)) == expected


def test_a_carriage_return_alone_ends_a_line_among_others() -> None:
    assert get_skeleton_view(b"def f(a,\r b):\n  x\rdef g(): pass\n") == (
        b"def f(a, b): pass\ndef g(): pass\n"
    )


def test_there_are_sixty_snippets_and_more() -> None:
    assert len(SNIPPETS) >= 60


def test_the_short_name_is_the_same_function() -> None:
    assert get_skeleton is get_skeleton_view


def test_classes_nested_deeper_than_python_takes_are_cut_off_with_a_note() -> None:
    source = (
        b"".join(b" " * depth + b"class A:\n" for depth in range(130)) + b" " * 130 + b"x = 1\n"
    )
    lines = get_skeleton_view(source).splitlines()
    assert lines[0].startswith(b"# trackside: does not parse at line ")
    assert len(lines) == 102


def test_conditions_nested_deeper_than_python_takes_are_cut_off_with_a_note() -> None:
    source = (
        b"".join(b" " * depth + b"if a:\n" for depth in range(130)) + b" " * 130 + b"import b\n"
    )
    assert get_skeleton_view(source).startswith(b"# trackside: does not parse at line ")
