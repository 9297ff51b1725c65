"""The cart: what a customer wants to buy."""

from dataclasses import dataclass
from typing import Dict, List

from shop import money


@dataclass(frozen=True)
class Line:
    """One product in the cart."""

    sku: str
    price_cents: int
    quantity: int

    @property
    def total_cents(self) -> int:
        """The price of all pieces together."""
        return self.price_cents * self.quantity


class Cart:
    """Lines in the order in which they were first added."""

    def __init__(self) -> None:
        self._lines: Dict[str, Line] = {}

    def add(self, sku: str, price: str, quantity: int = 1) -> None:
        """Put `quantity` pieces more into the cart."""
        self._lines[sku] = Line(sku, money.parse(price), quantity)

    def lines(self) -> List[Line]:
        """Return the lines, oldest first."""
        return list(self._lines.values())

    def subtotal(self) -> int:
        """Return the price of everything, in cents, before discounts."""
        raise NotImplementedError("Cart.subtotal")
