"""Discounts: how many cents are let off."""

from typing import Iterable


def percent_off(subtotal_cents: int, percent: int) -> int:
    """Return what `percent` takes off a subtotal."""
    raise NotImplementedError("percent_off")


def three_for_two(price_cents: int, quantity: int) -> int:
    """Return what is let off when every third piece is free."""
    raise NotImplementedError("three_for_two")


def best(amounts: Iterable[int], subtotal_cents: int) -> int:
    """Return the largest of the amounts, but never more than the subtotal."""
    raise NotImplementedError("best")
