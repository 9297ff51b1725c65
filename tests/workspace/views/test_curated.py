"""The curated view: what stays byte for byte, and what is hidden."""

import textwrap

import pytest

from workspace.views import get_curated_view

# One row: what is shown, a snippet, its curated view; None: it stays as it is.
SNIPPETS: dict[str, tuple[str, str | None]] = {
    "a body": ("def f(a):\n    x = 1\n    return x\n", "def f(a):\n    ... # Hidden\n"),
    "a body after a docstring": (
        'def f(a):\n    """Doc.\n\n    More.\n    """\n    return a\n',
        'def f(a):\n    """Doc.\n\n    More.\n    """\n    ... # Hidden\n',
    ),
    "a docstring alone": ("def f():\n    'doc'\n", "def f():\n    'doc'\n    ... # Hidden\n"),
    "a docstring in parentheses": (
        "def f():\n    (  # why\n     'doc' u'two')\n    x\n",
        "def f():\n    (  # why\n     'doc' u'two')\n    ... # Hidden\n",
    ),
    "strings that are no docstring": (
        (
            "def f():\n    f'a'\ndef g():\n    b'a'\ndef h():\n    'a' + 'b'\n"
            "def i():\n    'a', 'b'\n"
            "def j():\n    'a' f'b'\ndef k():\n    x\n    'a'\ndef l():\n    ()\n"
        ),
        (
            "def f():\n    ... # Hidden\ndef g():\n    ... # Hidden\ndef h():\n    ... # Hidden\n"
            "def i():\n    ... # Hidden\ndef j():\n    ... # Hidden\ndef k():\n    ... # Hidden\n"
            "def l():\n    ... # Hidden\n"
        ),
    ),
    "one line": ("def f(): return 1\n", "def f(): ... # Hidden\n"),
    "one line with a comment": ("def f(): return 1  # c\n", "def f(): ... # Hidden\n"),
    "one line with a docstring": ("def f(): 'doc'; return 1\n", "def f(): 'doc'; ... # Hidden\n"),
    "a body after a backslash": (
        "def f(): \\\n    return 1\n",
        "def f(): \\\n    ... # Hidden\n",
    ),
    "comments in the body": (
        "def f():  # kept\n    # lead\n    return 1  # trail\n    # last\n# outside\nx = 1\n",
        "def f():  # kept\n    ... # Hidden\n# outside\nx = 1\n",
    ),
    "comments before a docstring": (
        "def f():\n    # lead\n    'doc'\n    return 1\n",
        "def f():\n    # lead\n    'doc'\n    ... # Hidden\n",
    ),
    "a hash in the header": (
        "def f(a='#:') -> {'#': 1}:\n    return 1\n",
        "def f(a='#:') -> {'#': 1}:\n    ... # Hidden\n",
    ),
    "tabs": ("class A:\n\tdef f(self):\n\t\tx\n", "class A:\n\tdef f(self):\n\t\t... # Hidden\n"),
    "a class": (
        (
            "class A(B):\n    'Doc.'\n\n    x = [1,\n         2]  # c\n\n    @property\n"
            "    async def f(self):\n        return 1\n\n    class C:\n        def g(self): x\n"
        ),
        (
            "class A(B):\n    'Doc.'\n\n    x = [1,\n         2]  # c\n\n    @property\n"
            "    async def f(self):\n        ... # Hidden\n\n    class C:\n"
            "        def g(self): ... # Hidden\n"
        ),
    ),
    "code of the module": (
        "#!/usr/bin/python\n'''Doc.'''\nimport a\nx = {\n  1: 2}\nfor b in x:\n    print(b)\n",
        None,
    ),
    "definitions in statements": (
        (
            "if a:\n    def f():\n        x\nelse:\n    try:\n        b\n    except E:\n"
            "        def g(): y\nmatch c:\n    case 1:\n        def h():\n            z\n"
        ),
        (
            "if a:\n    def f():\n        ... # Hidden\nelse:\n    try:\n        b\n    except E:\n"
            "        def g(): ... # Hidden\nmatch c:\n    case 1:\n        def h():\n"
            "            ... # Hidden\n"
        ),
    ),
    "core logic": ("@core_logic\ndef f():\n    # all\n    return 1\n", None),
    "core logic, called": ("@a\n@core_logic('why')\ndef f():\n    return 1\n", None),
    "core logic of a module": ("class A:\n    @x.y.core_logic\n    def f(self): return 1\n", None),
    "core logic of an object, called twice": ("@x().core_logic()()\ndef f(): return 1\n", None),
    "what only looks like core logic": (
        (
            "@core_logic_not\n@core_logic.x\n@f(core_logic)\ndef f():\n"
            "    'core_logic'\n    return 1\n"
        ),
        (
            "@core_logic_not\n@core_logic.x\n@f(core_logic)\ndef f():\n"
            "    'core_logic'\n    ... # Hidden\n"
        ),
    ),
    "a comment between decorators is no decorator": (
        "@a\n# core_logic\ndef f(): return 1\n",
        "@a\n# core_logic\ndef f(): ... # Hidden\n",
    ),
    "a hot comment": ("def f():\n    # [HOT] inner loop\n    return 1\n", None),
    "a hot comment beside a statement": ("def f():\n    return 1  # [HOT]\n", None),
    "a hot comment beside the header": ("def f():  #[HOT]\n    return 1\n", None),
    "a hot comment beside one line": ("def f(): return 1  # [HOT]", None),
    "a hot comment at the end": ("def f():\n    return 1\n    # [HOT]\n\nx = 1\n", None),
    "a hot comment in a nested function": (
        "def f():\n    def g():\n        x  # [HOT]\n    return g\n",
        None,
    ),
    "what only looks hot": (
        "# [HOT]\ndef f():\n    return '# [HOT]'\n# see [HOT]\ndef g():\n    # not [HOT]\n    x\n",
        "# [HOT]\ndef f():\n    ... # Hidden\n# see [HOT]\ndef g():\n    ... # Hidden\n",
    ),
    "a nested function without docstring": (
        "def f():\n    def g():\n        return 1\n    return g\n",
        "def f():\n    ... # Hidden\n",
    ),
    "a nested function with a docstring": (
        (
            "def f():\n    'Doc.'\n    x = 1\n    @d\n    def g():\n"
            "        'Inner.'\n        return 1\n"
            "    # c\n    return g\n"
        ),
        (
            "def f():\n    'Doc.'\n    ... # Hidden\n    @d\n    def g():\n        'Inner.'\n"
            "        ... # Hidden\n    ... # Hidden\n"
        ),
    ),
    "a nested function of core logic": (
        "def f():\n    @core_logic\n    def g():\n        return 1\n    return g\n",
        "def f():\n    @core_logic\n    def g():\n        return 1\n    ... # Hidden\n",
    ),
    "a nested class with a docstring, in a condition": (
        (
            "def f():\n    if a:\n        x = 1\n        class C:\n            'Doc.'\n"
            "            def m(self): return 1\n    elif b: y\n    else:  # c\n"
            "        z\n    return C\n"
        ),
        (
            "def f():\n    if a:\n        ... # Hidden\n        class C:\n            'Doc.'\n"
            "            def m(self): ... # Hidden\n    elif b: ... # Hidden\n    else:  # c\n"
            "        ... # Hidden\n    ... # Hidden\n"
        ),
    ),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_curated_view_of(name: str) -> None:
    snippet, expected = SNIPPETS[name]
    view = get_curated_view(textwrap.dedent(snippet).encode()).decode()
    assert view == (snippet if expected is None else expected)


@pytest.mark.parametrize("newline", [b"\r\n", b"\r"])
@pytest.mark.parametrize("name", SNIPPETS)
def test_line_ends_are_those_of_the_file(name: str, newline: bytes) -> None:
    source = SNIPPETS[name][0].encode()
    expected = get_curated_view(source).replace(b"\n", newline)
    assert get_curated_view(source.replace(b"\n", newline)) == expected


def test_definitions_nested_deeper_than_python_takes_are_hidden_or_left() -> None:
    deep = b"".join(b" " * depth + b"if a:\n" for depth in range(120)) + b" " * 120
    assert get_curated_view(deep + b"def f(): x\n") == deep + b"def f(): x\n"
    inner = b"".join(b" " * depth + b"class A:\n" for depth in range(120)) + b" " * 120
    assert get_curated_view(inner + b"def f(): x\n") == inner + b"def f(): x\n"


def test_what_does_not_parse_stays_and_is_told() -> None:
    source = b"def f():\n    return 1\nx = (\ndef g():\n    return 2\n"
    assert get_curated_view(source) == (
        b"# trackside: does not parse at line 3\n"
        b"def f():\n    ... # Hidden\nx = (\ndef g():\n    ... # Hidden\n"
    )


def test_a_function_without_a_body_is_told() -> None:
    assert get_curated_view(b"def f():\nreturn 1\n") == (
        b"# trackside: does not parse at line 1\ndef f():\nreturn 1\n"
    )
