"""The targeted view: chosen definitions whole, and the skeleton of the rest."""

import difflib
from collections.abc import Sequence
from typing import Final

from workspace.views.definitions import Definition, definitions
from workspace.views.errors import SymbolUnknownError
from workspace.views.skeleton import skeleton
from workspace.views.source import Source, render

_NEAR: Final = 5


def get_targeted_view(source: bytes, symbols: Sequence[str]) -> bytes:
    """Return the definitions named `symbols` byte for byte, and the skeleton of all others.

    Symbols are qualified names (``Shop.total``); one that is defined several times (overloads, the
    parts of a property) is kept whole each time. What cannot be parsed becomes an excerpt.

    Raises:
        SymbolUnknownError: the file has no definition of that name.
    """
    return render(source, lambda parsed: targeted(parsed, symbols)).content


def targeted(source: Source, symbols: Sequence[str]) -> bytes:
    """Return the targeted view as UTF-8.

    Raises:
        SymbolUnknownError: the file has no definition of that name.
    """
    found = list(definitions(source))
    for symbol in symbols:
        if all(definition.name != symbol for definition in found):
            raise SymbolUnknownError(symbol, _near(symbol, found))
    chosen = frozenset(symbols)
    whole = frozenset(each.outer.start_byte for each in found if each.name in chosen)
    return skeleton(source, whole)


def _near(symbol: str, found: Sequence[Definition]) -> list[str]:
    """Return the names that are like `symbol`: same last part first, then by likeness."""
    names = list(dict.fromkeys(definition.name for definition in found))
    last = symbol.rpartition(".")[2]
    same = [name for name in names if name.rpartition(".")[2] == last]
    close = difflib.get_close_matches(symbol, names, _NEAR, cutoff=0.5)
    return list(dict.fromkeys([*same, *close, *names]))[:_NEAR]
