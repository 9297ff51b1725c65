"""The estimate of tokens."""

import pytest

from workspace.tokens import estimate_tokens

# Counted with the vocabulary of Gemma 3 (262,144 pieces), which gemini-2.5 uses.
COUNTED = [
    ("class A:\n def f(self, a): pass\n def g(self): pass\n", 21),
    ("    @property\n    def f(self): pass\n    @overload\n    async def g(self): pass", 25),
    ("import os, sys\nimport re\n", 8),
    ("Größe und Übergänge für die Prüfung der Änderungen", 11),
]


@pytest.mark.parametrize(("text", "counted"), COUNTED)
def test_short_texts_are_estimated_within_a_third(text: str, counted: int) -> None:
    assert estimate_tokens(text) == pytest.approx(counted, rel=0.34)


def test_bytes_and_text_are_the_same() -> None:
    assert estimate_tokens("é = 1\n") == estimate_tokens("é = 1\n".encode())


def test_nothing_is_nothing_and_anything_is_something() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens(" ") == 1
    assert estimate_tokens("\udc80") == 1


def test_more_text_never_costs_less() -> None:
    text = "def f(x): return {\"a\": [1, 2.5], 'é€': x}  # why\n" * 3
    sizes = [estimate_tokens(text[:end]) for end in range(len(text))]
    assert sizes == sorted(sizes)
