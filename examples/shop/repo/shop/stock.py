"""The stock: how many pieces of each product are left."""

from typing import Dict, Mapping


class OutOfStockError(Exception):
    """Something is missing; `missing` tells how many pieces of which product."""

    def __init__(self, missing: Dict[str, int]) -> None:
        super().__init__("out of stock: " + ", ".join(sorted(missing)))
        self.missing = missing


class Stock:
    """Pieces left, by product."""

    def __init__(self, levels: Mapping[str, int]) -> None:
        self._levels = dict(levels)

    def level(self, sku: str) -> int:
        """Return how many pieces are left; 0 for what we never had."""
        return self._levels.get(sku, 0)

    def reserve(self, wanted: Mapping[str, int]) -> None:
        """Take the wanted pieces out of the stock."""
        for sku, quantity in wanted.items():
            self._levels[sku] -= quantity
