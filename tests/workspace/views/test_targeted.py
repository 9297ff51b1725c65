"""The targeted view: chosen definitions whole, the skeleton of the rest."""

import pytest

from workspace.views import SymbolUnknownError, get_targeted_view

SOURCE = b"""import a

class Shop:
    x = 1

    @property  # c
    def total(self):
        # why
        return sum(
  self.prices)

    @total.setter
    def total(self, value): pass

    def other(self):
        return 1

def other():
    return 2

if a:
    def third(): return 3
"""


def test_a_method_is_whole_and_the_rest_is_not() -> None:
    assert get_targeted_view(SOURCE, ["Shop.other"]) == (
        b"import a\nclass Shop:\n    x=...\n    @property\n    def total(self): pass\n"
        b"    @total.setter\n    def total(self, value): pass\n"
        b"    def other(self):\n        return 1\n"
        b"def other(): pass\nif a:\n    def third(): pass\n"
    )


def test_all_definitions_of_a_name_are_whole_byte_for_byte() -> None:
    view = get_targeted_view(SOURCE, ["Shop.total"])
    assert SOURCE[SOURCE.index(b"    @property") : SOURCE.index(b"\n\n    @total")] in view
    assert b"    @total.setter\n    def total(self, value): pass\n" in view


def test_several_symbols_and_whole_classes() -> None:
    view = get_targeted_view(SOURCE, ["Shop", "third"])
    assert SOURCE[SOURCE.index(b"class") : SOURCE.index(b"\n\ndef other")] in view
    assert view.endswith(b"\ndef other(): pass\nif a:\n    def third(): return 3\n")


def test_a_class_on_one_line_is_indented_by_four() -> None:
    view = get_targeted_view(b"class A: x = 1; y: int\ndef f():\n  return 1\n", ["f"])
    assert view == b"class A:\n    x=...\n    y: int\ndef f():\n  return 1\n"


@pytest.mark.parametrize(
    ("symbol", "near"),
    [
        ("totl", ["Shop.total"]),
        ("Shop.totla", ["Shop.total", "Shop.other", "Shop"]),
        ("Till.other", ["Shop.other", "other"]),
    ],
)
def test_an_unknown_symbol_is_refused_with_names_that_are_near(
    symbol: str, near: list[str]
) -> None:
    with pytest.raises(SymbolUnknownError) as caught:
        get_targeted_view(SOURCE, ["other", symbol])
    assert caught.value.symbol == symbol
    assert list(caught.value.near)[: len(near)] == near
    assert str(caught.value).startswith(f"no definition {symbol!r} in the file; did you mean Shop")


def test_a_symbol_like_none_is_refused_with_the_first_names() -> None:
    with pytest.raises(SymbolUnknownError, match=r"did you mean Shop, Shop\.total, Shop\.other, "):
        get_targeted_view(SOURCE, ["qqqqqqqq"])


def test_a_file_without_definitions_has_no_names_to_offer() -> None:
    with pytest.raises(SymbolUnknownError, match="the file has no definitions"):
        get_targeted_view(b"x = 1\n", ["f"])
