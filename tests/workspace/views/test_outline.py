"""The outline: one line a definition."""

from workspace.views import get_outline

SOURCE = b'''"""Module."""

@a
@b
class Shop(Base):
    r"""Sells things.

    More.
    """

    class Till:
        pass

    async def open(self): 'Unlock.'

    @property
    def total(self) -> int:
        """

        The sum.\tIn cents.
        """
        def inner(): pass
        return 1

if x:
    def f():
        b"no docstring"
else:
    async def f(): pass
match x:
    case 1:
        def g():
            ("Gr\xc3\xb6\xc3\x9fe")
'''

EXPECTED = """\
Shop class 3-23 Sells things.
Shop.Till class 11-12
Shop.open async method 14-14 Unlock.
Shop.total method 16-23 The sum.\tIn cents.
f function 26-27
f async function 29-29
g function 32-33 Größe
"""


def test_name_kind_lines_and_first_words() -> None:
    assert get_outline(SOURCE).decode() == EXPECTED


def test_line_ends_are_those_of_the_file() -> None:
    assert get_outline(SOURCE.replace(b"\n", b"\r\n")).decode() == EXPECTED.replace("\n", "\r\n")


def test_a_file_without_definitions_says_so() -> None:
    assert get_outline(b"x = 1\n").startswith(b"# trackside: nothing to show")


def test_broken_parts_are_left_out() -> None:
    assert get_outline(b"def f(:\n    pass\ndef g(): pass\n") == (
        b"# trackside: does not parse at line 1; lines left out for it: 2\ng function 3-3\n"
    )
